/* SPDX-License-Identifier: MIT */
/* unit: tests/unit/bed/net_tcp.c */
/* unit: @net */
/*
 * When memory runs short: the budget of all sockets, and allocations that
 * fail one after the other.
 */
#include "net/base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/eventpoll.h>

#include "bed/net_tcp.h"
#include "kernel/base.h"
#include "lib/tap.h"
#include "net/base/counters.h"
#include "net/socket/socket.h"

#define N 120
#define MANY 64 /* net/lwip/memp.c: MANY_PCBS */
#define EACH (40 * 1460)

static struct peer p[N];
static uint32_t first[N];
static int fds[N];
static size_t got[N];

static void end(int lfd, const char *name)
{
	for (int i = 0; i < N; i++) {
		peer_send(&p[i], RST, NULL, 0);
		if (fds[i] >= 0)
			sys_close(fds[i]);
		bed_forget_sent();
	}
	sys_close(lfd);
	is(net_memory_used(), 0, "%s: nothing is in use", name);
	no_leaks(name);
}

static void open_all(int lfd)
{
	for (int i = 0; i < N; i++) {
		fds[i] = accepted(lfd, &p[i]);
		first[i] = p[i].seq;
		got[i] = 0;
	}
}

/* What the peer has that was not acknowledged, in one go. */
static void send_rest(int i)
{
	while (p[i].seq - first[i] < EACH)
		peer_send(&p[i], ACK, data + (p[i].seq - first[i]), 1460);
	bed_sleep(200 * NSEC_PER_MSEC);
	while (peer_take(&p[i]))
		;
	p[i].seq = p[i].got_ack;
}

static void read_all(int i)
{
	ssize_t n;

	while ((n = sys_recv(fds[i], buf, sizeof(buf), 0)) > 0) {
		if (memcmp(buf, data + got[i], n) != 0)
			bail_out("connection %d: wrong data at %zu", i, got[i]);
		got[i] += n;
	}
}

static void test_budget(void)
{
	int lfd = listener(5), full = 0, fd;
	uint64_t dropped = net_counters.tcp_drop_memory;
	struct peer late = { 0 };
	size_t most = 0;

	open_all(lfd);
	for (int i = 0; i < N; i++) {
		send_rest(i);
		most = MAX(most, net_memory_used());
	}
	ok(most > net_memory_limit() / 2 &&
		   most < net_memory_limit() + net_memory_limit() / 8,
	   "%d readers that sleep: %zu KiB of %zu are used", N, most / 1024,
	   net_memory_limit() / 1024);
	ok(net_counters.tcp_drop_memory > dropped, "payload was dropped");
	ok(net_memory_share() < 65536, "a share is small: %zu",
	   net_memory_share());
	is(sys_send(fds[0], data, 1000, 0), 1000,
	   "who has nothing queued sends");
	fd = accepted(lfd, &late);
	ok(fd >= 0, "somebody new is let in");
	peer_send(&late, ACK, data, 1000);
	is(sys_recv(fd, buf, sizeof(buf), 0), 1000, "heard");
	is(sys_send(fd, data, 1000, 0), 1000, "and answered");
	peer_send(&late, RST, NULL, 0);
	sys_close(fd);
	for (int round = 0; round < 50 && full < N; round++) {
		full = 0;
		for (int i = 0; i < N; i++) {
			read_all(i);
			full += got[i] == EACH;
		}
		for (int i = 0; i < N; i++)
			send_rest(i);
	}
	is(full, N, "when they read all of it arrives, on all of them");
	end(lfd, "budget");
}

/*
 * Readers that sleep have all of the budget, and what is sent to peers that
 * acknowledge nothing goes beyond: orphans end first, then the sleepers, but
 * not who is awake.
 */
