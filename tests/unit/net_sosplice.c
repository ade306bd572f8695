/* SPDX-License-Identifier: MIT */
/* unit: @net */
/* unit: tests/unit/bed/net_tcp.c */
/*
 * SO_SPLICE and splice(2) on the bed:
 *
 *	peer p ---- a =====> b ---- peer q	over the wire
 *	peer p ---- a =====> b ---- c		c is local
 *
 * What arrives at a leaves at b, in order, and the owner of a hears nothing
 * before the end; whoever is slow or gone stops the other, and nothing leaks.
 */
#include <errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <string.h>

#include "bed/net_tcp.h"
#include "kernel/base.h"
#include "kernel/fs/file.h"
#include "kernel/pipe/pipe.h"
#include "kernel/pipe/pipe_impl.h"
#include "kernel/pipe/splice.h"
#include "lib/tap.h"
#include "net/base/rxqueue.h"
#include "net/socket/sockopt.h"
#include "net/tcp/sosplice.h"

#define SOL_SOCKET 1
#define SO_ERROR 4
#define SO_RCVLOWAT 18
#define LOCAL "127.0.0.1"
#define SEGMENT 1000

static struct peer p, q;
static int lfd, a, b, c;

static int splice(int from, int to)
{
	return sock_setsockopt(fd_socket(from), SOL_SOCKET, SO_SPLICE, &to,
			       sizeof(to), sizeof(to));
}

static int splice_with(int from, int to, int64_t max, int64_t idle)
{
	struct sosplice_request request = {
		.sp_fd = to,
		.sp_max = max,
		.sp_idle = { idle, 0 },
	};

	return sock_setsockopt(fd_socket(from), SOL_SOCKET, SO_SPLICE, &request,
			       sizeof(request), sizeof(request));
}

static int64_t moved(int fd)
{
	struct sockopt_value out = { 0 };
	int64_t n;

	sock_getsockopt(fd_socket(fd), SOL_SOCKET, SO_SPLICE, sizeof(n), &out);
	memcpy(&n, out.data, sizeof(n));
	return n;
}

/* Two connections of the wire. */
static void wire(void)
{
	lfd = listener(10);
	a = accepted(lfd, &p);
	b = accepted(lfd, &q);
	c = -1;
}

/* A local connection: its accepted end; *to is the other. */
static int local(int *to)
{
	int fd;

	*to = sys_socket_open(SOCK_STREAM, true);
	sys_connect_to(*to, LOCAL, PORT);
	bed_run();
	fd = sys_accept_from(lfd, true);
	if (fd < 0)
		bail_out("accept: %d", fd);
	return fd;
}

/* One of the wire, one local. */
static void half(void)
{
	lfd = listener(10);
	a = accepted(lfd, &p);
	b = local(&c);
}

static void end(const char *name)
{
	int fds[] = { lfd, a, b, c };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			sys_close(fds[i]);
	bed_run();
	peer_send(&p, RST | ACK, NULL, 0);
	peer_send(&q, RST | ACK, NULL, 0);
	no_leaks(name);
}

/*
 * From p, as far as its window lets it; from the first byte of data on. What
 * was sent to q is lost.
 */
static size_t push(size_t from, size_t to)
{
	bed_run();
	while (from < to) {
		size_t n = MIN(to - from, (size_t)SEGMENT);

		while (peer_take(&p))
			;
		if (p.got_ack + ((uint32_t)p.got_window << p.scale) - p.seq < n)
			break;
		peer_send(&p, ACK | PSH, data + from, n);
		bed_run();
		from += n;
	}
	return from;
}

