/* SPDX-License-Identifier: MIT */
/* unit: tests/unit/bed/net_tcp.c */
/* unit: @net */
/*
 * Room to send. Of every connection, whatever its segments, its buffer and its
 * queue are like, two things hold:
 *
 *  - when it is writable, a write takes a byte;
 *  - when a write takes none, it is not writable, and becomes so, with an edge,
 *    once the peer acknowledges or memory is there again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/eventpoll.h>

#include "bed/net_tcp.h"
#include "kernel/base.h"
#include "kernel/fs/file.h"
#include "lib/tap.h"
#include "net/base/memory.h"
#include "net/socket/socket.h"
#include "net/socket/sockopt.h"

#define SOL_SOCKET 1
#define SO_SNDBUF 7
#define SO_SNDTIMEO 21
#define IPPROTO_TCP 6
#define TCP_NODELAY 1
#define TCP_CORK 3
#define TCP_NOTSENT_LOWAT 25
#define MSG_MORE 0x8000

#define RETRY \
	(25 * NSEC_PER_MSEC) /* a little more than net/tcp/memory_wait.c's */

static int lfd;

/* As accepted(), with this MSS. */
static int joined(struct peer *p, unsigned int mss, uint16_t window)
{
	uint8_t options[] = { 2, 4, mss >> 8, mss & 0xff, 1, 3, 3, 3 };
	int fd;

	memset(p, 0, sizeof(*p));
	p->port = next_port++;
	p->dport = PORT;
	p->seq = rand();
	p->window = window;
	p->scale = 3;
	peer_raw(p, p->seq++, 0, SYN, 65535, options, sizeof(options), NULL, 0);
	bed_run();
	if (!peer_take(p) || p->got_flags != (SYN | ACK))
		bail_out("no SYN|ACK");
	p->ack = p->got_seq + 1;
	peer_send(p, ACK, NULL, 0);
	fd = sys_accept_from(lfd, true);
	if (fd < 0)
		bail_out("accept: %d", fd);
	sys_watch(fd);
	return fd;
}

static void leave(int fd, struct peer *p)
{
	peer_send(p, RST, NULL, 0);
	sys_close(fd);
	bed_forget_sent();
}

static bool is_out(int fd)
{
	return sys_poll_mask(fd) & EPOLLOUT;
}

/*
 * Writes of so many bytes, 0: of any number, until one takes nothing; false: a
 * rule is broken.
 */
static bool fill(int fd, size_t chunk, int flags, size_t *total)
{
	for (;;) {
		bool out = is_out(fd);
		size_t want = chunk ? chunk : 1U + rand() % 20000;
		ssize_t n = sys_send(fd, data, want, flags);

		if (n > 0) {
			*total += n;
			continue;
		}
		if (n == -EAGAIN && !out && !is_out(fd))
			return true;
		diag("after %zu bytes: %zd, writable %d, then %d", *total, n,
		     out, is_out(fd));
		return false;
	}
}

/*
 * The peer acknowledges what it has got, all of it or a part at a time, and its
 * window is open.
 */
static bool room_comes(int fd, struct peer *p, bool all)
{
	uint32_t acked = p->ack;

	for (int round = 0; round < 500; round++) {
		if (is_out(fd))
			return sys_edges(fd, NULL) > 0;
		peer_drain(p, buf, sizeof(buf));
		if (all)
			acked = p->ack;
		else if (acked != p->ack)
			acked += 1 + rand() % (p->ack - acked);
		peer_raw(p, p->seq, acked, ACK, 65535, NULL, 0, NULL, 0);
		bed_sleep(10 * NSEC_PER_MSEC);
	}
	diag("it stays full");
	return false;
}

struct setting {
	const char *name;
	int level, option, value;
	int flags;
};

