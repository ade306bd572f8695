/* SPDX-License-Identifier: MIT */
/* unit: tests/unit/bed/net_tcp.c */
/* unit: @net */
/*
 * Many connections: each is found, the idle ones are out of the timers' way
 * and come back with all they need.
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

#define USER_TIMEOUT 18 /* <linux/tcp.h>, which lwIP does not go with */

#define N 2000

#define SO_KEEPALIVE 9
#define TCP_KEEPIDLE 4

/* lwIP's list of connections that its timers walk. */
struct tcp_pcb;
extern struct tcp_pcb *tcp_active_pcbs;

static struct peer p[N];
static int fds[N];

static void open_all(int lfd)
{
	for (int i = 0; i < N; i++)
		fds[i] = accepted(lfd, &p[i]);
	bed_sleep(2 * NSEC_PER_SEC);
	bed_forget_sent();
}

static void close_all(void)
{
	for (int i = 0; i < N; i++) {
		peer_send(&p[i], RST, NULL, 0);
		sys_close(fds[i]);
	}
	bed_forget_sent();
}

static bool echo(int i)
{
	peer_send(&p[i], ACK, data + i, 10);
	if (sys_recv(fds[i], buf, 100, 0) != 10 || memcmp(buf, data + i, 10))
		return false;
	if (sys_send(fds[i], buf, 10, 0) != 10)
		return false;
	if (peer_drain(&p[i], buf, 100) != 10 || memcmp(buf, data + i, 10))
		return false;
	peer_send(&p[i], ACK, NULL, 0);
	return true;
}

static void test_idle(void)
{
	int lfd = listener(5), good = 0;

	open_all(lfd);
	ok(!tcp_active_pcbs, "idle connections are on no timer's list");
	ok(echo(77), "one of them works");
	ok(tcp_active_pcbs, "the timers see it");
	bed_sleep(2 * NSEC_PER_SEC);
	ok(!tcp_active_pcbs, "for a while");
	for (int i = 0; i < N; i++)
		good += echo(rand() % N);
	is(good, N, "all of them work, in any order");
	close_all();
	sys_close(lfd);
	no_leaks("idle");
}

/* What needs a timer gets it, although the connection was idle before. */
static void test_wake(void)
{
	int lfd = listener(5), again = 0;

	open_all(lfd);
	sys_send(fds[1], "x", 1, 0);
	bed_forget_sent();
	bed_sleep(3 * NSEC_PER_SEC);
	while (peer_take(&p[1]))
		again += p[1].got_len == 1;
	ok(again, "data that is lost is sent again");

	peer_send(&p[2], ACK, "y", 1);
	bed_sleep(NSEC_PER_SEC);
	ok(peer_take(&p[2]) && p[2].got_ack == p[2].seq,
	   "a delayed ACK is sent");

	peer_raw(&p[3], p[3].seq + 1, p[3].ack, ACK, 65535, NULL, 0, "z", 1);
	bed_run();
	is(bed_rx_held, 1, "data beyond a gap is kept");
	bed_sleep(60 * NSEC_PER_SEC);
	is(bed_rx_held, 0, "but not for ever");

	sys_set(fds[4], 6, TCP_KEEPIDLE, 10);
	sys_set(fds[4], 1, SO_KEEPALIVE, 1);
	bed_forget_sent();
	bed_sleep(15 * NSEC_PER_SEC);
	ok(peer_take(&p[4]), "keep-alive asks");

	sys_close(fds[5]);
	ok(peer_take(&p[5]) && p[5].got_flags & FIN, "close sends FIN");
	bed_sleep(3 * NSEC_PER_SEC);
	ok(peer_take(&p[5]) && p[5].got_flags & FIN, "and again");
	fds[5] = sys_socket_open(SOCK_STREAM, true);
	close_all();
	sys_close(lfd);
	no_leaks("wake");
}

/* Who listens may go away while those it accepted are idle. */
static void test_listener_gone(void)
{
	int lfd = listener(5), good = 0;

	open_all(lfd);
	sys_close(lfd);
	for (int i = 0; i < N; i += 10)
		good += echo(i);
	is(good, N / 10, "connections outlive their listener");
	for (int i = 0; i < N; i++)
		sys_shutdown_how(fds[i], SHUT_WR);
	bed_sleep(NSEC_PER_SEC);
	bed_forget_sent();
	close_all();
	no_leaks("listener");
}

/* Nobody but lwIP knows yet of a handshake that is not complete. */
static void test_half_open(void)
{
	struct peer h = { .port = 39999, .dport = PORT, .window = 65535 };
	int lfd = listener(5);

	peer_raw(&h, h.seq++, 0, SYN, 65535, NULL, 0, NULL, 0);
	ok(peer_take(&h) && h.got_flags == (SYN | ACK), "half open");
	sys_close(lfd);
	h.ack = h.got_seq + 1;
	peer_send(&h, ACK, NULL, 0);
	ok(got_rst(&h), "the listener has gone: its ACK is answered by RST");
	no_leaks("half open");
}

/* Connections end while a timer walks along all of them. */
static void test_given_up(void)
{
	int lfd = listener(5), given_up = 0;

	open_all(lfd);
	for (int i = 0; i < N; i++) {
		sys_set(fds[i], 6, USER_TIMEOUT, 3000);
		sys_send(fds[i], "x", 1, 0);
	}
	bed_sleep(8 * NSEC_PER_SEC);
	for (int i = 0; i < N; i++)
		given_up += sys_recv(fds[i], buf, 10, 0) == -ETIMEDOUT;
	is(given_up, N, "all of them are given up at once");
	ok(!tcp_active_pcbs, "none is left to the timers");
	close_all();
	sys_close(lfd);
	no_leaks("given up");
}

/* RFC 9293 3.10: none but the same four numbers is the same connection. */
static void test_tuple(void)
{
	int lfd = listener(5), fd;
	struct peer a, b;

	fd = accepted(lfd, &a);
	b = a;
	b.port++;
	peer_send(&b, ACK, "no", 2);
	ok(got_rst(&b), "another port: no such connection");
	is(sys_recv(fd, buf, 10, 0), -EAGAIN, "nothing has come");
	peer_send(&a, RST, NULL, 0);
	sys_close(fd);
	sys_close(lfd);
	no_leaks("tuple");
}

int main(void)
{
	begin();
	test_idle();
	test_wake();
	test_listener_gone();
	test_half_open();
	test_given_up();
	test_tuple();
	return bed_done();
}
