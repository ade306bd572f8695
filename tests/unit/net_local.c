/* SPDX-License-Identifier: MIT */
/* unit: @net */
/*
 * TCP between two sockets of the machine: what lwIP would have done, and what
 * only time shows: waiting for a listener, TCP_DEFER_ACCEPT, TIME-WAIT, an end
 * that waits behind data, corked data. No frame leaves, lwIP counts nothing.
 */
#include <errno.h>
#include <linux/eventpoll.h>
#include <stdlib.h>
#include <string.h>

#include "bed/net.h"
#include "kernel/base.h"
#include "kernel/fs/file.h"
#include "kernel/lib/seq_buf.h"
#include "lib/tap.h"
#include "net/base/memory.h"
#include "net/lwip/lwip_stats.h"
#include "net/socket/socket.h"

#define LOCAL "127.0.0.1"
#define PORT 7
#define IN (EPOLLIN | EPOLLRDNORM)
#define OUT (EPOLLOUT | EPOLLWRNORM)
#define HUP_SET (IN | OUT | EPOLLRDHUP | EPOLLHUP)

/* Options by number: the kernel's headers and the host's do not mix. */
#define SOL_SOCKET 1
#define SO_REUSEADDR 2
#define SO_ERROR 4
#define SO_SNDBUF 7
#define SO_RCVBUF 8
#define IPPROTO_TCP 6
#define TCP_CORK 3
#define TCP_SYNCNT 7
#define TCP_DEFER_ACCEPT 9

static uint8_t data[200000];
static uint8_t buf[200000];
static size_t at_start;

static int listener(int backlog, bool reuse)
{
	int fd = sys_socket_open(SOCK_STREAM, true);

	sys_set(fd, SOL_SOCKET, SO_REUSEADDR, reuse);
	if (sys_bind_to(fd, LOCAL, PORT) || sys_listen_on(fd, backlog))
		bail_out("no listener");
	return fd;
}

static int connector(void)
{
	int fd = sys_socket_open(SOCK_STREAM, true);

	if (sys_connect_to(fd, LOCAL, PORT) != -EINPROGRESS)
		bail_out("connect does not begin");
	return fd;
}

static void pair(int fds[2])
{
	int lfd = listener(1, true);

	fds[0] = connector();
	fds[1] = sys_accept_from(lfd, true);
	sys_close(lfd);
}

static void all_back(const char *name)
{
	bed_sleep(70 * NSEC_PER_SEC);
	is(bed_objects(), at_start, "%s: every object is back", name);
}

static void test_backlog(void)
{
	int lfd = listener(1, true), c[4], a;

	for (int i = 0; i < 4; i++)
		c[i] = connector();
	is(sys_poll_mask(c[1]), OUT, "a backlog of 1 takes two");
	is(sys_poll_mask(c[2]), 0, "the third waits");
	is(sys_connect_to(c[2], LOCAL, PORT), -EALREADY, "and is asked again");
	a = sys_accept_from(lfd, true);
	is(sys_poll_mask(c[2]), OUT, "accept makes room for it");
	is(sys_poll_mask(c[3]), 0, "and for no other");
	sys_close(lfd);
	is(sys_get(c[3], SOL_SOCKET, SO_ERROR), ECONNREFUSED,
	   "the listener closes: who waits is refused");
	is(sys_get(c[2], SOL_SOCKET, SO_ERROR), ECONNRESET,
	   "who was not accepted is reset");
	is(sys_poll_mask(c[0]), OUT, "who was stays connected");
	for (int i = 0; i < 4; i++)
		sys_close(c[i]);
	sys_close(a);
	all_back("backlog");
}

