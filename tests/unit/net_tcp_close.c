/* SPDX-License-Identifier: MIT */
/* unit: tests/unit/bed/net_tcp.c */
/* unit: @net */
/*
 * The end of a connection over the wire: FIN goes with the data, and all of
 * the data arrives, however slow the reader.
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

#define SOL_TCP 6
#define TCP_LINGER2 8

static void test_fin_with_data(void)
{
	int lfd = listener(5), fd;
	struct peer p;

	fd = accepted(lfd, &p);
	sys_send(fd, "answer", 6, 0);
	sys_close(fd);
	ok(peer_take(&p) && p.got_len == 6, "the answer");
	if (!(p.got_flags & FIN))
		ok(peer_take(&p) && p.got_flags & FIN && p.got_len == 0,
		   "and FIN behind it, before any ACK");
	p.ack += 7;
	peer_send(&p, ACK | FIN, NULL, 0);
	is(bed_cache_objects("tcp_pcb"), 0, "no pcb is left");
	is(bed_cache_objects("sock"), 1, "nor a sock");

	fd = accepted(lfd, &p);
	sys_set(fd, SOL_TCP, 3, 1); /* TCP_CORK */
	sys_send(fd, data, 2000, 0);
	bed_forget_sent(); /* all but the last of it is lost */
	sys_close(fd);
	ok(peer_take(&p) && p.got_len == 540 && p.got_flags & FIN,
	   "corked: the last bytes leave with FIN");
	bed_forget_sent();
	bed_sleep(2 * NSEC_PER_SEC);
	is(peer_drain(&p, buf, sizeof(buf)), 1460, "what was lost");
	peer_send(&p, ACK, NULL, 0);
	bed_sleep(2 * NSEC_PER_SEC);
	is(peer_drain(&p, buf, sizeof(buf)), 540, "and the rest, again");
	ok(p.got_flags & FIN, "with FIN");
	peer_send(&p, ACK | FIN, NULL, 0);
	is(bed_cache_objects("tcp_pcb"), 0, "then it is over");
	sys_close(lfd);
	no_leaks("FIN with data");
}

/* Takes what there is, at most n bytes at a time, and then some time. */
static size_t sip(struct peer *p, size_t n, uint64_t pause)
{
	size_t got = 0;

	p->window = n;
	peer_send(p, ACK, NULL, 0);
	got = peer_drain(p, buf, sizeof(buf));
	p->window = 0;
	peer_send(p, ACK, NULL, 0);
	bed_sleep(pause);
	return got + peer_drain(p, buf + got, sizeof(buf) - got);
}

static void test_slow_reader(bool peer_closed)
{
	const char *name = peer_closed ? "LAST-ACK" : "FIN-WAIT-1";
	int lfd = listener(5), fd;
	size_t queued = 0, got = 0;
	uint64_t start;
	struct peer p;
	ssize_t n;

	fd = accepted(lfd, &p);
	if (peer_closed)
		peer_send(&p, ACK | FIN, NULL, 0);
	p.window = 0;
	peer_send(&p, ACK, NULL, 0);
	while ((n = sys_send(fd, data, 10000, 0)) > 0)
		queued += n;
	sys_close(fd);
	start = bed_now();
	while (!(p.got_flags & FIN) &&
	       bed_now() - start < 3600 * NSEC_PER_SEC) {
		size_t some = sip(&p, 3000, 5 * NSEC_PER_SEC);

		for (size_t i = 0; i < some; i++) {
			if (buf[i] != data[(got + i) % 10000])
				bail_out("%s: byte %zu is wrong", name,
					 got + i);
		}
		got += some;
	}
	is(got, queued, "%s: all of it arrives", name);
	ok(bed_now() - start > 150 * NSEC_PER_SEC, "%s: in %d s", name,
	   (int)((bed_now() - start) / NSEC_PER_SEC));
	ok(p.got_flags & FIN, "%s: and its end", name);
	p.window = 65535;
	peer_send(&p, peer_closed ? ACK : ACK | FIN, NULL, 0);
	is(bed_cache_objects("tcp_pcb"), 0, "%s: nothing is left", name);
	sys_close(lfd);
	no_leaks(name);
}

static void test_50_mb(void)
{
	const size_t size = 50 * 1000 * 1000;
	size_t sent = 0, total = 0;
	int lfd = listener(5), fd;
	struct peer p;

	fd = accepted(lfd, &p);
	while (sent < size) {
		ssize_t n = sys_send(fd, data, MIN(size - sent, sizeof(data)),
				     0);

		if (n > 0)
			sent += n;
		else if (n == -EAGAIN)
			total += sip(&p, 20000, 0);
		else
			break;
	}
	is(sent, size, "50 MB are written");
	ok(total < sent, "and closed when %zu have arrived", total);
	sys_close(fd);
	for (int i = 0; i < 10000 && !(p.got_flags & FIN); i++)
		total += sip(&p, 20000, NSEC_PER_SEC / 10);
	is(total, sent, "all of it arrives");
	peer_send(&p, RST, NULL, 0);
	sys_close(lfd);
	no_leaks("50 MB");
}