static void test_wire(void)
{
	bool fin;

	wire();
	sys_set(a, SOL_SOCKET, SO_RCVLOWAT, 20000);
	sys_watch(a);
	peer_send(&p, ACK | PSH, data, 500);
	bed_run();
	sys_edges(a, NULL);
	is(splice(a, b), 0, "wire: spliced");
	bed_run();
	is(swallow(&q, buf, sizeof(buf), &fin), 500,
	   "wire: what was there before leaves first");
	for (int i = 0; i < 9; i++)
		peer_send(&p, ACK | PSH, data + 500 + i * SEGMENT, SEGMENT);
	bed_run();
	is(sys_edges(a, NULL), 0, "wire: the owner of the source is not woken");
	is(sys_poll_mask(a) & IN, 0, "wire: it is not readable");
	is(sys_recv(a, buf, 10, 0), -EAGAIN, "wire: nor read");
	is(swallow(&q, buf + 500, sizeof(buf), &fin), 9000, "wire: the rest");
	is_mem(buf, data, 9500, "wire: every byte in order");
	is(moved(a), 9500, "wire: is counted");
	peer_send(&p, FIN | ACK, NULL, 0);
	bed_run();
	is(sys_poll_mask(a) & (IN | EPOLLRDHUP), IN | EPOLLRDHUP,
	   "wire: the end of the source is seen");
	ok(sys_edges(a, NULL) > 0, "wire: and told");
	is(sys_recv(a, buf, 10, 0), 0, "wire: and read");
	swallow(&q, buf, sizeof(buf), &fin);
	ok(!fin, "wire: it is not passed on");
	is(sys_send(b, data, 10, 0), 10, "wire: the drain can be written to");
	is(moved(a), 9500, "wire: the count stays");
	end("wire");
}

static void test_both_ways(void)
{
	bool fin;

	wire();
	is(splice(a, b), 0, "both ways: one");
	is(splice(b, a), 0, "both ways: the other");
	peer_send(&p, ACK | PSH, "question", 8);
	bed_run();
	is(swallow(&q, buf, sizeof(buf), &fin), 8, "both ways: there");
	peer_send(&q, ACK | PSH, "answer", 6);
	bed_run();
	is(swallow(&p, buf, sizeof(buf), &fin), 6, "both ways: and back");
	peer_send(&p, FIN | ACK, NULL, 0);
	bed_run();
	is(sys_shutdown_how(b, SHUT_WR), 0, "both ways: half-close handed on");
	peer_send(&q, ACK | PSH, "late", 4);
	bed_run();
	is(swallow(&p, buf, sizeof(buf), &fin), 4,
	   "both ways: the other direction goes on");
	is(splice(a, -1), 0, "both ways: ended twice");
	is(splice(b, -1), 0, "both ways: ended");
	peer_send(&q, ACK | PSH, "read", 4);
	bed_run();
	is(sys_recv(b, buf, 10, 0), 4, "both ways: a socket like any other");
	end("both ways");
}

/* A drain that takes nothing stops the source's peer, here a local one. */
static void test_pressure(void)
{
	size_t sent = 0, got = 0;
	ssize_t n;
	bool fin;
	int d;

	lfd = listener(10);
	a = local(&d);
	b = accepted(lfd, &q);
	c = -1;
	q.window = 0;
	peer_send(&q, ACK, NULL, 0);
	splice(a, b);
	while ((n = sys_send(d, data + sent, sizeof(data) - sent, 0)) > 0) {
		sent += n;
		bed_run();
	}
	ok(sent < sizeof(data), "pressure: the source's peer has to stop");
	is(n, -EAGAIN, "pressure: EAGAIN");
	is(sys_poll_mask(a) & IN, 0, "pressure: the source is not readable");
	q.window = 60000;
	peer_send(&q, ACK, NULL, 0);
	for (int i = 0; i < 100 && got < sizeof(data); i++) {
		got += swallow(&q, buf + got, sizeof(buf) - got, &fin);
		n = sys_send(d, data + sent, sizeof(data) - sent, 0);
		sent += n > 0 ? n : 0;
	}
	is(got, sizeof(data), "pressure: and can go on");
	is_mem(buf, data, sizeof(data), "pressure: every byte in order");
	sys_close(d);
	end("pressure");
}

static void test_local(void)
{
	size_t sent, got = 0;

	half();
	splice(a, b);
	sent = push(0, 100 * SEGMENT);
	ok(bed_rx_held > 0,
	   "local: the device's buffers are in the queue of c");
	is(sys_recv(c, buf, sizeof(buf), 0), (ssize_t)sent,
	   "local: which reads them");
	is(bed_rx_held, 0, "local: and gives them back");
	is_mem(buf, data, sent, "local: every byte in order");
	sent = push(sent, sizeof(data));
	ok(sent < sizeof(data), "local: a reader that is slow closes a window");
	got = 100 * SEGMENT;
	for (int i = 0; i < 1000 && got < sizeof(data); i++) {
		ssize_t n = sys_recv(c, buf + got, 30011, 0);

		got += n > 0 ? n : 0;
		sent = push(sent, sizeof(data));
	}
	is_mem(buf, data, sizeof(data), "local: and opens it");
	end("local");
}