static void test_patience(void)
{
	int lfd = listener(0, true), c[2], late;

	c[0] = connector();
	c[1] = connector();
	late = sys_socket_open(SOCK_STREAM, true);
	sys_set(late, IPPROTO_TCP, TCP_SYNCNT, 1);
	sys_connect_to(late, LOCAL, PORT);
	bed_sleep(2 * NSEC_PER_SEC);
	is(sys_poll_mask(late), 0, "TCP_SYNCNT 1: waits 2 s");
	bed_sleep(2 * NSEC_PER_SEC);
	is(sys_get(late, SOL_SOCKET, SO_ERROR), ETIMEDOUT, "but not 4");
	bed_sleep(120 * NSEC_PER_SEC);
	is(sys_poll_mask(c[1]), 0, "without it a SYN is sent for 127 s");
	bed_sleep(5 * NSEC_PER_SEC);
	is(sys_get(c[1], SOL_SOCKET, SO_ERROR), ETIMEDOUT, "not longer");
	sys_close(late);
	late = connector();
	sys_close(late);
	late = sys_accept_from(lfd, true);
	is(sys_accept_from(lfd, true), -EAGAIN,
	   "who closes while waiting is not accepted");
	sys_close(late);
	sys_close(c[0]);
	sys_close(c[1]);
	sys_close(lfd);
	all_back("patience");
}

static void test_deferred(void)
{
	int lfd = listener(5, true), c[4], a;

	sys_set(lfd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 3);
	for (int i = 0; i < 4; i++)
		c[i] = connector();
	is(sys_poll_mask(c[0]), OUT, "TCP_DEFER_ACCEPT: connected");
	is(sys_accept_from(lfd, true), -EAGAIN, "and not to be accepted");
	sys_send(c[1], data, 5, 0);
	a = sys_accept_from(lfd, true);
	is(sys_recv(a, buf, 10, 0), 5, "until data comes");
	sys_close(a);
	sys_close(c[2]);
	a = sys_accept_from(lfd, true);
	is(sys_recv(a, buf, 10, 0), 0, "or the end");
	sys_close(a);
	is(sys_accept_from(lfd, true), -EAGAIN, "the others wait");
	bed_sleep(4 * NSEC_PER_SEC);
	a = sys_accept_from(lfd, true);
	ok(a >= 0, "until the time is over");
	sys_close(a);
	sys_close(lfd);
	is(sys_get(c[3], SOL_SOCKET, SO_ERROR), ECONNRESET,
	   "the listener closes: who waits is reset");
	sys_close(c[0]);
	sys_close(c[1]);
	sys_close(c[3]);
	all_back("deferred");
}

static void let_time_pass(void)
{
	bed_sleep(2 * NSEC_PER_SEC);
}

/* The timer looks for who waits while those of a listener are told. */
static void test_listener_goes(void)
{
	int lfd = listener(0, true), c[4];

	for (int i = 0; i < 4; i++)
		c[i] = connector();
	bed_others = let_time_pass;
	sys_close(lfd);
	bed_others = NULL;
	for (int i = 1; i < 4; i++)
		is(sys_get(c[i], SOL_SOCKET, SO_ERROR), ECONNREFUSED,
		   "the listener goes, and time passes: %d is refused", i);
	for (int i = 0; i < 4; i++)
		sys_close(c[i]);
	all_back("listener");
}

static int busy; /* what one thread shuts down and the other uses */
static int full; /* listens, and has no room */

static void listen_again(void)
{
	bed_others = NULL;
	if (sys_listen_on(busy, 1))
		bail_out("cannot listen again");
}

static void connect_it(void)
{
	bed_others = NULL;
	if (sys_connect_to(busy, LOCAL, PORT + 1) != -EINPROGRESS)
		bail_out("cannot connect");
}

static int shut_down(void (*meanwhile)(void), int c[3])
{
	busy = listener(5, true);
	for (int i = 0; i < 3; i++)
		c[i] = connector();
	bed_others = meanwhile;
	sys_shutdown_how(busy, 0);
	bed_others = NULL;
	is(sys_get(c[2], SOL_SOCKET, SO_ERROR), ECONNRESET,
	   "a listener is shut down: who was not accepted is reset");
	for (int i = 0; i < 3; i++)
		sys_close(c[i]);
	return busy;
}