static const struct setting settings[] = {
	{ "as it is", 0, 0, 0, 0 },
	{ "the least SO_SNDBUF", SOL_SOCKET, SO_SNDBUF, 1, 0 },
	{ "SO_SNDBUF of 20,000", SOL_SOCKET, SO_SNDBUF, 20000, 0 },
	{ "the largest SO_SNDBUF", SOL_SOCKET, SO_SNDBUF, 1 << 30, 0 },
	{ "TCP_NOTSENT_LOWAT of 1", IPPROTO_TCP, TCP_NOTSENT_LOWAT, 1, 0 },
	{ "TCP_NOTSENT_LOWAT of 3,000", IPPROTO_TCP, TCP_NOTSENT_LOWAT, 3000,
	  0 },
	{ "TCP_CORK", IPPROTO_TCP, TCP_CORK, 1, 0 },
	{ "TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY, 1, 0 },
	{ "MSG_MORE", 0, 0, 0, MSG_MORE },
	{ "MSG_OOB", 0, 0, 0, MSG_OOB },
};

static bool holds(const struct setting *s, unsigned int mss, uint16_t window,
		  size_t chunk)
{
	struct peer p;
	int fd = joined(&p, mss, window);
	size_t total = 0;
	bool good = true;

	if (s->option)
		good = !sys_set(fd, s->level, s->option, s->value);
	for (int i = 0; good && i < 3; i++) {
		good = fill(fd, chunk, s->flags, &total);
		sys_edges(fd, NULL);
		good = good && room_comes(fd, &p, i & 1);
	}
	if (!good)
		diag("%s, MSS %u, window %u, writes of %zu", s->name, mss,
		     window, chunk);
	leave(fd, &p);
	return good;
}

/* Each MSS with one size of writes and one window in turn. */
static void test_setting(const struct setting *s)
{
	static const unsigned int msses[] = {
		1, 48, 52, 57, 60, 88, 100, 200, 536, 1460, 9000,
	};
	static const uint16_t windows[] = { 8, 64, 65535 };
	static const size_t chunks[] = { 0,    1,     57,    1460, 1461,
					 9000, 16060, 16061, 65536 };
	bool good = true;

	for (size_t i = 0; i < ARRAY_SIZE(msses); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(windows); j++)
			good &= holds(s, msses[i], windows[j],
				      chunks[(i + j) % ARRAY_SIZE(chunks)]);
	}
	ok(good, "room to send: %s", s->name);
}

/* A blocking writer whose peer acknowledges nothing. */
static void test_blocking(void)
{
	static const unsigned int msses[] = { 48, 57, 60, 536, 1460 };

	for (size_t i = 0; i < ARRAY_SIZE(msses); i++) {
		int64_t time[2] = { 2, 0 };
		struct peer p;
		int fd = joined(&p, msses[i], 65535);
		struct socket *sock = fd_socket(fd);
		uint64_t start = bed_now();
		ssize_t n, sum = 0;

		sock->file->f_flags = 0;
		sock_setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, time,
				sizeof(time), sizeof(time));
		while ((n = sys_send(fd, data, 65536, 0)) > 0)
			sum += n;
		ok(n == -EAGAIN && sum > 0 &&
			   bed_now() - start >= 2 * NSEC_PER_SEC,
		   "a blocking writer sleeps: MSS %u", msses[i]);
		leave(fd, &p);
	}
}

/* No memory for the first byte: nobody's acknowledgement will tell. */
static void test_no_memory(void)
{
	struct peer p;
	int fd = joined(&p, 1460, 65535);

	is(sys_send(fd, data, 100, 0), 100, "no memory: before");
	peer_drain(&p, buf, sizeof(buf));
	peer_send(&p, ACK, NULL, 0);
	sys_edges(fd, NULL);
	bed_no_memory(true);
	for (int i = 0; i < 3; i++) {
		is(sys_send(fd, data, 100000, 0), -EAGAIN,
		   "no memory: nothing is queued");
		ok(!is_out(fd), "no memory: not writable");
		is(sys_edges(fd, NULL), 0, "no memory: no edge");
		bed_sleep(RETRY);
		ok(sys_edges(fd, NULL) && is_out(fd),
		   "no memory: another try is due after a while");
	}
	is(sys_send(fd, data, 100000, 0), -EAGAIN, "no memory: still none");
	bed_no_memory(false);
	bed_sleep(RETRY);
	ok(sys_edges(fd, NULL) && is_out(fd), "no memory: until there is some");
	ok(sys_send(fd, data, 100000, 0) > 0, "no memory: then it is queued");
	leave(fd, &p);
}