static void test_relief(void)
{
	uint64_t aborted = net_counters.tcp_aborted_memory;
	int lfd = listener(5), ended = 0;
	ssize_t n;

	open_all(lfd);
	sys_send(fds[1], data, 3000, 0);
	sys_close(fds[1]);
	for (int i = 2; i < N; i++)
		send_rest(i);
	for (int i = 2; i < N && !net_memory_exhausted(); i++)
		sys_send(fds[i], data, 6000, 0);
	ok(net_memory_exhausted(), "the reserve is out");
	is(net_counters.tcp_aborted_memory, aborted, "nobody has ended yet");
	sys_send(fds[0], data, 1000, 0);
	peer_send(&p[0], ACK, data, 1000);
	bed_sleep(200 * NSEC_PER_MSEC);
	ok(!net_memory_exhausted(), "it is back");
	ok(got_rst(&p[1]), "the orphan has ended");
	for (int i = 2; i < N; i++) {
		n = sys_recv(fds[i], buf, sizeof(buf), 0);
		ended += n == -ETIMEDOUT;
	}
	is(net_counters.tcp_aborted_memory - aborted, 1 + ended,
	   "and some of those asleep: ETIMEDOUT");
	ok(ended < N / 2, "not many of them: %d", ended);
	is(sys_recv(fds[0], buf, sizeof(buf), 0), 1000, "who is awake goes on");
	fds[1] = -1;
	end(lfd, "relief");
}

/* With no memory left somebody new costs those their connection who are mute. */
static void test_mute(void)
{
	uint64_t aborted = net_counters.tcp_aborted_memory;
	int lfd = listener(5);
	struct peer late = { 0 };

	open_all(lfd);
	for (int i = 0; i < N / 2; i++) {
		peer_send(&p[i], ACK, data, 100);
		sys_recv(fds[i], buf, sizeof(buf), 0);
	}
	bed_sleep(2 * NSEC_PER_SEC);
	bed_run();
	is(net_counters.tcp_aborted_memory, aborted,
	   "idle ones are left alone");
	bed_pages_low = true;
	peer_connect(&late, next_port++, PORT);
	bed_run();
	bed_pages_low = false;
	bed_sleep(200 * NSEC_PER_MSEC);
	is(net_counters.tcp_aborted_memory - aborted, N / 2,
	   "out of memory: who never said a word is reset");
	is(sys_recv(fds[0], buf, 1, 0), -EAGAIN, "nobody else is");
	is(sys_recv(fds[N - 1], buf, 1, 0), -ETIMEDOUT, "they learn of it");
	ok(peer_connect(&late, next_port++, PORT), "somebody new is let in");
	peer_send(&late, RST, NULL, 0);
	sys_close(sys_accept_from(lfd, true));
	end(lfd, "mute");
}

/*
 * The budget is not out, but the pages are: the application has the others.
 * Then it is the peers who do not read that go, and somebody new is let in.
 */
static void test_no_pages(void)
{
	uint64_t aborted = net_counters.tcp_aborted_memory;
	int lfd = listener(5), fd;
	struct peer late = { 0 };

	open_all(lfd);
	for (int i = 1; i < 10; i++)
		sys_send(fds[i], data, 60000, 0);
	bed_sleep(2 * NSEC_PER_SEC);
	peer_send(&p[0], ACK, data, 1000);
	ok(!net_memory_pressure(), "the budget is far from out");
	is(net_counters.tcp_aborted_memory, aborted, "nobody is dropped");
	bed_pages_low = true;
	bed_sleep(200 * NSEC_PER_MSEC);
	bed_pages_low = false;
	is(net_counters.tcp_aborted_memory - aborted, 9,
	   "no pages: who does not acknowledge is");
	is(sys_recv(fds[0], buf, sizeof(buf), 0), 1000, "nobody else is");
	fd = accepted(lfd, &late);
	ok(fd >= 0, "somebody new is let in");
	peer_send(&late, RST, NULL, 0);
	sys_close(fd);
	end(lfd, "no pages");
}

/*
 * Before many connections take the pages of the application that serves them,
 * somebody new costs the mute ones theirs, until few are left, and waits while
 * another is not accepted yet.
 */
