/* SPDX-License-Identifier: MIT */
/* unit: tests/unit/bed/net_tcp.c */
/* unit: @net */
/*
 * What the patches of net/lwip/patches change: each test here fails without
 * the patch that its comment names.
 */
#include <errno.h>
#include <linux/eventpoll.h>
#include <stdlib.h>
#include <string.h>

#include "bed/net_tcp.h"
#include "kernel/base.h"
#include "lib/tap.h"
#include "net/socket/socket.h"

static void end(int lfd, int fd, struct peer *p)
{
	bed_forget_sent();
	peer_send(p, RST, NULL, 0);
	if (fd >= 0)
		sys_close(fd);
	sys_close(lfd);
}

/* A connection that sends n segments of 100 bytes, all of them lost. */
static int lose_segments(int lfd, struct peer *p, int n)
{
	int fd = accepted(lfd, p);

	sys_set(fd, 6, 1, 1); /* TCP_NODELAY */
	for (int i = 0; i < n; i++)
		sys_send(fd, data + i * 100, 100, 0);
	bed_forget_sent();
	return fd;
}

/* With 0001, and SYN cookies beyond it: no SYN of a burst is left alone. */
static void test_half_open(void)
{
	int lfd = listener(1000), answers = 0;
	struct peer p = { .dport = PORT, .seq = 1, .window = 65535 };

	for (int i = 0; i < 400; i++) {
		p.port = 30000 + i;
		peer_raw(&p, p.seq, 0, SYN, p.window, NULL, 0, NULL, 0);
		if (peer_take(&p) && p.got_flags == (SYN | ACK))
			answers++;
	}
	is(answers, 400, "400 handshakes at a time");
	sys_close(lfd);
	no_leaks("half open");
}

/* 0002: duplicate ACKs between segments with data. */
static void test_dupacks_with_data(void)
{
	int lfd = listener(5);
	struct peer p;
	int fd = lose_segments(lfd, &p, 3);
	bool again = false;

	for (int i = 0; i < 4; i++) {
		peer_send(&p, ACK, NULL, 0);
		peer_send(&p, ACK, "data", 4);
	}
	while (peer_take(&p))
		again |= p.got_seq == p.ack && p.got_len == 100;
	ok(again, "duplicate ACKs among data: fast retransmission");
	end(lfd, fd, &p);
	no_leaks("dupacks");
}

/* 0003: 1 s, then twice as long each time; also a SYN. */
static void test_first_timeouts(void)
{
	int fd = sys_socket_open(SOCK_STREAM, true);
	struct peer p = { .port = 80 };
	struct sockaddr_any a;
	int times[4] = { 0 };
	uint64_t start = bed_now();

	sys_connect_to(fd, PEER_ADDR, 80);
	fd_socket(fd)->ops->getname(fd_socket(fd), &a, NAME_LOCAL);
	p.dport = __builtin_bswap16(a.in.port);
	for (int n = 0; n < 4 && bed_now() - start < 30 * NSEC_PER_SEC;) {
		if (peer_take(&p))
			times[n++] = (bed_now() - start) / NSEC_PER_MSEC;
		bed_sleep(50 * NSEC_PER_MSEC);
	}
	ok(times[1] >= 800 && times[1] <= 1300, "a SYN is repeated after 1 s");
	ok(times[2] >= 2500 && times[2] <= 3500, "then after 2 s");
	ok(times[3] >= 6000 && times[3] <= 8000, "then after 4 s");
	sys_close(fd);
	no_leaks("timeouts");
}

/* 0004: everything is acknowledged while the persist timer runs. */
static void test_persist_emptied(void)
{
	int lfd = listener(5);
	struct peer p;
	int fd = lose_segments(lfd, &p, 3);

	p.window = 0;
	peer_send(&p, ACK, NULL, 0); /* closes the window, acks nothing */
	bed_sleep(3 * NSEC_PER_SEC); /* the timer takes them back */
	p.ack += 300;
	peer_send(&p, ACK, NULL, 0); /* a late ACK of all */
	bed_sleep(10 * NSEC_PER_SEC);
	is(sys_poll_mask(fd), OUT, "the persist timer ends with the queue");
	end(lfd, fd, &p);
	no_leaks("persist");
}

/* 0004: the window opens to 65,536 while there is no route. */
static void test_persist_split(void)
{
	static const uint8_t options[] = { 2, 4, 5, 0xb4, 3, 3, 1, 1 };
	int lfd = listener(5), fd;
	struct peer p = { .port = next_port++, .dport = PORT, .seq = 77 };

	peer_raw(&p, p.seq++, 0, SYN, 65535, options, sizeof(options), NULL, 0);
	peer_take(&p);
	p.ack = p.got_seq + 1;
	peer_send(&p, ACK, NULL, 0); /* window 0 */
	fd = sys_accept_from(lfd, true);
	sys_send(fd, data, 1000, 0);
	bed_sleep(NSEC_PER_SEC);
	bed_link(false);
	p.window = 32768; /* shifted by one */
	peer_send(&p, ACK, NULL, 0);
	bed_sleep(10 * NSEC_PER_SEC);
	bed_link(true);
	bed_sleep(10 * NSEC_PER_SEC);
	is(peer_drain(&p, buf, sizeof(buf)), 1000,
	   "a window of 65,536 without a route: data arrives afterwards");
	end(lfd, fd, &p);
	no_leaks("split");
}

