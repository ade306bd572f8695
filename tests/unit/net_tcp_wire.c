/* SPDX-License-Identifier: MIT */
/* unit: tests/unit/bed/net_tcp.c */
/* unit: @net */
/*
 * TCP over the wire: windows, queues, memory, and segments that break lwIP
 * when nothing is in front of it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/eventpoll.h>

#include "bed/net_tcp.h"
#include "kernel/base.h"
#include "lib/tap.h"
#include "net/base/counters.h"
#include "net/socket/socket.h"

/* ---- Bulk ---------------------------------------------------------------- */

static void test_send_buffer(void)
{
	int lfd = listener(5), fd;
	struct peer p;
	size_t sent = 0, got = 0;
	uint32_t keys;
	ssize_t n;

	fd = accepted(lfd, &p);
	while ((n = sys_send(fd, data + sent, sizeof(data) - sent, 0)) > 0)
		sent += n;
	is(n, -EAGAIN, "a full send buffer is EAGAIN");
	ok(sent >= 65536 && sent <= 262144, "after %zu bytes", sent);
	is(sys_poll_mask(fd), 0, "and not writable");
	sys_watch(fd);
	for (int i = 0; got < sent && i < 100000; i++) {
		got += peer_drain(&p, buf + got, sizeof(buf) - got);
		peer_send(&p, ACK, NULL, 0);
	}
	is(got, sent, "all of it arrives");
	is_mem(buf, data, sent, "in order");
	is(sys_edges(fd, &keys), 1, "one edge when a third is free, not more");
	ok(keys & EPOLLOUT, "it is OUT");
	is(sys_poll_mask(fd), OUT, "writable again");
	peer_send(&p, RST, NULL, 0);
	sys_close(fd);
	sys_close(lfd);
	no_leaks("send buffer");
}

static void test_receive_window(void)
{
	int lfd = listener(5), fd;
	struct peer p;
	size_t sent = 0;
	uint32_t right;

	fd = accepted(lfd, &p);
	right = p.seq + 65535; /* what the SYN could say */
	while ((int32_t)(right - p.seq) >= 1460) {
		peer_send(&p, ACK, data + sent, 1460);
		sent += 1460;
	}
	bed_sleep(NSEC_PER_SEC);
	while (peer_take(&p))
		;
	is(p.got_ack, p.seq, "a whole window is taken");
	ok(p.got_window << 3 < 1460, "and the window is closed (%u)",
	   p.got_window << 3);
	is(sys_recv(fd, buf, sizeof(buf), 0), sent, "read in one go");
	is_mem(buf, data, sent, "in order");
	while (peer_take(&p))
		;
	ok(p.got_window << 3 > 65536, "the window opens, wider (%u)",
	   p.got_window << 3);
	sys_close(fd);
	peer_send(&p, RST, NULL, 0);
	sys_close(lfd);
	no_leaks("receive window");
}

static void test_small_segments(void)
{
	int lfd = listener(5), fd;
	struct peer p;
	size_t before;

	fd = accepted(lfd, &p);
	before = bed_objects();
	for (int i = 0; i < 5000; i++) {
		peer_send(&p, ACK, data + i, 1);
		if (i % 1000 == 0)
			bed_forget_sent();
	}
	is(bed_rx_held, 0, "single bytes hold no receive buffer");
	ok(bed_objects() - before < 20, "5000 of them lie in %zu blocks",
	   bed_objects() - before);
	is(sys_recv(fd, buf, sizeof(buf), 0), 5000, "and are read in one go");
	is_mem(buf, data, 5000, "in order");
	sys_close(fd);
	peer_send(&p, RST, NULL, 0);
	sys_close(lfd);
	no_leaks("small segments");
}

/* n full segments that the driver hands over in one go. */
static void send_batch(struct peer *p, int n)
{
	for (int i = 0; i < n; i++) {
		peer_raw(p, p->seq, p->ack, ACK, p->window, NULL, 0, data,
			 1000);
		p->seq += 1000;
	}
}