static void test_few_pages(void)
{
	uint64_t aborted = net_counters.tcp_aborted_memory;
	int lfd = listener(5);
	struct peer late = { 0 };

	open_all(lfd);
	bed_sleep(2 * NSEC_PER_SEC);
	ok(peer_connect(&p[0], next_port++, PORT), "one waits");
	bed_pages_few = true;
	ok(!peer_connect(&late, next_port++, PORT),
	   "few pages: no other does beside it");
	bed_sleep(200 * NSEC_PER_MSEC);
	is(net_counters.tcp_aborted_memory - aborted, N + 2 - MANY,
	   "the mute ones are reset");
	sys_close(sys_accept_from(lfd, true));
	bed_pages_few = false;
	ok(peer_connect(&late, next_port++, PORT), "somebody new is let in");
	peer_send(&late, RST, NULL, 0);
	sys_close(sys_accept_from(lfd, true));
	end(lfd, "few pages");
}

/* A handshake that ends while there is no memory is not reset: it waits. */
static void test_no_sock(void)
{
	int lfd = listener(5), fd;
	struct peer late = { .port = next_port++, .dport = PORT };

	late.window = 65535;
	peer_raw(&late, late.seq++, 0, SYN, 65535, NULL, 0, NULL, 0);
	bed_run();
	ok(peer_take(&late) && late.got_flags == (SYN | ACK), "a handshake");
	late.ack = late.got_seq + 1;
	bed_pages_low = true;
	bed_no_memory(true);
	peer_send(&late, ACK, NULL, 0);
	bed_run();
	bed_no_memory(false);
	bed_pages_low = false;
	ok(!got_rst(&late), "no memory for its sock: no reset");
	peer_send(&late, ACK, data, 100);
	bed_run();
	fd = sys_accept_from(lfd, true);
	ok(fd >= 0, "later it is complete");
	is(sys_recv(fd, buf, sizeof(buf), 0), 100, "and its data is there");
	peer_send(&late, RST, NULL, 0);
	sys_close(fd);
	sys_close(lfd);
	no_leaks("no sock");
}

static uint32_t window_after_read(int i)
{
	peer_send(&p[i], ACK, data, 1460);
	sys_recv(fds[i], buf, sizeof(buf), 0);
	bed_sleep(200 * NSEC_PER_MSEC);
	while (peer_take(&p[i]))
		;
	return p[i].got_window * 8U;
}

static void test_windows(void)
{
	int lfd = listener(5);
	uint32_t wide, narrow = 0;

	open_all(lfd);
	for (int i = 0; i < 200; i++)
		wide = window_after_read(0);
	ok(wide > 100000, "a reader that keeps up: a wide window (%u)", wide);
	for (int i = 1; i < N && !net_memory_pressure(); i++)
		send_rest(i);
	ok(net_memory_pressure() && net_memory_used() <= net_memory_limit(),
	   "memory is scarce");
	for (int i = 0; i < 200; i++)
		narrow = window_after_read(0);
	ok(narrow < 10000 && narrow, "it shrinks (%u)", narrow);
	for (int i = 1; i < N; i++)
		sys_recv(fds[i], buf, sizeof(buf), 0);
	for (int i = 0; i < 200; i++)
		wide = window_after_read(0);
	ok(wide > 100000, "and grows again (%u)", wide);
	end(lfd, "windows");
}

