/* SPDX-License-Identifier: MIT */
/*
 * splice(2) between pipes and sockets: TCP over 127.0.0.1, AF_UNIX streams,
 * datagrams.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "sockets.h"
#include "splice.h"

#define MUCH (1 << 20)

static void local_pair(int type, int ends[2])
{
	MUST(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, ends));
}

static void tcp_pair(int ends[2])
{
	pair(ends);
	nonblock(ends[0]);
	nonblock(ends[1]);
}

/* What arrives in a pipe, when it has arrived. */
static long splice_when_readable(int in, int out, size_t len)
{
	wait_mask(in, POLLIN);
	return result(splice(in, NULL, out, NULL, len, 0));
}

/* ---- Streams of both families -------------------------------------------- */

static void test_stream(int ends[2], const char *what)
{
	loff_t off = 0;
	int a[2];

	printf("# %s\n", what);
	new_pipe(a);
	fails(splice(ends[0], NULL, a[1], NULL, 10, 0), EAGAIN,
	      "nothing there: EAGAIN");
	fails(splice(ends[0], &off, a[1], NULL, 10, 0), EINVAL,
	      "a socket has no offsets");
	fails(splice(ends[0], NULL, ends[1], NULL, 10, 0), EINVAL,
	      "two sockets without a pipe");
	put(ends[1], "hello");
	is(splice_when_readable(ends[0], a[1], 3), 3, "a part");
	is(mask(ends[0]), POLLIN | POLLOUT, "the rest is still to be read");
	is(splice_when_readable(ends[0], a[1], 100), 2, "the rest");
	is_str(text(a[0]), "hello", "in order");
	put(a[1], "good bye");
	is(splice(a[0], NULL, ends[0], NULL, 4, 0), 4, "back, a part");
	is(splice(a[0], NULL, ends[0], NULL, 100, SPLICE_F_MOVE), 4,
	   "and the rest");
	while (queued(ends[1]) < 8)
		usleep(1000);
	is_str(text(ends[1]), "good bye", "and arrives");
	fails(splice(a[0], NULL, ends[0], NULL, 1, 0), EAGAIN,
	      "an empty pipe: EAGAIN");
	put(ends[1], "from the socket, ");
	is(splice_when_readable(ends[0], a[1], 100), 17, "by reference");
	put(a[1], "from the pipe");
	is_str(text(a[0]), "from the socket, from the pipe",
	       "what a pipe gets afterwards comes afterwards");
	fill(a[1]);
	put(ends[1], "x");
	wait_mask(ends[0], POLLIN);
	fails(splice(ends[0], NULL, a[1], NULL, 1, 0), EAGAIN, "a full pipe");
	drain(a[0]);
	is(splice(ends[0], NULL, a[1], NULL, 1, 0), 1, "which was emptied");
	close_pipe(a);
}

/* The socket's side closed, in the order that matters. */
static void test_stream_end(int ends[2])
{
	int a[2];

	new_pipe(a);
	put(ends[1], "last");
	MUST(shutdown(ends[1], SHUT_WR));
	is(splice_when_readable(ends[0], a[1], 100), 4, "end: the last bytes");
	is(splice_when_readable(ends[0], a[1], 100), 0, "end: then 0");
	is_str(text(a[0]), "last", "end: they are there");
	put(a[1], "more");
	is(splice(a[0], NULL, ends[0], NULL, 4, 0), 4,
	   "end: the other direction goes on");
	put(a[1], "none");
	MUST(shutdown(ends[0], SHUT_WR));
	fails(splice(a[0], NULL, ends[0], NULL, 4, 0), EPIPE,
	      "end: until it is shut too: EPIPE");
	is(queued(a[0]), 4, "end: nothing is lost");
	close_pipe(a);
	close_pipe(ends);
}

/* Without O_NONBLOCK a call waits for the first bytes, and no more. */
struct job {
	int in;
	int out;
	size_t len;
	unsigned int flags;
};

static void *run_splice(void *arg)
{
	const struct job *job = arg;
	long n = splice(job->in, NULL, job->out, NULL, job->len, job->flags);

	return (void *)(n < 0 ? (long)-errno : n);
}

static void on_signal(int sig)
{
	(void)sig;
}

static void test_stream_waits(int ends[2])
{
	struct sigaction action = { .sa_handler = on_signal };
	struct job job = { .len = 100 };
	pthread_t thread;
	int a[2];

	MUST(sigaction(SIGUSR1, &action, NULL));
	MUST(pipe(a));
	set_flags(ends[0], 0);
	job.in = ends[0];
	job.out = a[1];
	thread = start_thread(run_splice, &job);
	put(ends[1], "abc");
	is(join(thread), 3, "waits: for bytes");
	MUST(read(a[0], bytes, 3));
	thread = start_thread(run_splice, &job);
	pthread_kill(thread, SIGUSR1);
	is(join(thread), -EINTR, "waits: a signal: EINTR");
	set_option(ends[0], SOL_SOCKET, SO_RCVLOWAT, 1);
	thread = start_thread(run_splice, &job);
	MUST(shutdown(ends[1], SHUT_WR));
	is(join(thread), 0, "waits: for the end");
	close_pipe(a);
	close_pipe(ends);
}

