/* SPDX-License-Identifier: MIT */
/* unit: tests/unit/bed/net_tcp.c */
/* unit: @net */
/*
 * Connections that are over: what is remembered of them, for how long, and
 * what their segments are answered with.
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
#include "net/tcp/tcp.h"
#include "net/tcp/tcp_timewait.h"

#define TCP_LINGER2 8

static size_t waits(void)
{
	return bed_cache_objects("tcp_time_wait");
}

/* Our side closes first, and gets to TIME-WAIT; p has seen it all. */
static void close_first(int lfd, struct peer *p)
{
	int fd = accepted(lfd, p);

	sys_close(fd);
	peer_drain(p, buf, 10);
	peer_send(p, ACK | FIN, NULL, 0);
	peer_take(p);
	bed_forget_sent();
}

static bool answered(struct peer *p, uint8_t flags)
{
	return peer_take(p) && p->got_flags == flags;
}

static void test_enter(void)
{
	int lfd = listener(5), fd;
	struct peer p;

	fd = accepted(lfd, &p);
	sys_close(fd);
	peer_drain(&p, buf, 10);
	is(waits(), 0, "FIN sent: not yet");
	is(bed_cache_objects("tcp_pcb"), 1, "a pcb sends it again");
	peer_send(&p, ACK, NULL, 0);
	is(waits(), 1, "FIN acknowledged: FIN-WAIT-2 in the table");
	is(bed_cache_objects("tcp_pcb"), 0, "and no pcb");
	peer_send(&p, ACK | FIN, NULL, 0);
	ok(answered(&p, ACK), "the peer's FIN is acknowledged");
	is(p.got_ack, p.seq, "with its number");
	is(p.got_seq, p.ack, "and ours");
	is(waits(), 1, "TIME-WAIT");
	bed_sleep(59 * NSEC_PER_SEC);
	is(waits(), 1, "59 s later too");
	bed_sleep(3 * NSEC_PER_SEC);
	is(waits(), 0, "not for ever");
	sys_close(lfd);
	no_leaks("enter");
}

static void test_both_at_once(void)
{
	int lfd = listener(5), fd;
	struct peer p;

	fd = accepted(lfd, &p);
	sys_close(fd);
	p.seq++;
	peer_raw(&p, p.seq - 1, p.ack, ACK | FIN, 65535, NULL, 0, NULL, 0);
	peer_drain(&p, buf, 10);
	is(waits(), 0, "both FINs cross: CLOSING");
	peer_send(&p, ACK, NULL, 0);
	is(waits(), 1, "then TIME-WAIT");
	is(bed_cache_objects("tcp_pcb"), 0, "without a pcb");
	sys_close(lfd);
	no_leaks("both at once");
}

static void test_half_closed(void)
{
	int lfd = listener(5), fd;
	struct peer p;

	fd = accepted(lfd, &p);
	sys_shutdown_how(fd, SHUT_WR);
	peer_drain(&p, buf, 10);
	peer_send(&p, ACK, "late", 4);
	is(waits(), 0, "FIN-WAIT-2 with a socket: not in the table");
	is(sys_recv(fd, buf, 10, 0), 4, "it receives");
	sys_close(fd);
	is(waits(), 1, "closed: in the table at once");
	bed_forget_sent();
	peer_send(&p, ACK, "more", 4);
	ok(answered(&p, RST), "data for nobody: RST");
	is(p.got_seq, p.ack, "at the number it acknowledged");
	is(waits(), 0, "and that was it");

	fd = accepted(lfd, &p);
	sys_close(fd);
	peer_drain(&p, buf, 10);
	peer_send(&p, ACK, NULL, 0);
	peer_raw(&p, p.seq + 1, p.ack, RST, 0, NULL, 0, NULL, 0);
	ok(answered(&p, ACK), "a reset beside the number: challenge ACK");
	is(waits(), 1, "and no end");
	peer_send(&p, RST, NULL, 0);
	is(waits(), 0, "a reset at it ends FIN-WAIT-2");
	sys_close(lfd);
	no_leaks("half closed");
}