/* A life of a connection; what cannot be done now is done again. */
static bool life(int lfd, unsigned int n)
{
	struct peer q = { 0 };
	bool failed, fin;
	size_t in = 0;
	int fd = -EAGAIN;
	ssize_t r;

	bed_fail(n);
	for (int i = 0; i < 5 && fd < 0; i++) {
		if (!peer_connect(&q, next_port++, PORT))
			continue;
		fd = sys_accept_from(lfd, true);
		if (fd < 0) /* no memory for its file: it waits */
			fd = sys_accept_from(lfd, true);
	}
	if (fd < 0)
		bail_out("no connection with allocation %u failing", n);
	for (int i = 0; i < 10; i++) {
		peer_raw(&q, q.seq + 1000, q.ack, ACK, 65535, NULL, 0,
			 data + 1000, 1000);
		peer_raw(&q, q.seq, q.ack, ACK, 65535, NULL, 0, data, 1000);
		bed_sleep(300 * NSEC_PER_MSEC);
		r = sys_recv(fd, buf + in, sizeof(buf) - in, 0);
		in += r > 0 ? r : 0;
		if (in == 2000)
			break;
	}
	q.seq += 2000;
	if (in != 2000 || memcmp(buf, data, in) != 0)
		bail_out("allocation %u failed: %zu bytes came", n, in);
	for (size_t out = 0; out < 5000;) {
		r = sys_send(fd, data + out, 5000 - out, 0);
		if (r < 0 && r != -EAGAIN)
			bail_out("allocation %u failed: send: %zd", n, r);
		out += r > 0 ? r : 0;
		bed_sleep(100 * NSEC_PER_MSEC);
	}
	sys_close(fd);
	r = swallow(&q, buf, sizeof(buf), &fin);
	if (r != 5000 || !fin || memcmp(buf, data, r) != 0)
		bail_out("allocation %u failed: %zd bytes left", n, r);
	peer_send(&q, ACK | FIN, NULL, 0);
	failed = bed_failed();
	bed_fail(0);
	bed_sleep(65 * NSEC_PER_SEC);
	bed_forget_sent();
	return failed;
}

static void test_failures(void)
{
	int lfd = listener(50);
	unsigned int n = 1;

	while (life(lfd, n))
		n++;
	ok(n > 10, "each of %u allocations fails in turn: all data arrives",
	   n - 1);
	sys_close(lfd);
	no_leaks("failures");
}

/* What SO_RCVLOWAT waits for cannot come: what is there has to do. */
static void test_lowat(void)
{
	size_t all = 2 * net_memory_limit();
	int lfd = listener(5), fd = accepted(lfd, &p[0]);
	int near = sys_socket_open(SOCK_STREAM, true), far;

	sys_set(fd, 1, 18, 5000); /* SO_RCVLOWAT */
	sys_watch(fd);
	peer_send(&p[0], ACK | PSH, data, 1000);
	ok(!(sys_poll_mask(fd) & EPOLLIN) && !sys_edges(fd, NULL),
	   "SO_RCVLOWAT: 1,000 bytes are not enough");
	net_memory_charge(all);
	peer_raw(&p[0], p[0].seq, p[0].ack, ACK, 65535, NULL, 0, data, 1000);
	bed_run();
	ok(sys_poll_mask(fd) & EPOLLIN && sys_edges(fd, NULL),
	   "SO_RCVLOWAT: ... unless there is no memory for more");
	net_memory_uncharge(all);
	is(sys_recv(fd, buf, 10000, 0), 1000, "SO_RCVLOWAT: they are read");

	sys_connect_to(near, "127.0.0.1", PORT);
	far = sys_accept_from(lfd, true);
	sys_set(far, 1, 18, 5000);
	sys_watch(far);
	is(sys_send(near, data, 1000, 0), 1000, "SO_RCVLOWAT: inside");
	ok(!(sys_poll_mask(far) & EPOLLIN) && !sys_edges(far, NULL),
	   "SO_RCVLOWAT: not enough");
	bed_no_memory(true);
	while (sys_send(near, data, 1000, 0) > 0)
		;
	ok(sys_poll_mask(far) & EPOLLIN && sys_edges(far, NULL),
	   "SO_RCVLOWAT: ... and so readable");
	bed_no_memory(false);
	ok(sys_recv(far, buf, 10000, 0) >= 1000, "SO_RCVLOWAT: it is read");
	sys_close(near);
	sys_close(far);
	peer_send(&p[0], RST, NULL, 0);
	sys_close(fd);
	sys_close(lfd);
	no_leaks("SO_RCVLOWAT");
}

int main(void)
{
	begin();
	test_lowat();
	test_budget();
	test_relief();
	test_mute();
	test_no_pages();
	test_few_pages();
	test_no_sock();
	test_windows();
	test_failures();
	return bed_done();
}