/* The others hold all that there is when the last acknowledgement comes. */
static void test_no_share(void)
{
	size_t all = 2 * net_memory_limit(), total = 0;
	struct peer p;
	int fd = joined(&p, 1460, 65535);

	ok(fill(fd, 0, 0, &total), "no share: it is full");
	sys_edges(fd, NULL);
	net_memory_charge(all);
	for (int i = 0; i < 50; i++) {
		peer_drain(&p, buf, sizeof(buf));
		peer_send(&p, ACK, NULL, 0);
		bed_sleep(10 * NSEC_PER_MSEC);
	}
	ok(!is_out(fd) && !sys_edges(fd, NULL),
	   "no share: all is acknowledged, and there is no room");
	net_memory_uncharge(all);
	bed_sleep(RETRY);
	ok(sys_edges(fd, NULL) && is_out(fd), "no share: until there is some");
	leave(fd, &p);
}

/* Nothing is on its way that a timer would send again. */
static void test_link(void)
{
	struct peer p;
	int fd = joined(&p, 1460, 65535);

	bed_link(false);
	is(sys_send(fd, data, 100, 0), 100, "link down: queued");
	bed_sleep(3 * NSEC_PER_SEC);
	bed_link(true);
	bed_sleep(3 * NSEC_PER_SEC);
	is(peer_drain(&p, buf, sizeof(buf)), 100, "link up: it is sent");
	leave(fd, &p);
}

static void memory_is_back(void)
{
	bed_no_memory(false);
}

static void test_no_memory_blocking(void)
{
	struct peer p;
	int fd = joined(&p, 536, 65535);

	fd_socket(fd)->file->f_flags = 0;
	bed_no_memory(true);
	bed_meanwhile = memory_is_back;
	is(sys_send(fd, data, 3000, 0), 3000,
	   "no memory: a blocking writer sleeps until there is some");
	bed_meanwhile = NULL;
	leave(fd, &p);
}

/* A connection inside the machine: both ends are the test's. */
static void test_local(void)
{
	int fd = sys_socket_open(SOCK_STREAM, true), far;

	sys_connect_to(fd, "127.0.0.1", PORT);
	far = sys_accept_from(lfd, true);
	ok(far >= 0, "local: connected");
	sys_watch(fd);
	bed_no_memory(true);
	is(sys_send(fd, data, 5000, 0), -EAGAIN, "local, no memory: EAGAIN");
	ok(!is_out(fd), "local, no memory: not writable");
	bed_sleep(RETRY);
	ok(sys_edges(fd, NULL) && is_out(fd), "local, no memory: tries again");
	is(sys_send(fd, data, 5000, MSG_MORE), -EAGAIN,
	   "local, no memory: nothing for what is corked either");
	bed_no_memory(false);
	bed_sleep(RETRY);
	ok(sys_edges(fd, NULL) && is_out(fd), "local: there is some");
	fd_socket(fd)->file->f_flags = 0;
	bed_no_memory(true);
	bed_meanwhile = memory_is_back;
	is(sys_send(fd, data, 5000, 0), 5000,
	   "local, no memory: a blocking writer sleeps");
	bed_meanwhile = NULL;
	is(sys_recv(far, buf, sizeof(buf), 0), 5000, "local: all arrives");
	is_mem(buf, data, 5000, "local: as it was sent");
	sys_close(fd);
	sys_close(far);
}

static int other; /* what another thread makes a listener of */

static void listen_instead(void)
{
	struct socket *sock = fd_socket(other);
	struct sockaddr_any none = { 0 }; /* AF_UNSPEC */

	bed_meanwhile = NULL;
	sock->ops->connect(sock, &none, sizeof(none.in), true);
	if (sys_listen_on(other, 1))
		bail_out("cannot listen");
}

/* A listener's pcb is smaller: nothing of a send may look at it. */
static void test_listens(void)
{
	struct peer p;

	other = joined(&p, 1460, 1000);
	fd_socket(other)->file->f_flags = 0;
	bed_meanwhile = listen_instead;
	ok(sys_send(other, data, sizeof(data), 1) > 0,
	   "listens meanwhile: the send ends with what it has sent");
	bed_sleep(NSEC_PER_SEC);
	is(sys_poll_mask(other), 0, "listens meanwhile: and it listens");
	leave(other, &p);
}

int main(void)
{
	begin();
	lfd = listener(5);
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		test_setting(&settings[i]);
	test_blocking();
	test_no_memory();
	test_no_share();
	test_link();
	test_no_memory_blocking();
	test_local();
	test_listens();
	sys_close(lfd);
	is(net_memory_used(), 0, "nothing is in use");
	no_leaks("room to send");
	return bed_done();
}