static void test_no_reader(void)
{
	uint64_t aborted = net_counters.tcp_orphans_aborted;
	int lfd = listener(5), fd;
	struct peer p;

	fd = accepted(lfd, &p);
	p.window = 0;
	peer_send(&p, ACK, NULL, 0);
	sys_send(fd, data, 5000, 0);
	sys_close(fd);
	for (int i = 0; i < 90; i++) {
		bed_sleep(NSEC_PER_SEC);
		while (peer_take(&p)) /* alive, but it does not read */
			peer_send(&p, ACK, NULL, 0);
	}
	is(net_counters.tcp_orphans_aborted - aborted, 1,
	   "nobody reads for a minute: given up");
	is(bed_cache_objects("tcp_pcb"), 0, "nothing is left");
	sys_close(lfd);
	no_leaks("no reader");
}

static void test_crossing(void)
{
	int lfd = listener(5), fd;
	struct peer p;

	fd = accepted(lfd, &p);
	sys_send(fd, data, 100, 0);
	sys_shutdown_how(fd, SHUT_WR);
	peer_raw(&p, p.seq++, p.ack, ACK | FIN, 65535, NULL, 0, NULL, 0);
	bed_run();
	is(sys_poll_mask(fd), IN | OUT | EPOLLRDHUP | EPOLLHUP,
	   "FINs that cross: IN|OUT|RDHUP|HUP");
	is(sys_recv(fd, buf, 1, 0), 0, "the end");
	is(peer_drain(&p, buf, sizeof(buf)), 100, "the data arrives");
	sys_close(fd);
	is(bed_cache_objects("sock"), 2, "closed: who waits for an ACK");
	peer_send(&p, ACK, NULL, 0);
	is(bed_cache_objects("sock"), 1, "until it comes");
	is(bed_cache_objects("tcp_time_wait"), 1, "then TIME-WAIT");
	sys_close(lfd);
	no_leaks("crossing");
}

/* A SYN that finds no memory for a pcb must not get this one's. */
static void test_no_pcb(void)
{
	int lfd = listener(5), fd;
	struct peer p, other = { .port = next_port++, .dport = PORT };
	bool fin;

	fd = accepted(lfd, &p);
	sys_send(fd, data, 5000, 0);
	peer_send(&p, ACK | FIN, NULL, 0);
	sys_close(fd);
	bed_forget_sent(); /* the data is lost */
	bed_fail(1);
	peer_raw(&other, 1, 0, SYN, 65535, NULL, 0, NULL, 0);
	bed_run();
	ok(bed_failed(), "no memory for a pcb");
	bed_fail(0);
	is(bed_cache_objects("tcp_pcb"), 1,
	   "the one that closes keeps its own");
	for (int i = 0; i < 20; i++)
		bed_sleep(NSEC_PER_SEC / 10);
	is(swallow(&p, buf, sizeof(buf), &fin), 5000, "its data arrives");
	ok(fin, "and its end");
	sys_close(lfd);
	no_leaks("no pcb");
}

static void test_linger2(void)
{
	int lfd = listener(5), fd;
	struct peer p;

	fd = accepted(lfd, &p);
	sys_set(fd, SOL_TCP, TCP_LINGER2, -1);
	sys_close(fd);
	peer_drain(&p, buf, 10);
	peer_send(&p, ACK, NULL, 0);
	is(bed_cache_objects("tcp_time_wait"), 0,
	   "TCP_LINGER2 -1: no FIN-WAIT-2");
	is(bed_cache_objects("tcp_pcb"), 0, "and no pcb");
	fd = accepted(lfd, &p);
	sys_set(fd, SOL_TCP, TCP_LINGER2, -1);
	sys_shutdown_how(fd, SHUT_WR);
	peer_drain(&p, buf, 10);
	peer_send(&p, ACK, NULL, 0);
	sys_close(fd);
	ok(got_rst(&p), "closed in FIN-WAIT-2: RST");
	sys_close(lfd);
	no_leaks("TCP_LINGER2");
}

int main(void)
{
	begin();
	test_fin_with_data();
	test_slow_reader(false);
	test_slow_reader(true);
	test_50_mb();
	test_no_reader();
	test_crossing();
	test_no_pcb();
	test_linger2();
	return bed_done();
}