/* While the connections of a listener end, another thread uses the socket. */
static void test_listener_used(void)
{
	int lfd, c[3], a;

	lfd = shut_down(listen_again, c);
	c[0] = connector();
	a = sys_accept_from(lfd, true);
	ok(a >= 0, "it listens again meanwhile: and accepts");
	sys_close(a);
	sys_close(c[0]);
	sys_close(lfd);
	all_back("listens again");

	full = sys_socket_open(SOCK_STREAM, true);
	if (sys_bind_to(full, LOCAL, PORT + 1) || sys_listen_on(full, 0))
		bail_out("no listener");
	a = sys_socket_open(SOCK_STREAM, true);
	sys_connect_to(a, LOCAL, PORT + 1);
	lfd = shut_down(connect_it, c);
	is(sys_poll_mask(lfd), 0, "it connects meanwhile: and waits");
	sys_close(sys_accept_from(full, true));
	is(sys_poll_mask(lfd), OUT, "it connects meanwhile: and is connected");
	is(sys_connect_to(lfd, LOCAL, PORT + 1), 0,
	   "it connects meanwhile: as the call says");
	sys_close(a);
	sys_close(lfd);
	sys_close(full);
	all_back("connects");
}

/* The side that closes first keeps the port. */
static void test_time_wait(void)
{
	int lfd = listener(5, false), c = connector(), a, port;
	int again = sys_socket_open(SOCK_STREAM, true);
	struct sockaddr_any name;

	a = sys_accept_from(lfd, true);
	sys_close(lfd);
	fd_socket(c)->ops->getname(fd_socket(c), &name, NAME_LOCAL);
	port = __builtin_bswap16(name.in.port);
	sys_close(a);
	sys_close(c);
	is(sys_bind_to(again, LOCAL, PORT), -EADDRINUSE,
	   "a server's port after it has closed first: in use");
	sys_set(again, SOL_SOCKET, SO_REUSEADDR, 1);
	is(sys_bind_to(again, LOCAL, PORT), -EADDRINUSE,
	   "SO_REUSEADDR has to have been there before");
	bed_sleep(63 * NSEC_PER_SEC);
	is(sys_bind_to(again, LOCAL, PORT), 0, "after a minute it is free");
	sys_close(again);

	lfd = listener(5, true);
	c = sys_socket_open(SOCK_STREAM, true);
	sys_bind_to(c, LOCAL, port);
	sys_set(c, SOL_SOCKET, SO_REUSEADDR, 1);
	sys_connect_to(c, LOCAL, PORT);
	a = sys_accept_from(lfd, true);
	sys_close(c);
	sys_close(a);
	c = sys_socket_open(SOCK_STREAM, true);
	sys_set(c, SOL_SOCKET, SO_REUSEADDR, 1);
	is(sys_bind_to(c, LOCAL, port), 0, "a client binds its old port");
	is(sys_connect_to(c, LOCAL, PORT), -EINPROGRESS,
	   "and takes over the tuple at once: tcp_tw_reuse of 2");
	is(sys_poll_mask(c), OUT, "then there is a new connection");
	sys_close(c);
	sys_close(lfd);
	all_back("TIME-WAIT");
}

static void test_end_behind_data(void)
{
	ssize_t sent, got = 0, n;
	int p[2];

	pair(p);
	sys_set(p[0], SOL_SOCKET, SO_SNDBUF, 30000);
	sys_set(p[1], SOL_SOCKET, SO_RCVBUF, 20000);
	sent = sys_send(p[0], data, sizeof(data), MSG_DONTWAIT);
	ok(sent > 30000 && sent < 100000, "the buffers bound what is sent");
	is(sys_send(p[0], data, 1, 0), -EAGAIN, "then EAGAIN");
	is(sys_poll_mask(p[0]), 0, "and not writable");
	sys_watch(p[0]);
	sys_edges(p[0], NULL);
	is(sys_recv(p[1], buf, 1, 0), 1, "one byte read");
	is(sys_edges(p[0], NULL), 0, "is no news to the writer");
	got = 1;
	sys_close(p[0]);
	is(sys_poll_mask(p[1]) & EPOLLRDHUP, 0, "the end waits behind data");
	while ((n = sys_recv(p[1], buf + got, 1000, 0)) > 0)
		got += n;
	is(got, sent, "all of it arrives after close");
	is_mem(buf, data, sent, "intact");
	is(n, 0, "then the end");
	is(sys_poll_mask(p[1]), IN | OUT | EPOLLRDHUP, "and RDHUP");
	is(sys_send(p[1], data, 1, 0), 1, "an answer to nobody is sent");
	is(sys_poll_mask(p[1]), HUP_SET | EPOLLERR, "and answered by a reset");
	is(sys_get(p[1], SOL_SOCKET, SO_ERROR), EPIPE, "EPIPE");
	sys_close(p[1]);
	all_back("the end");
}