/* Everything that fits, then EAGAIN; a reader makes room. */
static void test_stream_full(int ends[2])
{
	struct job job;
	long sent = 0, got = 0, n;
	pthread_t thread;
	int a[2];

	new_pipe(a);
	for (;;) {
		fill(a[1]);
		n = splice(a[0], NULL, ends[0], NULL, CAPACITY, 0);
		if (n < 0)
			break;
		sent += n;
	}
	is(errno, EAGAIN, "full: EAGAIN");
	ok(sent > CAPACITY, "full: after some");
	is(mask(ends[0]) & POLLOUT, 0, "full: not writable");
	n = queued(a[0]);
	set_flags(ends[0], 0);
	set_flags(a[0], 0);
	job = (struct job){ a[0], ends[0], n, 0 };
	thread = start_thread(run_splice, &job);
	while (got < sent + n) {
		long part = read(ends[1], bytes, sizeof(bytes));

		if (part > 0)
			got += part;
		else
			wait_mask(ends[1], POLLIN);
	}
	is(join(thread), n, "full: waits for room, and sends all of it");
	is(got, sent + n, "full: every byte arrives");
	close_pipe(a);
	close_pipe(ends);
}

/* ---- One way through: socket, pipe, pipe, socket ------------------------- */

static unsigned char byte_at(size_t i)
{
	return i * 2654435761u >> 13;
}

static void *run_source(void *arg)
{
	static unsigned char block[10007];
	int fd = (int)(long)arg;

	for (size_t at = 0; at < MUCH;) {
		size_t n = MUCH - at < sizeof(block) ? MUCH - at :
						       sizeof(block);

		for (size_t i = 0; i < n; i++)
			block[i] = byte_at(at + i);
		for (size_t done = 0; done < n;)
			done += MUST(write(fd, block + done, n - done));
		at += n;
	}
	shutdown(fd, SHUT_WR);
	return NULL;
}

static void *run_relay(void *arg)
{
	const int *fds = arg;
	int a[2];

	MUST(pipe(a));
	for (;;) {
		long n = MUST(splice(fds[0], NULL, a[1], NULL, 50000,
				     SPLICE_F_MOVE | SPLICE_F_MORE));

		if (!n)
			break;
		while (n)
			n -= MUST(splice(a[0], NULL, fds[1], NULL, n,
					 SPLICE_F_MOVE));
	}
	shutdown(fds[1], SHUT_WR);
	close_pipe(a);
	return NULL;
}

static void test_relay(void (*in)(int ends[2]), void (*out)(int ends[2]),
		       const char *name)
{
	int source[2], sink[2], fds[2];
	pthread_t relay, writer;
	size_t at = 0, wrong = 0;
	long n;

	in(source);
	out(sink);
	for (int i = 0; i < 2; i++) {
		set_flags(source[i], 0);
		set_flags(sink[i], 0);
	}
	fds[0] = source[1];
	fds[1] = sink[0];
	pthread_create(&relay, NULL, run_relay, fds);
	pthread_create(&writer, NULL, run_source, (void *)(long)source[0]);
	while ((n = read(sink[1], bytes, sizeof(bytes))) > 0) {
		for (long i = 0; i < n; i++)
			wrong += (unsigned char)bytes[i] != byte_at(at + i);
		at += n;
	}
	pthread_join(relay, NULL);
	pthread_join(writer, NULL);
	ok(n == 0 && at == MUCH && !wrong, name);
	close_pipe(source);
	close_pipe(sink);
}

static void unix_stream(int ends[2])
{
	local_pair(SOCK_STREAM, ends);
}

/* ---- What is not connected, and what is no stream ------------------------ */

static void test_unconnected(void)
{
	int tcp = MUST(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
	int un = MUST(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)), a[2];

	new_pipe(a);
	fails(splice(tcp, NULL, a[1], NULL, 3, 0), ENOTCONN,
	      "unconnected: from TCP: ENOTCONN");
	put(a[1], "abc");
	fails(splice(a[0], NULL, tcp, NULL, 3, 0), EPIPE,
	      "unconnected: to TCP: EPIPE");
	MUST(listen(tcp, 1));
	fails(splice(tcp, NULL, a[1], NULL, 3, 0), ENOTCONN,
	      "unconnected: from a listener: ENOTCONN");
	fails(splice(a[0], NULL, tcp, NULL, 3, 0), EPIPE,
	      "unconnected: to a listener: EPIPE");
	fails(splice(un, NULL, a[1], NULL, 3, 0), EINVAL,
	      "unconnected: from AF_UNIX: EINVAL");
	fails(splice(a[0], NULL, un, NULL, 3, 0), ENOTCONN,
	      "unconnected: to AF_UNIX: ENOTCONN");
	is(queued(a[0]), 3, "unconnected: nothing is lost");
	close(tcp);
	close(un);
	close_pipe(a);
}