/* 0027: the last segment is split, and its FIN is not for the first part. */
static void test_split_fin(void)
{
	static const uint8_t options[] = { 2, 4, 5, 0xb4 };
	int lfd = listener(5), fd;
	struct peer p = { .port = next_port++, .dport = PORT, .seq = 77 };
	size_t len;
	bool fin;

	peer_raw(&p, p.seq++, 0, SYN, 65535, options, sizeof(options), NULL, 0);
	peer_take(&p);
	p.ack = p.got_seq + 1;
	p.window = 1000;
	peer_send(&p, ACK, NULL, 0);
	fd = sys_accept_from(lfd, true);
	bed_forget_sent();
	sys_send(fd, data, 1400, 0);
	sys_shutdown_how(fd, 1);
	bed_sleep(30 * NSEC_PER_SEC);
	while (peer_take(&p) && !p.got_len) /* the acknowledgement */
		continue;
	ok(p.got_len == 1000 && !(p.got_flags & FIN),
	   "a part of the last segment does not end the stream");
	bed_forget_sent();
	memcpy(buf, p.got_data, 1000);
	p.ack = p.got_seq + 1000;
	p.window = 65535;
	peer_send(&p, ACK, NULL, 0);
	bed_sleep(10 * NSEC_PER_SEC);
	len = swallow(&p, buf + 1000, sizeof(buf) - 1000, &fin);
	ok(len == 400 && fin && !memcmp(buf, data, 1400),
	   "the rest of it comes before the end");
	end(lfd, fd, &p);
	no_leaks("split fin");
}

/*
 * The link is down at the moment of the fast retransmission: its segment
 * waits on the queue of unsent ones, alone.
 */
static int fast_retransmit_without_link(int lfd, struct peer *p)
{
	int fd = lose_segments(lfd, p, 4);

	bed_link(false);
	for (int i = 0; i < 4; i++)
		peer_send(p, ACK, NULL, 0);
	return fd;
}

/* 0005: new data must not be appended to it. */
static void test_append(void)
{
	int lfd = listener(5);
	struct peer p;
	int fd = fast_retransmit_without_link(lfd, &p);
	bool fin;

	sys_send(fd, data + 400, 100, 0);
	bed_link(true);
	bed_sleep(10 * NSEC_PER_SEC);
	is(swallow(&p, buf, sizeof(buf), &fin), 500, "all bytes arrive");
	is_mem(buf, data, 500, "each at its place");
	end(lfd, fd, &p);
	no_leaks("append");
}

/* 0007: a timeout must not put the others in front of it. */
static void test_order(void)
{
	int lfd = listener(5);
	struct peer p;
	int fd = fast_retransmit_without_link(lfd, &p);
	uint32_t first = p.ack;
	bool fin;

	bed_sleep(3 * NSEC_PER_SEC);
	bed_forget_sent();
	bed_link(true);
	for (int i = 0; i < 100; i++) {
		bed_sleep(100 * NSEC_PER_MSEC);
		if (peer_take(&p) && p.got_len)
			break;
	}
	ok(p.got && p.got_seq == first, "the oldest segment goes first");
	p.ack += p.got_len;
	is(swallow(&p, buf, sizeof(buf), &fin), 300, "and all others follow");
	end(lfd, fd, &p);
	no_leaks("order");
}

/* 0006: two closed windows must not answer each other. */
static void test_closed_windows(void)
{
	int lfd = listener(5), fd, answers = 0;
	struct peer p;
	size_t left = 65535;

	fd = accepted(lfd, &p);
	while (left) {
		size_t n = left < 1460 ? left : 1460;

		peer_send(&p, ACK, data, n);
		left -= n;
	}
	bed_sleep(NSEC_PER_SEC);
	bed_forget_sent();
	for (int i = 0; i < 10; i++)
		peer_send(&p, ACK, NULL, 0);
	while (peer_take(&p))
		answers++;
	is(answers, 0, "an ACK at a closed window is not answered");
	end(lfd, fd, &p);
	no_leaks("closed windows");
}

/* 0008: DF, and no number. */
static void test_identification(void)
{
	int lfd = listener(5), fd;
	const uint8_t *frame;
	struct peer p;
	size_t len;

	fd = accepted(lfd, &p);
	bed_forget_sent();
	sys_send(fd, data, 10, 0);
	bed_run();
	frame = bed_sent(&len);
	ok(frame && !frame[18] && !frame[19] && frame[20] == 0x40,
	   "IPv4: DF and no identification");
	end(lfd, fd, &p);
	no_leaks("identification");
}

int main(void)
{
	begin();
	test_half_open();
	test_dupacks_with_data();
	test_first_timeouts();
	test_persist_emptied();
	test_persist_split();
	test_split_fin();
	test_append();
	test_order();
	test_closed_windows();
	test_identification();
	return bed_done();
}