/* Two local connections: their buffers change queues. */
static void test_local_local(void)
{
	int d, one, other;
	size_t got = 0, sent = 0;

	lfd = listener(10);
	one = local(&d);
	other = local(&c);
	splice(one, other);
	for (int i = 0; i < 1000 && got < sizeof(data); i++) {
		ssize_t n = sys_send(d, data + sent,
				     MIN(sizeof(data) - sent, 50021UL), 0);

		sent += n > 0 ? n : 0;
		bed_run();
		n = sys_recv(c, buf + got, 40009, 0);
		got += n > 0 ? n : 0;
	}
	is_mem(buf, data, sizeof(data), "local: between two");
	a = one;
	b = other;
	sys_close(d);
	bed_run();
	is(sys_poll_mask(one) & IN, IN, "local: the end is seen");
	end("local to local");
}

static void test_maximum(void)
{
	half();
	is(splice_with(a, b, 2500, 0), 0, "maximum: of 2500 bytes");
	push(0, 4000);
	is(sys_recv(c, buf, sizeof(buf), 0), 2500, "maximum: so many arrive");
	is(moved(a), 2500, "maximum: are counted");
	ok(sys_poll_mask(a) & EPOLLERR, "maximum: the source has an error");
	is(sys_get(a, SOL_SOCKET, SO_ERROR), EFBIG, "maximum: EFBIG");
	is(sys_recv(a, buf, sizeof(buf), 0), 1500,
	   "maximum: the rest is there");
	is_mem(buf, data + 2500, 1500, "maximum: as it should be");
	end("maximum");
}

static void test_idle(void)
{
	half();
	is(splice_with(a, b, 0, 2), 0, "idle: two seconds");
	bed_sleep(1500 * NSEC_PER_MSEC);
	push(0, 10);
	bed_sleep(1500 * NSEC_PER_MSEC);
	is(sys_get(a, SOL_SOCKET, SO_ERROR), 0, "idle: any byte starts anew");
	bed_sleep(600 * NSEC_PER_MSEC);
	is(sys_get(a, SOL_SOCKET, SO_ERROR), ETIMEDOUT, "idle: ETIMEDOUT");
	push(10, 20);
	is(sys_recv(a, buf, sizeof(buf), 0), 10, "idle: it has ended");
	end("idle");
}

static void test_errors(void)
{
	wire();
	splice(a, b);
	sys_shutdown_how(b, SHUT_WR);
	bed_run();
	is(sys_get(a, SOL_SOCKET, SO_ERROR), EPIPE,
	   "errors: drain shut: EPIPE");
	end("drain shut");

	wire();
	splice(a, b);
	peer_send(&q, RST | ACK, NULL, 0);
	bed_run();
	is(sys_get(a, SOL_SOCKET, SO_ERROR), ECONNRESET, "errors: drain reset");
	is(sys_get(b, SOL_SOCKET, SO_ERROR), ECONNRESET,
	   "errors: it knows too");
	end("drain reset");

	wire();
	splice(a, b);
	peer_send(&p, RST | ACK, NULL, 0);
	bed_run();
	is(sys_poll_mask(a) & (IN | EPOLLERR), IN | EPOLLERR,
	   "errors: source reset: seen");
	is(sys_get(a, SOL_SOCKET, SO_ERROR), ECONNRESET, "errors: its own");
	is(splice(a, b), -ENOTCONN, "errors: not again");
	end("source reset");
}

static void test_closed(void)
{
	wire();
	splice(a, b);
	sys_close(b);
	b = -1;
	push(0, 10);
	is(sys_recv(a, buf, 100, 0), 10, "closed: without a drain a is read");
	end("drain closed");

	wire();
	splice(a, b);
	splice(b, a);
	push(0, 10);
	sys_close(a);
	a = -1;
	peer_send(&q, ACK | PSH, data, 5);
	bed_run();
	is(sys_recv(b, buf, 100, 0), 5, "closed: the other direction ends too");
	end("source closed");
}