static void test_linger2(void)
{
	int lfd = listener(5), fd;
	struct peer p;

	fd = accepted(lfd, &p);
	sys_set(fd, 6, TCP_LINGER2, 10);
	sys_close(fd);
	peer_drain(&p, buf, 10);
	peer_send(&p, ACK, NULL, 0);
	bed_sleep(9 * NSEC_PER_SEC);
	is(waits(), 1, "TCP_LINGER2: 9 of 10 seconds");
	bed_sleep(3 * NSEC_PER_SEC);
	is(waits(), 0, "then FIN-WAIT-2 is over");
	sys_close(lfd);
	no_leaks("TCP_LINGER2");
}

static void test_segments(void)
{
	int lfd = listener(5), answers = 0;
	struct peer p;

	close_first(lfd, &p);
	bed_sleep(30 * NSEC_PER_SEC);
	p.seq--;
	peer_send(&p, ACK | FIN, NULL, 0);
	ok(answered(&p, ACK), "FIN again: acknowledged again");
	bed_sleep(35 * NSEC_PER_SEC);
	is(waits(), 1, "and the 60 s begin anew");
	peer_send(&p, ACK, NULL, 0);
	ok(!peer_take(&p), "an ACK of all: nothing");
	for (int i = 0; i < 5; i++)
		peer_send(&p, RST, NULL, 0);
	ok(!peer_take(&p) && waits() == 1, "resets are ignored (RFC 1337)");
	peer_raw(&p, p.seq, p.ack, ACK, 65535, NULL, 0, "late", 4);
	ok(answered(&p, ACK) && p.got_ack == p.seq, "late data: ACK");
	for (int i = 0; i < 20; i++)
		peer_raw(&p, p.seq - 9, p.ack, ACK, 65535, NULL, 0, NULL, 0);
	while (peer_take(&p))
		answers++;
	is(answers, 1, "20 old ACKs: one answer");
	peer_raw(&p, p.seq - 9, 0, SYN, 65535, NULL, 0, NULL, 0);
	ok(!peer_take(&p), "nor an old SYN, so soon");
	bed_sleep(NSEC_PER_SEC);
	peer_raw(&p, p.seq - 9, 0, SYN, 65535, NULL, 0, NULL, 0);
	ok(answered(&p, ACK), "an old SYN: ACK");
	is(waits(), 1, "still TIME-WAIT");
	peer_raw(&p, p.seq + 100, 0, SYN | FIN, 65535, NULL, 0, NULL, 0);
	bed_run();
	is(waits(), 1, "SYN and FIN start nothing");
	sys_close(lfd);
	no_leaks("segments");
}

static void test_recycle(void)
{
	int lfd = listener(5), fd;
	struct peer p;
	uint32_t old;

	for (int i = 0; i < 5; i++) {
		close_first(lfd, &p);
		old = p.ack;
		p.seq += 1 + i * 1000000;
		peer_raw(&p, p.seq++, 0, SYN, 65535, NULL, 0, NULL, 0);
		ok(answered(&p, SYN | ACK), "a later SYN: the next connection");
		ok((int32_t)(p.got_seq - old) > 0, "its numbers are later too");
		is(waits(), 0, "TIME-WAIT is over");
		p.ack = p.got_seq + 1;
		peer_send(&p, ACK, NULL, 0);
		fd = sys_accept_from(lfd, true);
		ok(fd >= 0, "which is accepted");
		peer_send(&p, RST, NULL, 0);
		sys_close(fd);
	}
	close_first(lfd, &p);
	sys_close(lfd);
	peer_raw(&p, p.seq + 1, 0, SYN, 65535, NULL, 0, NULL, 0);
	ok(answered(&p, ACK), "nobody listens: ACK, as to any other SYN");
	is(waits(), 1, "TIME-WAIT stays");
	no_leaks("recycle");
}