static const char *elsewhere;

static void reconnect(void)
{
	struct socket *sock = fd_socket(busy);
	struct sockaddr_any none = { 0 }; /* AF_UNSPEC */

	bed_meanwhile = NULL;
	sock->file->f_flags |= O_NONBLOCK;
	sock->ops->connect(sock, &none, sizeof(none.in), true);
	if (sys_connect_to(busy, elsewhere, PORT + 1) != -EINPROGRESS)
		bail_out("cannot connect");
}

/* While a send waits for room another thread connects the socket elsewhere. */
static void test_other_connection(const char *addr)
{
	int lfd = listener(5, true), a, c;

	full = sys_socket_open(SOCK_STREAM, true);
	if (sys_bind_to(full, LOCAL, PORT + 1) || sys_listen_on(full, 0))
		bail_out("no listener");
	c = sys_socket_open(SOCK_STREAM, true);
	sys_connect_to(c, LOCAL, PORT + 1);
	busy = sys_socket_open(SOCK_STREAM, false);
	sys_connect_to(busy, LOCAL, PORT);
	a = sys_accept_from(lfd, true);
	sys_set(busy, SOL_SOCKET, SO_SNDBUF, 30000);
	bed_meanwhile = reconnect;
	elsewhere = addr;
	ok(sys_send(busy, data, sizeof(data), 0) > 0,
	   "to %s instead: some was sent on the first", addr);
	is(sys_poll_mask(busy), 0, "to %s instead: it is not reset", addr);
	sys_close(a);
	sys_close(lfd);
	sys_close(full);
	sys_close(busy);
	sys_close(c);
	bed_sleep(200 * NSEC_PER_SEC);
	all_back("another connection");
}

static void test_cork(void)
{
	int p[2];

	pair(p);
	sys_send(p[0], data, 10, MSG_MORE);
	is(sys_poll_mask(p[1]), OUT, "MSG_MORE: nothing arrives");
	sys_send(p[0], data + 10, 10, 0);
	is(sys_recv(p[1], buf, 100, 0), 20, "until there is no more");
	is_mem(buf, data, 20, "in order");
	sys_set(p[0], IPPROTO_TCP, TCP_CORK, 1);
	sys_send(p[0], data, 10, 0);
	bed_sleep(150 * NSEC_PER_MSEC);
	is(sys_poll_mask(p[1]), OUT, "TCP_CORK: 150 ms");
	bed_sleep(100 * NSEC_PER_MSEC);
	is(sys_poll_mask(p[1]), IN | OUT, "but not 250");
	sys_send(p[0], data + 10, 10, 0);
	sys_close(p[0]);
	is(sys_recv(p[1], buf, 100, 0), 20, "the end pulls the cork");
	is(sys_recv(p[1], buf, 100, 0), 0, "and is behind it");
	sys_close(p[1]);

	pair(p);
	sys_send(p[0], data, 10, MSG_MORE);
	sys_close(p[1]);
	is(sys_poll_mask(p[0]), IN | OUT | EPOLLRDHUP, "closed meanwhile");
	bed_sleep(250 * NSEC_PER_MSEC);
	is(sys_get(p[0], SOL_SOCKET, SO_ERROR), EPIPE, "is found out");
	sys_close(p[0]);
	all_back("cork");
}

/* The n-th allocation fails: an error, or a connection that works. */
static bool survives(unsigned int n)
{
	int lfd, c, a = -1;
	bool good = true;

	lfd = listener(5, true);
	c = sys_socket_open(SOCK_STREAM, true);
	bed_fail(n);
	sys_connect_to(c, LOCAL, PORT);
	sys_send(c, data, 10, MSG_MORE);
	if (sys_send(c, data, 50000, 0) == 50000) {
		bed_fail(0);
		a = sys_accept_from(lfd, true);
		good = a >= 0 && sys_recv(a, buf, sizeof(buf), 0) >= 50000;
	}
	bed_fail(0);
	bed_sleep(3 * NSEC_PER_SEC); /* a lost SYN is sent again */
	if (a < 0 && sys_poll_mask(c) == OUT)
		a = sys_accept_from(lfd, true);
	if (a >= 0)
		sys_close(a);
	sys_close(c);
	sys_close(lfd);
	return good;
}