static void test_arguments(void)
{
	int udp = sys_socket_open(SOCK_DGRAM, true);
	int fresh = sys_socket_open(SOCK_STREAM, true);
	int route = sys_socket_in(AF_NETLINK, SOCK_RAW, 0, true);
	uint8_t odd[3] = { 0 };

	wire();
	is(splice(a, 1000), -EBADF, "arguments: bad descriptor");
	is(splice(a, udp), -EPROTONOSUPPORT, "arguments: a datagram drain");
	is(splice(udp, a), -EPROTONOSUPPORT, "arguments: a datagram source");
	is(sys_get(route, SOL_SOCKET, SO_SPLICE), -EPROTONOSUPPORT,
	   "arguments: of netlink");
	is(splice(a, lfd), -EOPNOTSUPP, "arguments: a listener");
	is(splice(a, fresh), -ENOTCONN, "arguments: not connected");
	is(splice(fresh, a), -ENOTCONN, "arguments: the source neither");
	is(splice_with(a, b, -1, 0), -EINVAL, "arguments: a negative maximum");
	is(splice_with(a, b, 0, -1), -EINVAL, "arguments: a negative time");
	is(sock_setsockopt(fd_socket(a), SOL_SOCKET, SO_SPLICE, odd, 3, 3),
	   -EINVAL, "arguments: a length that is none");
	is(moved(a), 0, "arguments: nothing was ever moved");
	is(splice(a, -1), 0, "arguments: nothing to end");
	is(splice(a, b), 0, "arguments: good ones");
	is(splice(a, b), -EBUSY, "arguments: a source is busy");
	is(splice(b, b), -EBUSY, "arguments: so is a drain");
	is(splice(b, a), 0, "arguments: not the other way round");
	sys_close(udp);
	sys_close(fresh);
	sys_close(route);
	end("arguments");
}

/* A socket spliced to itself is an echo. */
static void test_echo(void)
{
	bool fin;

	wire();
	is(splice(a, a), 0, "echo: to itself");
	for (int i = 0; i < 5; i++)
		peer_send(&p, ACK | PSH, data + i * SEGMENT, SEGMENT);
	bed_run();
	is(swallow(&p, buf, sizeof(buf), &fin), 5000, "echo: comes back");
	is_mem(buf, data, 5000, "echo: as it was");
	end("echo");
}

/*
 *	d -- one ====> other -- c ====> d	and round again
 */
static void test_circle(void)
{
	int d, one, other;

	lfd = listener(10);
	one = local(&d);
	other = local(&c);
	is(splice_with(one, other, 1 << 20, 0), 0, "circle: with a maximum");
	is(splice(c, d), 0, "circle: closed");
	sys_send(d, data, 1000, 0);
	bed_run();
	is(moved(one), 1 << 20, "circle: runs, and not too deep");
	is(sys_get(one, SOL_SOCKET, SO_ERROR), EFBIG, "circle: until its end");
	sys_close(d);
	a = one;
	b = other;
	end("circle");
}

/* Every allocation in turn fails: all arrives, or the splice says why not. */
static void test_failures(void)
{
	for (unsigned int n = 1; n < 40; n++) {
		size_t got = 0;
		int err, d;

		lfd = listener(10);
		a = local(&d);
		b = local(&c);
		bed_fail(n);
		err = splice_with(a, b, 5500, 0);
		if (err == -ENOMEM)
			err = splice_with(a, b, 5500, 0);
		for (size_t sent = 0; sent < 6000;) {
			ssize_t part = sys_send(d, data + sent, 6000 - sent, 0);

			sent += part > 0 ? part : 0;
		}
		bed_run();
		if (sys_get(a, SOL_SOCKET, SO_ERROR) == ENOMEM)
			splice_with(a, b, 5500 - moved(a), 0);
		bed_run();
		bed_fail(0);
		got = sys_recv(c, buf, sizeof(buf), 0);
		ok(!err && got == 5500 && !memcmp(buf, data, got),
		   "failures: allocation %u", n);
		sys_close(d);
		end("failures");
	}
}

/* ---- splice(2), on the same bed ------------------------------------------ */

