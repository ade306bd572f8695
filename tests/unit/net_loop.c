/* SPDX-License-Identifier: MIT */
/* unit: @net */
/*
 * Both ends of connections in one machine, over the loopback interface: TCP
 * and UDP as programs use them; and the same with each allocation in turn
 * failing: an error comes out or nothing is noticed, and nothing leaks.
 */
#include <errno.h>
#include <linux/eventpoll.h>
#include <stdlib.h>
#include <string.h>

#include "bed/net.h"
#include "kernel/base.h"
#include "lib/tap.h"
#include "net/base/counters.h"
#include "net/socket/socket.h"
#include "net/socket/sockopt.h"

#define LOCAL "127.0.0.1"
#define IN (EPOLLIN | EPOLLRDNORM)
#define OUT (EPOLLOUT | EPOLLWRNORM)
#define UDP_OUT (OUT | EPOLLWRBAND)

static uint8_t data[300000];
static uint8_t buf[300000];
static size_t at_start;

static void forget(void)
{
	bed_sleep(1500 * NSEC_PER_SEC);
	bed_forget_sent();
}

static int listener(uint16_t port)
{
	int fd = sys_socket_open(SOCK_STREAM, false);

	sys_set(fd, 1, 2, 1); /* SO_REUSEADDR */
	if (sys_bind_to(fd, NULL, port) || sys_listen_on(fd, 10))
		bail_out("no listener");
	return fd;
}

static void test_blocking(void)
{
	int lfd = listener(7), a, b;
	struct sockaddr_any addr;

	a = sys_socket_open(SOCK_STREAM, false);
	is(sys_connect_to(a, LOCAL, 7), 0, "a blocking connect");
	b = sys_accept_from(lfd, false);
	ok(b >= 0, "a blocking accept");
	fd_socket(b)->ops->getname(fd_socket(b), &addr, NAME_PEER);
	is(addr.in.addr, 0x0100007f, "from 127.0.0.1");
	is(sys_send(a, data, 100000, 0), 100000, "a blocking send");
	is(sys_recv(b, buf, 100000, MSG_WAITALL), 100000, "MSG_WAITALL");
	is_mem(buf, data, 100000, "what was sent");
	sys_send(b, data, 10, 0);
	is(sys_recv(a, NULL, 4, MSG_TRUNC), 4, "MSG_TRUNC throws away");
	is(sys_recv(a, buf, 10, 0), 6, "and the rest is there");
	is_mem(buf, data + 4, 6, "as it should be");
	sys_set(a, 1, 18, 5); /* SO_RCVLOWAT */
	sys_send(b, data, 4, 0);
	bed_run();
	is(sys_poll_mask(a) & IN, 0, "SO_RCVLOWAT: not readable yet");
	sys_send(b, data, 1, 0);
	bed_sleep(NSEC_PER_SEC); /* Nagle's algorithm holds it back */
	is(sys_poll_mask(a) & IN, IN, "SO_RCVLOWAT: now it is");
	sys_close(a);
	bed_run();
	is(sys_recv(b, buf, 1, 0), -ECONNRESET, "closed with unread data");
	sys_close(b);
	sys_close(lfd);
	forget();
	is(bed_objects(), at_start, "blocking: every object is back");
}

/* The reset comes while the other side holds a byte back. */
static void test_reset_unsent(void)
{
	int lfd = listener(7), a, b;

	a = sys_socket_open(SOCK_STREAM, false);
	sys_connect_to(a, LOCAL, 7);
	b = sys_accept_from(lfd, false);
	sys_send(b, data, 4, 0);
	sys_send(b, data, 1, 0);
	bed_run();
	sys_close(a);
	bed_run();
	is(sys_recv(b, buf, 1, 0), -ECONNRESET, "a reset with unsent data");
	sys_close(b);
	sys_close(lfd);
	forget();
	is(bed_objects(), at_start, "unsent: every object is back");
}

static void test_timeouts(void)
{
	static const int64_t second[2] = { 1, 500000 };
	int lfd = listener(7), a, b;
	uint64_t t;

	a = sys_socket_open(SOCK_STREAM, false);
	sys_connect_to(a, LOCAL, 7);
	b = sys_accept_from(lfd, false);
	sock_setsockopt(fd_socket(a), 1, 20, second, sizeof(second),
			sizeof(second));
	t = bed_now();
	is(sys_recv(a, buf, 1, 0), -EAGAIN, "SO_RCVTIMEO: EAGAIN");
	is((bed_now() - t) / NSEC_PER_MSEC, 1500, "after 1.5 s");
	sock_setsockopt(fd_socket(a), 1, 21, second, sizeof(second),
			sizeof(second));
	t = bed_now();
	ok(sys_send(a, data, sizeof(data), 0) < (ssize_t)sizeof(data),
	   "SO_SNDTIMEO: a part");
	is((bed_now() - t) / NSEC_PER_MSEC, 1500, "after 1.5 s");
	sys_close(a);
	sys_close(b);
	sys_close(lfd);
	forget();
	is(bed_objects(), at_start, "timeouts: every object is back");
}

static void test_own_address(void)
{
	int lfd = listener(7), a, b;

	bed_forget_sent();
	a = sys_socket_open(SOCK_STREAM, false);
	is(sys_connect_to(a, BED_ADDR, 7), 0, "connect to our own address");
	b = sys_accept_from(lfd, false);
	sys_send(a, "ping", 4, 0);
	is(sys_recv(b, buf, 10, 0), 4, "works");
	sys_close(a);
	sys_close(b);
	sys_close(lfd);
	forget();
	is(bed_objects(), at_start, "own address: every object is back");
}