static void test_failures(void)
{
	unsigned int broken = 0;

	for (unsigned int n = 1; n < 30; n++) {
		if (!survives(n) && !broken++)
			diag("allocation %u", n);
	}
	is(broken, 0, "each allocation fails: what was sent arrives");
	all_back("failures");
}

#define PAIRS 140

/* Nobody reads: what is queued is theirs alone, and each gets something. */
static void test_budget(void)
{
	static int fds[PAIRS][2];
	size_t wire = net_memory_share(), most = 0;
	unsigned int begun = 0;
	ssize_t n;

	for (int i = 0; i < PAIRS; i++) {
		pair(fds[i]);
		for (int k = 0;
		     (n = sys_send(fds[i][0], data, sizeof(data), 0)) > 0;)
			begun += !k++;
		most = MAX(most, net_memory_local());
	}
	ok(most > net_memory_limit() / 2 &&
		   most < net_memory_limit() + net_memory_limit() / 3,
	   "budget: %d who do not read have %zu KiB of %zu", PAIRS, most / 1024,
	   net_memory_limit() / 1024);
	is(begun, PAIRS, "budget: each of them has something");
	is(net_memory_share(), wire, "budget: the network's is untouched");
	n = sys_recv(fds[PAIRS - 1][1], buf, sizeof(buf), 0);
	ok(n > 0 && sys_send(fds[PAIRS - 1][0], data, 1000, 0) > 0,
	   "budget: who is read may go on");
	for (int i = 0; i < PAIRS; i++) {
		sys_close(fds[i][0]);
		sys_close(fds[i][1]);
	}
	is(net_memory_local(), 0, "budget: all of it is back");
	all_back("budget");
}

/* No page for what ring 3 keeps: nothing moves, and later it does. */
static void test_low(void)
{
	int fds[2];

	pair(fds);
	bed_pages_low = true;
	is(sys_send(fds[0], data, 1000, 0), -EAGAIN, "low: nothing is queued");
	is(sys_poll_mask(fds[0]) & OUT, 0, "low: and no room promised");
	bed_sleep(NSEC_PER_SEC);
	bed_pages_low = false;
	bed_sleep(NSEC_PER_SEC);
	is(sys_poll_mask(fds[0]) & OUT, OUT, "low: until there is memory");
	is(sys_send(fds[0], data, 1000, 0), 1000, "low: then it is sent");
	sys_close(fds[0]);
	sys_close(fds[1]);
	all_back("low");
}

/* A wider window is news to who found it full, though nobody has read. */
static void test_window(void)
{
	int fds[2];

	pair(fds);
	while (sys_send(fds[0], data, sizeof(data), 0) > 0)
		;
	sys_watch(fds[0]);
	sys_edges(fds[0], NULL);
	sys_set(fds[1], 1, 8, 1 << 20); /* SO_RCVBUF */
	ok(sys_edges(fds[0], NULL) && (sys_poll_mask(fds[0]) & OUT),
	   "window: SO_RCVBUF wakes the sender");
	ok(sys_send(fds[0], data, 1000, 0) > 0, "window: who may send");
	sys_close(fds[0]);
	sys_close(fds[1]);
	all_back("window");
}

static long lwip_counted(const char *name)
{
	char text[4096];
	struct seq_buf m;
	const char *found;

	seq_init(&m, text, sizeof(text));
	net_lwip_stats_show(&m);
	text[m.len] = 0;
	found = strstr(text, name);
	return found ? atol(found + strlen(name)) : -1;
}

int main(void)
{
	tap_deadline(120);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = i * 13 + (i >> 8);
	bed_init();
	bed_sleep(70 * NSEC_PER_SEC);
	bed_forget_sent();
	at_start = bed_objects();
	test_backlog();
	test_patience();
	test_deferred();
	test_listener_goes();
	test_listener_used();
	test_time_wait();
	test_end_behind_data();
	test_cork();
	test_failures();
	test_budget();
	test_low();
	test_window();
	is(lwip_counted("tcp_xmit") + lwip_counted("tcp_recv") +
		   lwip_counted("ip_xmit") + lwip_counted("ip_recv"),
	   0, "lwIP has seen nothing of it");
	test_other_connection(LOCAL);
	test_other_connection(PEER_ADDR);
	return bed_done();
}