/* 0025: the segments of a batch are acknowledged together. */
static void test_batch(void)
{
	int lfd = listener(5), fd, answers = 0;
	struct peer p;

	fd = accepted(lfd, &p);
	bed_forget_sent();
	send_batch(&p, 20);
	bed_run();
	while (peer_take(&p))
		answers++;
	is(answers, 1, "20 segments at a time: one ACK");
	is(p.got_ack, p.seq, "of all of them");
	is(sys_recv(fd, buf, sizeof(buf), 0), 20000, "all of them are there");
	bed_forget_sent();
	send_batch(&p, 4);
	peer_raw(&p, p.seq, p.ack, RST, 0, NULL, 0, NULL, 0);
	bed_run();
	ok(!peer_take(&p), "a reset among them: no ACK");
	is(sys_recv(fd, buf, sizeof(buf), 0), 4000, "what came before it");
	is(sys_recv(fd, buf, sizeof(buf), 0), -ECONNRESET, "then the reset");
	sys_close(fd);
	sys_close(lfd);
	no_leaks("a batch");
}

static void test_out_of_order(void)
{
	int lfd = listener(5), fd;
	struct peer p;

	fd = accepted(lfd, &p);
	for (int i = 9; i >= 0; i--)
		peer_raw(&p, p.seq + i * 1000, p.ack, ACK, 65535, NULL, 0,
			 data + i * 1000, 1000);
	bed_run();
	is(sys_recv(fd, buf, sizeof(buf), 0), 10000, "reordered segments");
	is_mem(buf, data, 10000, "are put in order");
	p.seq += 10000;
	sys_close(fd);
	peer_send(&p, RST, NULL, 0);
	sys_close(lfd);
	no_leaks("out of order");
}

/* ---- What breaks lwIP when nothing is in front of it --------------------- */

static const uint8_t tiny_mss[] = { 2, 4, 0, 1 };

static void test_mss_on_data(void)
{
	int lfd = listener(5), fd;
	struct peer p;

	fd = accepted(lfd, &p);
	p.window = 0;
	peer_send(&p, ACK, NULL, 0);
	sys_send(fd, data, 3000, 0);
	peer_raw(&p, p.seq, p.ack, ACK, 0, tiny_mss, sizeof(tiny_mss), "x", 1);
	p.seq++;
	bed_run();
	is(sys_send(fd, data, 3000, 0), 3000,
	   "an MSS option after the handshake changes nothing");
	peer_send(&p, RST, NULL, 0);
	sys_close(fd);
	sys_close(lfd);
	no_leaks("MSS");
}

static void test_zero_window_at_syn(void)
{
	int lfd = listener(5), fd;
	struct peer p = { .port = next_port++, .dport = PORT, .seq = 1000 };

	peer_raw(&p, p.seq++, 0, SYN, 0, NULL, 0, NULL, 0);
	peer_take(&p);
	p.ack = p.got_seq + 1;
	peer_send(&p, ACK, NULL, 0);
	fd = sys_accept_from(lfd, true);
	is(sys_send(fd, data, 1000, 0), 1000,
	   "window 0 from the SYN on: queued");
	p.window = 100;
	peer_send(&p, ACK, NULL, 0);
	is(sys_send(fd, data + 1000, 1000, 0), 1000,
	   "a window that opens a little: queued too");
	peer_send(&p, RST, NULL, 0);
	sys_close(fd);
	sys_close(lfd);
	no_leaks("window 0");
}

/*
 * The window closes with data that comes, or with a bare ACK, while nothing
 * is under way, or while all of it was lost: no ACK makes progress.
 */
static void closing_window(const char *name, size_t lost, size_t len)
{
	int lfd = listener(5), fd;
	struct peer p;
	size_t longest = 0, probes = 0, got;
	bool fin;

	fd = accepted(lfd, &p);
	sys_send(fd, data, lost, 0);
	bed_forget_sent();
	p.window = 0;
	peer_send(&p, ACK, data, len);
	sys_send(fd, data + lost, 3000, 0);
	for (int i = 0; i < 100; i++) {
		bed_sleep(100 * NSEC_PER_MSEC);
		while (peer_take(&p)) {
			longest = p.got_len > longest ? p.got_len : longest;
			probes += p.got_len > 0;
		}
	}
	ok(longest == 1, "%s: %zu bytes are sent at a time", name, longest);
	ok(probes > 1, "%s: it is probed, %zu times", name, probes);
	p.window = 65535;
	peer_send(&p, ACK, NULL, 0);
	got = swallow(&p, buf, sizeof(buf), &fin);
	is(got, lost + 3000, "%s: when it opens all of it comes", name);
	is_mem(buf, data, got, "%s: in order", name);
	peer_send(&p, RST, NULL, 0);
	sys_close(fd);
	sys_close(lfd);
	no_leaks(name);
}