static void test_udp(void)
{
	int a = sys_socket_open(SOCK_DGRAM, true);
	int b = sys_socket_open(SOCK_DGRAM, true);
	uint64_t dropped = net_counters.udp_drop_rcvbuf;

	is(sys_poll_mask(a), UDP_OUT, "UDP: writable from the start");
	is(sys_send(b, "x", 1, 0), -EDESTADDRREQ, "UDP: no destination");
	is(sys_bind_to(a, NULL, 53), 0, "UDP: bind");
	is(sys_sendto_addr(b, "query", 5, LOCAL, 53), 5, "UDP: send");
	is(sys_sendto_addr(b, "", 0, LOCAL, 53), 0, "UDP: send nothing");
	bed_run();
	is(sys_poll_mask(a), IN | UDP_OUT, "UDP: readable");
	is(sys_recv(a, buf, 3, MSG_PEEK), 3, "UDP: a look");
	is(sys_recv(a, buf, 3, MSG_TRUNC), 5,
	   "UDP: MSG_TRUNC tells the length");
	is(sys_recv(a, buf, 10, 0), 0, "UDP: a datagram of no bytes");
	is(sys_recv(a, buf, 10, 0), -EAGAIN, "UDP: and no more");
	is(sys_sendto_addr(b, data, 65507, LOCAL, 53), 65507, "UDP: the most");
	is(sys_recv(a, buf, 70000, 0), 65507, "UDP: arrives in one piece");
	is_mem(buf, data, 65507, "UDP: as it was");
	is(sys_sendto_addr(b, data, 65508, LOCAL, 53), -EMSGSIZE,
	   "UDP: too long");
	for (int i = 0; i < 5000; i++) {
		sys_sendto_addr(b, data, 1000, LOCAL, 53);
		bed_run();
	}
	ok(net_counters.udp_drop_rcvbuf > dropped,
	   "UDP: the queue has a bound");
	is(sys_connect_to(b, LOCAL, 54), 0, "UDP: connect");
	is(sys_send(b, "x", 1, 0), 1, "UDP: to nobody");
	bed_run();
	is(sys_poll_mask(b), UDP_OUT | EPOLLERR, "UDP: refused is ERR");
	is(sys_recv(b, buf, 1, 0), -ECONNREFUSED, "UDP: told once");
	is(sys_recv(b, buf, 1, 0), -EAGAIN, "UDP: only once");
	sys_close(a);
	sys_close(b);
	forget();
	is(bed_objects(), at_start, "UDP: every object is back");
}

/* Everything once, whatever fails. */
static void scenario(void)
{
	int lfd = sys_socket_open(SOCK_STREAM, true);
	int a = sys_socket_open(SOCK_STREAM, true);
	int u = sys_socket_open(SOCK_DGRAM, true);
	int b = -1;

	if (lfd >= 0) {
		sys_bind_to(lfd, NULL, 7);
		sys_listen_on(lfd, 5);
	}
	if (a >= 0)
		sys_connect_to(a, LOCAL, 7);
	bed_sleep(20 * NSEC_PER_SEC);
	if (lfd >= 0)
		b = sys_accept_from(lfd, true);
	for (int i = 0; i < 5; i++) {
		if (a >= 0)
			sys_send(a, data, 9000, MSG_NOSIGNAL);
		bed_sleep(5 * NSEC_PER_SEC);
		if (b >= 0)
			sys_recv(b, buf, 5000, 0);
	}
	if (b >= 0)
		sys_send(b, data, 100, MSG_NOSIGNAL);
	if (u >= 0) {
		sys_sendto_addr(u, data, 100, LOCAL, 9);
		sys_sendto_addr(u, data, 1000, PEER_ADDR, 9);
	}
	bed_run();
	if (b >= 0)
		sys_close(b);
	if (a >= 0)
		sys_close(a);
	if (u >= 0)
		sys_close(u);
	if (lfd >= 0)
		sys_close(lfd);
	forget();
}

/* What arrives when memory is short in between is still the stream. */
static bool stream_survives(unsigned int n)
{
	int lfd = listener(7), a, b;
	ssize_t got = 0, sent = 0;
	bool good;

	a = sys_socket_open(SOCK_STREAM, true);
	sys_connect_to(a, LOCAL, 7);
	bed_run();
	b = sys_accept_from(lfd, false);
	bed_fail(n);
	for (int i = 0; i < 2000 && got < 50000; i++) {
		ssize_t k = sys_send(a, data + sent, 50000 - sent, 0);

		sent += k > 0 ? k : 0;
		bed_sleep(100 * NSEC_PER_MSEC);
		k = sys_recv(b, buf + got, 7000, MSG_DONTWAIT);
		got += k > 0 ? k : 0;
	}
	bed_fail(0);
	good = got == 50000 && !memcmp(buf, data, 50000);
	sys_close(a);
	sys_close(b);
	sys_close(lfd);
	forget();
	return good;
}

static void test_failures(void)
{
	unsigned int n, leaks = 0, broken = 0;

	for (n = 1;; n++) {
		bed_fail(n);
		scenario();
		if (!bed_failed())
			break;
		bed_fail(0);
		forget();
		if (bed_objects() != at_start && !leaks++)
			diag("allocation %u: %zu objects", n, bed_objects());
	}
	bed_fail(0);
	is(leaks, 0, "each of %u allocations failed once: no leak", n - 1);
	for (unsigned int i = 1; i < 200; i++) {
		if (!stream_survives(i) && !broken++)
			diag("allocation %u breaks the stream", i);
	}
	is(broken, 0, "a stream survives each of 199 failures");
}

int main(void)
{
	srand(1);
	tap_deadline(300);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = i * 11 + (i >> 8);
	bed_init();
	forget();
	at_start = bed_objects();
	test_blocking();
	test_reset_unsent();
	test_timeouts();
	test_own_address();
	test_udp();
	test_failures();
	return bed_done();
}