static struct file *ends[2];

static ssize_t to_pipe(int fd, size_t n)
{
	return do_splice(fd_socket(fd)->file, NULL, ends[1], NULL, n, 0);
}

static ssize_t from_pipe(int fd, size_t n)
{
	return do_splice(ends[0], NULL, fd_socket(fd)->file, NULL, n, 0);
}

static void new_pipe(struct file *fresh[2])
{
	if (pipe_create(O_NONBLOCK, fresh))
		bail_out("no pipe");
	pipe_set_size(fresh[0], 1 << 20);
}

static void pipe_open(void)
{
	half();
	new_pipe(ends);
}

static void pipe_close(const char *name)
{
	fput(ends[0]);
	fput(ends[1]);
	end(name);
}

/* From the wire through a pipe to c: the very buffers. */
static void test_pipe(void)
{
	struct pipe_buffer copy;
	struct pipe *pipe;

	pipe_open();
	pipe = file_pipe(ends[0]);
	push(0, 5000);
	is(bed_rx_held, 5, "pipe: received");
	is(to_pipe(a, 5000), 5000, "pipe: all of it");
	is(bed_rx_held, 5, "pipe: by reference");
	is(from_pipe(b, 4500), 4500, "pipe: on to a socket, the last one cut");
	is(bed_rx_held, 5, "pipe: by reference");
	is(pipe_slot(pipe, pipe->tail)->len, 500, "pipe: the rest of it waits");
	is(pipe_buf_share(&copy, pipe_slot(pipe, pipe->tail), 500), 0,
	   "pipe: somebody else refers to it");
	is(from_pipe(b, 500), 500, "pipe: then it is copied");
	copy.ops->release(&copy);
	is(sys_recv(c, buf, sizeof(buf), 0), 5000, "pipe: and read");
	is_mem(buf, data, 5000, "pipe: every byte in order");
	is(bed_rx_held, 0, "pipe: then the buffers are back");
	pipe_close("pipe");
}

#define HELD 120

static size_t fill_one(size_t from)
{
	size_t n;

	for (n = 0; n < HELD; n++) {
		push(from, from + SEGMENT);
		if (to_pipe(a, SEGMENT) != SEGMENT)
			break;
		from += SEGMENT;
	}
	return n;
}

/* Pipes that nobody reads cannot keep all of the device's buffers. */
static void test_pipe_short(void)
{
	struct file *full[2];

	pipe_open();
	new_pipe(full);
	is(fill_one(0), HELD, "short: a pipe full");
	is(bed_rx_held, HELD, "short: by reference at first");
	do_splice(ends[0], NULL, full[1], NULL, 1 << 20, 0);
	is(fill_one(HELD * SEGMENT), HELD, "short: one more");
	ok(bed_rx_held < 2 * HELD, "short: then by a copy");
	is(from_pipe(b, 100 * SEGMENT), 100 * SEGMENT, "short: and out");
	is(sys_recv(c, buf, sizeof(buf), 0), 100 * SEGMENT, "short: is read");
	is_mem(buf, data + HELD * SEGMENT, 100 * SEGMENT,
	       "short: every byte in order");
	fput(full[0]);
	fput(full[1]);
	pipe_close("short: what the pipes still held");
}

/* The charge of what pipes hold counts until it is released. */
static void test_pipe_memory(void)
{
	size_t before = rxqueue_memory();

	pipe_open();
	push(0, 5000);
	to_pipe(a, 5000);
	ok(rxqueue_lent_memory() >= 5000, "memory: a pipe's is counted");
	from_pipe(b, 5000);
	ok(rxqueue_memory() >= before + 5000, "memory: and goes on");
	sys_recv(c, buf, sizeof(buf), 0);
	is(rxqueue_memory() + rxqueue_lent_memory(), before,
	   "memory: until it is read");
	pipe_close("memory");
}

int main(void)
{
	begin();
	test_wire();
	test_both_ways();
	test_pressure();
	test_local();
	test_local_local();
	test_maximum();
	test_idle();
	test_errors();
	test_closed();
	test_arguments();
	test_echo();
	test_circle();
	test_failures();
	test_pipe();
	test_pipe_short();
	test_pipe_memory();
	return bed_done();
}