static void test_closing_window(void)
{
	closing_window("an ACK closes the window", 0, 0);
	closing_window("data closes the window", 0, 100);
	closing_window("an ACK closes it over lost data", 1000, 0);
	closing_window("data closes it over lost data", 1000, 100);
}

/* U5: the ring is full at the moment of a fast retransmission. */
static void test_full_ring(void)
{
	int lfd = listener(5), fd;
	struct peer p;
	size_t got = 0;
	bool fin;

	fd = accepted(lfd, &p);
	sys_set(fd, 6, 1, 1); /* TCP_NODELAY */
	for (int i = 0; i < 5; i++)
		sys_send(fd, data + i * 100, 100, 0);
	bed_forget_sent(); /* lost */
	bed_tx_stuck = true;
	for (int i = 0; i < 5; i++)
		peer_send(&p, ACK, NULL, 0);
	sys_send(fd, data + 500, 100, 0);
	bed_tx_stuck = false;
	bed_sleep(10 * NSEC_PER_SEC);
	got = swallow(&p, buf, sizeof(buf), &fin);
	is(got, 600, "a full ring during retransmission: all arrives");
	is_mem(buf, data, 600, "and at its place in the stream");
	peer_send(&p, RST, NULL, 0);
	sys_close(fd);
	sys_close(lfd);
	no_leaks("full ring");
}

static void test_queue_bound(void)
{
	int lfd = listener(500), fds[500];
	static struct peer p[500];
	uint64_t dropped = net_counters.drop_tx_queue_full;

	for (int i = 0; i < 500; i++)
		fds[i] = accepted(lfd, &p[i]);
	bed_tx_stuck = true;
	for (int i = 0; i < 500; i++)
		sys_send(fds[i], data, 4380, 0);
	ok(net_counters.drop_tx_queue_full > dropped,
	   "a ring that is stuck: the queue has a bound, drops are counted");
	bed_tx_stuck = false;
	bed_sleep(NSEC_PER_SEC);
	for (int i = 0; i < 500; i++) {
		bed_forget_sent();
		peer_send(&p[i], RST, NULL, 0);
		sys_close(fds[i]);
	}
	sys_close(lfd);
	no_leaks("queue bound");
}

static void test_challenges(void)
{
	int lfd = listener(5), fd, answers = 0;
	struct peer p;

	fd = accepted(lfd, &p);
	for (int i = 0; i < 100; i++)
		peer_raw(&p, p.seq + 1 + i, p.ack, RST, 0, NULL, 0, NULL, 0);
	while (peer_take(&p))
		answers++;
	is(answers, 1, "100 guessed resets: one challenge ACK");
	is(sys_poll_mask(fd), OUT, "and the connection lives");
	peer_send(&p, RST, NULL, 0);
	sys_close(fd);
	sys_close(lfd);
	no_leaks("challenges");
}

static void test_runts(void)
{
	uint8_t frame[64] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 6 };
	uint64_t runts = net_counters.drop_runt;

	for (size_t len = 0; len < 42; len++)
		bed_receive(frame, len);
	frame[13] = 0;
	for (size_t len = 0; len < 34; len++)
		bed_receive(frame, len);
	bed_run();
	is(net_counters.drop_runt - runts, 42 + 34, "runts are counted");
	no_leaks("runts");
}

static void test_many(void)
{
	int lfd = listener(1000);

	for (int round = 0; round < 20; round++) {
		int fds[100];
		struct peer p[100];

		for (int i = 0; i < 100; i++)
			fds[i] = accepted(lfd, &p[i]);
		for (int i = 0; i < 100; i++) {
			peer_send(&p[i], ACK, data, 1 + i * 14);
			sys_recv(fds[i], buf, i % 3 ? sizeof(buf) : 1, 0);
			sys_send(fds[i], data, i * 100, 0);
			if (i % 4 == 0)
				peer_send(&p[i], RST, NULL, 0);
			sys_close(fds[i]);
			bed_forget_sent();
		}
		next_port = 20000;
		bed_sleep(130 * NSEC_PER_SEC);
		bed_forget_sent();
	}
	sys_close(lfd);
	no_leaks("2,000 connections");
}

int main(void)
{
	begin();
	test_send_buffer();
	test_receive_window();
	test_small_segments();
	test_batch();
	test_out_of_order();
	test_mss_on_data();
	test_zero_window_at_syn();
	test_closing_window();
	test_full_ring();
	test_queue_bound();
	test_challenges();
	test_runts();
	test_many();
	return bed_done();
}