static void test_port(void)
{
	int lfd = listener(5), fd;
	struct peer p;

	close_first(lfd, &p);
	sys_close(lfd);
	fd = sys_socket_open(SOCK_STREAM, true);
	is(sys_bind_to(fd, NULL, PORT), -EADDRINUSE,
	   "TIME-WAIT holds the port");
	sys_set(fd, 1, 2, 1);
	is(sys_bind_to(fd, NULL, PORT), 0, "but not against SO_REUSEADDR");
	sys_close(fd);
	forget();
	fd = sys_socket_open(SOCK_STREAM, true);
	is(sys_bind_to(fd, NULL, PORT), 0, "free afterwards");
	sys_close(fd);
	no_leaks("port");
}

static void test_bound(void)
{
	int lfd = listener(5);
	uint64_t dropped = net_counters.tcp_time_wait_overflow;
	size_t max = tcp_time_wait_max();
	struct tcp_tuple first;
	struct peer p;

	for (size_t i = 0; i < max + 10; i++) {
		next_port = 1024 + i % 60000;
		close_first(lfd, &p);
		if (i == 0)
			first = (struct tcp_tuple){
				tcp_time_wait_next(NULL)->id.laddr,
				tcp_time_wait_next(NULL)->id.raddr, PORT, 1024
			};
	}
	is(waits(), max, "the table has a bound");
	is(net_counters.tcp_time_wait_overflow - dropped, 10, "counted");
	ok(!tcp_time_wait_find(&first), "the oldest made room");
	next_port = 20000;
	sys_close(lfd);
	no_leaks("bound");
}

static void test_no_memory(void)
{
	int lfd = listener(5), fd;
	struct peer p;

	fd = accepted(lfd, &p);
	sys_close(fd);
	peer_drain(&p, buf, 10);
	bed_fail(1);
	peer_send(&p, ACK, NULL, 0);
	bed_fail(0);
	is(waits() + bed_cache_objects("tcp_pcb"), 0,
	   "no memory for an entry: forgotten");
	peer_send(&p, ACK | FIN, NULL, 0);
	ok(got_rst(&p), "and its FIN is answered with RST");
	sys_close(lfd);
	no_leaks("no memory");
}

/* The table by itself: what local connections need of it. */
static void test_table(void)
{
	struct tcp_time_wait from = {
		.id = { 0x0100007f, 0x0100007f, 40000, 7 },
		.state = TCP_TIME_WAIT,
		.flags = BIT(TCP_TW_F_LOCAL),
	};
	struct tcp_time_wait *tw = tcp_time_wait_add(&from, TCP_TIMEWAIT_MS);

	ok(tcp_time_wait_find(&from.id) == tw, "found by its tuple");
	ok(!tcp_time_wait_reusable(tw, false), "local: no port is found there");
	ok(tcp_time_wait_reusable(tw, true),
	   "local: the port's socket takes it");
	bed_sleep(NSEC_PER_SEC);
	ok(tcp_time_wait_reusable(tw, false), "local: reusable after a second");
	from.id.lport = 40001;
	from.flags = 0;
	tw = tcp_time_wait_add(&from, TCP_TIMEWAIT_MS);
	bed_sleep(NSEC_PER_SEC);
	ok(!tcp_time_wait_reusable(tw, true), "over the wire: not");
	is(tcp_time_wait_count(), 2, "two of them");
	ok(tcp_time_wait_next(tcp_time_wait_next(NULL)) &&
		   !tcp_time_wait_next(
			   tcp_time_wait_next(tcp_time_wait_next(NULL))),
	   "both are visited");
	tcp_time_wait_kill(tw);
	is(tcp_time_wait_left(tcp_time_wait_next(NULL)), 58000, "58 s left");
	no_leaks("table");
}

int main(void)
{
	begin();
	test_enter();
	test_both_at_once();
	test_half_closed();
	test_linger2();
	test_segments();
	test_recycle();
	test_port();
	test_bound();
	test_no_memory();
	test_table();
	return bed_done();
}