static void test_datagrams(int type)
{
	int ends[2], a[2];

	local_pair(type, ends);
	new_pipe(a);
	fails(splice(ends[0], NULL, a[1], NULL, 10, 0), EAGAIN,
	      "datagram: none: EAGAIN");
	put(ends[1], "hello, world");
	put(ends[1], "next");
	is(splice(ends[0], NULL, a[1], NULL, 5, 0), 5,
	   "datagram: one, cut to the length");
	is(splice(ends[0], NULL, a[1], NULL, 100, 0), 4, "datagram: the next");
	is(splice(a[0], NULL, ends[0], NULL, 100, 0), 9,
	   "datagram: what is in a pipe is one");
	is_str(text(ends[1]), "hellonext", "datagram: and arrives so");
	close_pipe(a);
	close_pipe(ends);
}

static void test_udp(void)
{
	int in = MUST(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
	int out = MUST(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)), a[2];

	new_pipe(a);
	put(a[1], "hello");
	fails(splice(a[0], NULL, out, NULL, 5, 0), EDESTADDRREQ,
	      "udp: to nowhere: EDESTADDRREQ");
	bind_to(in, 0);
	connect_to(out, port_of(in));
	is(splice(a[0], NULL, out, NULL, 5, 0), 5, "udp: connected");
	is(splice_when_readable(in, a[1], 100), 5, "udp: arrives");
	is_str(text(a[0]), "hello", "udp: in the pipe");
	close(in);
	close(out);
	close_pipe(a);
}

/* ---- Descriptors in a stream --------------------------------------------- */

static void test_rights(void)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { { 0 } };
	struct iovec vec = { "abc", 3 };
	struct msghdr msg = { .msg_iov = &vec,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	int ends[2], a[2], b[2], fd;

	unix_stream(ends);
	new_pipe(a);
	new_pipe(b);
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &b[1], sizeof(int));
	is(sendmsg(ends[1], &msg, 0), 3, "rights: a descriptor on the way");
	close(b[1]);
	is(mask(b[0]), 0, "rights: which keeps the pipe open");
	fd = dup(0);
	close(fd);
	is(splice(ends[0], NULL, a[1], NULL, 100, 0), 3, "rights: the bytes");
	is(dup(0), fd, "rights: no descriptor comes out");
	close(fd);
	is(mask(b[0]), POLLHUP, "rights: and it is closed");
	close(b[0]);
	close_pipe(a);
	close_pipe(ends);
}

/* ---- Events -------------------------------------------------------------- */

static void test_edges(int ends[2])
{
	int a[2], ep = new_epoll();

	new_pipe(a);
	MUST(add(ep, ends[0], EPOLLIN | EPOLLET, 's'));
	MUST(add(ep, a[0], EPOLLIN | EPOLLET, 'p'));
	sees(ep, "", "edges: nothing yet");
	put(ends[1], "hello");
	waits_for(ep, "s:IN", "edges: the socket has something");
	MUST(splice(ends[0], NULL, a[1], NULL, 2, 0));
	sees(ep, "p:IN", "edges: so has the pipe");
	MUST(splice(ends[0], NULL, a[1], NULL, 3, 0));
	sees(ep, "p:IN", "edges: and more");
	put(ends[1], "x");
	waits_for(ep, "s:IN", "edges: the socket again");
	close(ep);
	close_pipe(a);
	close_pipe(ends);
}

int main(void)
{
	int ends[2];

	deadline(50);
	signal(SIGPIPE, SIG_IGN);
	tcp_pair(ends);
	test_stream(ends, "TCP");
	test_stream_end(ends);
	tcp_pair(ends);
	test_stream_waits(ends);
	tcp_pair(ends);
	test_stream_full(ends);
	tcp_pair(ends);
	test_edges(ends);
	unix_stream(ends);
	test_stream(ends, "AF_UNIX");
	test_stream_end(ends);
	unix_stream(ends);
	test_stream_waits(ends);
	unix_stream(ends);
	test_stream_full(ends);
	unix_stream(ends);
	test_edges(ends);
	test_relay(tcp_pair, tcp_pair, "relay: from TCP to TCP");
	test_relay(unix_stream, unix_stream, "relay: from AF_UNIX to AF_UNIX");
	test_relay(tcp_pair, unix_stream, "relay: from TCP to AF_UNIX");
	test_relay(unix_stream, tcp_pair, "relay: from AF_UNIX to TCP");
	test_unconnected();
	test_datagrams(SOCK_DGRAM);
	test_datagrams(SOCK_SEQPACKET);
	test_udp();
	test_rights();
	return done_testing();
}
