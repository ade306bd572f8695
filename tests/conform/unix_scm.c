/* SPDX-License-Identifier: MIT */
/*
 * What travels beside the bytes: descriptors (SCM_RIGHTS) and credentials
 * (SCM_CREDENTIALS) as unix(7) and cmsg(3) have them.
 */
#include "unix.h"

#include <stdlib.h>
#include <sys/resource.h>

static const size_t one_fd = CMSG_SPACE(sizeof(int));

/* sendmsg() with a control buffer of this test's making. */
static long send_raw(int fd, const void *control, size_t len)
{
	struct iovec iov = { (void *)"x", 1 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = (void *)control,
			    .msg_controllen = len };

	return send_message(fd, &m);
}

static long send_cred(int fd, struct ucred c)
{
	union {
		struct cmsghdr hdr;
		char room[CMSG_SPACE(sizeof(c))];
	} control = { { .cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_CREDENTIALS,
			.cmsg_len = CMSG_LEN(sizeof(c)) } };

	memcpy(CMSG_DATA(&control.hdr), &c, sizeof(c));
	return send_raw(fd, &control, sizeof(control));
}

static void test_stream(void)
{
	int p[2], lowest;

	pipe(p);
	pair(SOCK_STREAM);
	lowest = dup(0);
	close(lowest);
	ok(send_fds(s[0], "a", 1, p, 2) == 1, "stream: two descriptors");
	ok(recv_fds(s[1], 9, 0) == 1 && nr_got == 2, "stream: arrive");
	ok(got[0] == lowest && got[1] == lowest + 1,
	   "stream: with the lowest numbers");
	ok(!(fcntl(got[0], F_GETFD) & FD_CLOEXEC), "stream: not close-on-exec");
	ok(got_flags == 0 && got_control == CMSG_SPACE(2 * sizeof(int)),
	   "stream: flags and length of control");
	write(got[1], "pipe", 4);
	ok(read(p[0], buf, 9) == 4, "stream: they are the same pipe");
	fcntl(got[0], F_SETFL, O_NONBLOCK);
	ok(fcntl(p[0], F_GETFL) == O_NONBLOCK, "stream: the same description");
	close_got();
	send_fds(s[0], "a", 1, p, 1);
	ok(recv_fds(s[1], 9, MSG_CMSG_CLOEXEC) == 1 &&
		   fcntl(got[0], F_GETFD) == FD_CLOEXEC,
	   "stream: MSG_CMSG_CLOEXEC");
	ok(got_flags == MSG_CMSG_CLOEXEC, "stream: which shows in the flags");
	close_got();

	write(s[0], "ab", 2);
	send_fds(s[0], "cd", 2, p, 1);
	write(s[0], "ef", 2);
	ok(recv_fds(s[1], 9, 0) == 4 && nr_got == 1,
	   "stream: a read ends behind a message with descriptors");
	close_got();
	ok(recv_fds(s[1], 9, 0) == 2 && nr_got == 0, "stream: and goes on");
	send_fds(s[0], "abc", 3, p, 1);
	ok(recv_fds(s[1], 1, 0) == 1 && nr_got == 1,
	   "stream: they come with the first byte");
	close_got();
	ok(recv_fds(s[1], 9, 0) == 2 && nr_got == 0, "stream: and only then");
	send_fds(s[0], "a", 1, p, 1);
	send_fds(s[0], "b", 1, p + 1, 1);
	ok(recv_fds(s[1], 9, 0) == 1 && nr_got == 1,
	   "stream: two such messages are two reads");
	close_got();
	recv_fds(s[1], 9, 0);
	close_got();
	send_fds(s[0], "a", 1, p, 1);
	ok(recv_fds(s[1], 9, MSG_PEEK) == 1 && nr_got == 1,
	   "stream: peeking gives them");
	close_got();
	ok(recv_fds(s[1], 9, 0) == 1 && nr_got == 1, "stream: and again");
	close_got();
	unpair();
	close(p[0]);
	close(p[1]);
}

static void test_cut(void)
{
	int p[2], lowest;

	pair(SOCK_STREAM);
	pipe(p);
	lowest = dup(0);
	close(lowest);
	send_fds(s[0], "a", 1, p, 2);
	ok(recv_room(s[1], 9, 0, one_fd - sizeof(int)) == 1 && nr_got == 1 &&
		   got_flags == MSG_CTRUNC,
	   "cut: room for one of two: MSG_CTRUNC");
	close_got();
	ok(!is_open(lowest), "cut: the other is closed");
	send_fds(s[0], "a", 1, p, 2);
	ok(recv_room(s[1], 9, 0, 0) == 1 && got_flags == MSG_CTRUNC,
	   "cut: no room at all");
	send_fds(s[0], "a", 1, p, 2);
	ok(recv_room(s[1], 9, 0, 8) == 1 && got_flags == MSG_CTRUNC &&
		   !got_control,
	   "cut: not even for a header");
	send_fds(s[0], "a", 1, p, 1);
	ok(read(s[1], buf, 9) == 1 && !is_open(lowest), "cut: by read()");
	close(p[0]);
	send_fds(s[0], "a", 1, p + 1, 1);
	close(p[1]);
	ok(recv_fds(s[1], 9, 0) == 1 && is_open(got[0]),
	   "cut: a descriptor in flight outlives its number");
	close_got();
	unpair();
}

static void test_limit(void)
{
	struct rlimit old, few;

	pair(SOCK_STREAM);
	getrlimit(RLIMIT_NOFILE, &old);
	few = old;
	few.rlim_cur = s[1] + 2;
	send_fds(s[0], "a", 1, s, 2);
	setrlimit(RLIMIT_NOFILE, &few);
	ok(recv_fds(s[1], 9, 0) == 1 && nr_got == 1 && got_flags == MSG_CTRUNC,
	   "limit: no number for the second: MSG_CTRUNC");
	close_got();
	setrlimit(RLIMIT_NOFILE, &old);
	unpair();
}

static void test_errors(void)
{
	static int many[254];
	struct cmsghdr hdr = { .cmsg_level = SOL_SOCKET,
			       .cmsg_type = SCM_RIGHTS,
			       .cmsg_len = CMSG_LEN(sizeof(int)) };
	int fd = -1;

	pair(SOCK_STREAM);
	ok(gives(send_fds(s[0], "a", 1, &fd, 1), EBADF),
	   "errors: fd -1: EBADF");
	fd = 9999;
	ok(gives(send_fds(s[0], "a", 1, &fd, 1), EBADF),
	   "errors: a closed one: EBADF");
	for (int i = 0; i < 254; i++)
		many[i] = s[0];
	ok(gives(send_fds(s[0], "a", 1, many, 254), EINVAL),
	   "errors: 254 descriptors: EINVAL");
	ok(send_fds(s[0], "a", 1, many, 253) == 1, "errors: 253 are fine");
	ok(recv_fds(s[1], 9, 0) == 1 && nr_got == 253, "errors: and arrive");
	close_got();
	many[252] = -1;
	ok(gives(send_fds(s[0], "a", 1, many, 253), EBADF),
	   "errors: one bad of many");
	ok(gives(recv(s[1], buf, 1, 0), EAGAIN), "errors: sends nothing");
	ok(send_fds(s[0], "a", 1, many, 0) == 1 && recv_fds(s[1], 9, 0) == 1 &&
		   !nr_got,
	   "errors: none at all");
	ok(gives(send_raw(s[0], &hdr, sizeof(hdr)), EINVAL),
	   "errors: longer than the buffer: EINVAL");
	hdr.cmsg_len = 3;
	ok(gives(send_raw(s[0], &hdr, sizeof(hdr)), EINVAL),
	   "errors: shorter than its header: EINVAL");
	hdr.cmsg_len = sizeof(hdr);
	hdr.cmsg_type = 77;
	ok(gives(send_raw(s[0], &hdr, sizeof(hdr)), EINVAL),
	   "errors: an unknown type: EINVAL");
	hdr.cmsg_level = 0;
	ok(send_raw(s[0], &hdr, sizeof(hdr)) == 1,
	   "errors: another level is not looked at");
	ok(send_raw(s[0], &hdr, sizeof(hdr) - 1) == 1,
	   "errors: nor a buffer without a header");
	ok(gives(send_raw(s[0], (void *)8, sizeof(hdr)), EFAULT),
	   "errors: a bad address: EFAULT");
	ok(gives(send_raw(s[0], buf, 1 << 30), ENOBUFS),
	   "errors: a gigabyte: ENOBUFS");
	unpair();
}

static void test_dgram(int type, const char *name)
{
	int p[2];

	pipe(p);
	pair(type);
	send_fds(s[0], "abc", 3, p, 1);
	send_fds(s[0], "", 0, p, 1);
	ok(recv_fds(s[1], 9, MSG_PEEK) == 3 && nr_got == 1, name);
	close_got();
	ok(recv_fds(s[1], 1, 0) == 1 && nr_got == 1 && got_flags == MSG_TRUNC,
	   name);
	close_got();
	ok(recv_fds(s[1], 1, 0) == 0 && nr_got == 1, name);
	close_got();
	unpair();
	close(p[0]);
	close(p[1]);
}

static void test_cred(int type, const char *name)
{
	struct ucred own = { getpid(), getuid(), getgid() };

	pair(type);
	write(s[0], "a", 1);
	ok(recv_fds(s[1], 9, 0) == 1 && !has_cred, name);
	write(s[0], "a", 1);
	set_option(s[1], SO_PASSCRED, 1);
	ok(option(s[1], SO_PASSCRED) == 1, name);
	write(s[0], "b", 1);
	ok(recv_fds(s[1], 9, 0) == 1 && has_cred && cred.pid == 0 &&
		   cred.uid == 65534 && cred.gid == 65534,
	   name);
	ok(recv_fds(s[1], 9, 0) == 1 && has_cred &&
		   !memcmp(&cred, &own, sizeof(own)),
	   name);
	ok(got_control == CMSG_SPACE(sizeof(own)), name);
	set_option(s[1], SO_PASSCRED, 0);
	ok(send_cred(s[0], own) == 1, name);
	set_option(s[1], SO_PASSCRED, 1);
	ok(recv_fds(s[1], 9, 0) == 1 && !memcmp(&cred, &own, sizeof(own)),
	   name);
	write(s[0], "c", 1);
	ok(recv_room(s[1], 9, 0, 0) == 1 && got_flags == MSG_CTRUNC, name);
	write(s[0], "c", 1);
	ok(recv_room(s[1], 9, 0, 20) == 1 && got_flags == MSG_CTRUNC &&
		   got_control == 20,
	   name);
	send_fds(s[0], "d", 1, s, 1);
	ok(recv_fds(s[1], 9, 0) == 1 && has_cred && nr_got == 1, name);
	close_got();
	unpair();
}

/* The types of the control messages of one message, in their order. */
static const char *control_types(void)
{
	static char text[128];
	char control[256], byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	char *at = text;

	*at = '\0';
	write(s[0], "x", 1);
	recvmsg(s[1], &m, MSG_DONTWAIT);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
		at += sprintf(at, "%d:%zu ", c->cmsg_type,
			      (size_t)(c->cmsg_len - CMSG_LEN(0)));
	return text;
}

/* SO_TIMESTAMP 29, SO_TIMESTAMPNS 35, SO_TIMESTAMPING 37, SCM_CREDENTIALS 2. */
static void test_stamps(int type, const char *want, const char *want_ns,
			const char *want_all, const char *name)
{
	int by_software[2] = { 8 | 16, 0 };

	pair(type);
	set_option(s[1], SO_PASSCRED, 1);
	setsockopt(s[1], SOL_SOCKET, 37, by_software, sizeof(by_software));
	is_str(control_types(), "2:12 ", name);
	set_option(s[1], 29, 1);
	is_str(control_types(), want_all, name);
	by_software[0] = 0;
	setsockopt(s[1], SOL_SOCKET, 37, by_software, sizeof(by_software));
	is_str(control_types(), want, name);
	set_option(s[1], 35, 1);
	is_str(control_types(), want_ns, name);
	set_option(s[1], 35, 0);
	is_str(control_types(), "2:12 ", name);
	unpair();
}

static void test_cred_listen(void)
{
	int l = bound(SOCK_STREAM, "c"), c, a;

	set_option(l, SO_PASSCRED, 1);
	listen(l, 3);
	c = connected(SOCK_STREAM, "c");
	write(c, "x", 1);
	a = accept4(l, NULL, NULL, SOCK_NONBLOCK);
	ok(option(a, SO_PASSCRED) == 1, "cred: accept inherits SO_PASSCRED");
	ok(recv_fds(a, 9, 0) == 1 && has_cred && cred.pid == getpid(),
	   "cred: for data from before it too");
	close(c);
	ok(recv_fds(a, 9, 0) == 0 && has_cred && !cred.pid,
	   "cred: the end is nobody's");
	close(a);
	close(l);
}

/* ---- Sockets in flight --------------------------------------------------- */

static void test_nested(void)
{
	int carrier[2], p[2], fd;

	pipe(p);
	pair(SOCK_STREAM);
	socketpair(AF_UNIX, SOCK_STREAM, 0, carrier);
	send_fds(s[0], "a", 1, p, 1); /* p in s, s in carrier */
	send_fds(carrier[0], "b", 1, s + 1, 1);
	close(p[0]);
	close(s[1]);
	ok(mask(s[0]) == WRITABLE, "flight: a socket in flight is not closed");
	recv_fds(carrier[1], 9, 0);
	fd = got[0];
	ok(recv_fds(fd, 9, 0) == 1 && nr_got == 1,
	   "flight: what is in it comes out");
	write(p[1], "x", 1);
	ok(read(got[0], buf, 9) == 1, "flight: and works");
	close_got();
	send_fds(carrier[0], "b", 1, &fd, 1);
	close(fd);
	close(carrier[1]);
	ok(mask(s[0]) & POLLHUP, "flight: dies with the message that holds it");
	close(carrier[0]);
	close(s[0]);
	close(p[1]);
}

/* A pipe whose write end only garbage holds: its reader sees the end. */
static void test_cycles(void)
{
	int p[2], other[2], chain[2], next[2];
	struct pollfd pfd;

	pipe(p);
	pair(SOCK_STREAM);
	send_fds(s[0], "a", 1, p + 1, 1);
	send_fds(s[0], "b", 1, s + 1, 1); /* itself in its own queue */
	close(p[1]);
	close(s[1]);
	close(s[0]);
	pfd = (struct pollfd){ p[0], POLLIN, 0 };
	ok(poll(&pfd, 1, PATIENCE) == 1 && pfd.revents == POLLHUP,
	   "cycles: a socket in its own queue is freed");
	close(p[0]);

	pipe(p);
	pair(SOCK_STREAM);
	socketpair(AF_UNIX, SOCK_DGRAM, 0, other);
	send_fds(s[0], "a", 1, p + 1, 1);
	send_fds(s[0], "b", 1, other + 1, 1);
	send_fds(other[0], "c", 1, s + 1, 1);
	close(p[1]);
	close(other[0]);
	close(other[1]);
	close(s[1]);
	pfd = (struct pollfd){ p[0], POLLIN, 0 };
	ok(mask(s[0]) == WRITABLE, "cycles: two in each other's queues");
	close(s[0]);
	ok(poll(&pfd, 1, PATIENCE) == 1 && pfd.revents == POLLHUP,
	   "cycles: are freed too");
	close(p[0]);

	pipe(p);
	pair(SOCK_STREAM);
	send_fds(s[0], "a", 1, s + 1, 1);
	send_fds(s[0], "b", 1, p + 1, 1);
	close(p[1]);
	close(s[0]);
	pfd = (struct pollfd){ p[0], POLLIN, 0 };
	ok(poll(&pfd, 1, 0) == 0, "cycles: one that is open is not garbage");
	ok(recv_fds(s[1], 9, 0) == 1 && nr_got == 1, "cycles: and is read");
	close_got();
	close(s[1]);
	ok(poll(&pfd, 1, PATIENCE) == 1, "cycles: until it is closed");
	close(p[0]);

	/* Each in the queue of the next: closed, the first closes all. */
	pipe(p);
	socketpair(AF_UNIX, SOCK_STREAM, 0, chain);
	send_fds(chain[0], "a", 1, p + 1, 1);
	close(p[1]);
	for (int i = 0; i < 300; i++) {
		socketpair(AF_UNIX, SOCK_STREAM, 0, next);
		send_fds(next[0], "a", 1, chain, 2);
		close(chain[0]);
		close(chain[1]);
		memcpy(chain, next, sizeof(chain));
	}
	close(chain[0]);
	close(chain[1]);
	pfd = (struct pollfd){ p[0], POLLIN, 0 };
	ok(poll(&pfd, 1, PATIENCE) == 1 && pfd.revents == POLLHUP,
	   "cycles: a chain of 300 is closed from one end");
	close(p[0]);
}

static void test_listener_cycle(void)
{
	int l = bound(SOCK_STREAM, "g"), c, p[2];
	struct pollfd pfd;

	pipe(p);
	listen(l, 3);
	c = connected(SOCK_STREAM, "g");
	send_fds(c, "a", 1, p + 1, 1);
	send_fds(c, "b", 1, &l, 1);
	close(l);
	close(p[1]);
	close(c);
	pfd = (struct pollfd){ p[0], POLLIN, 0 };
	ok(poll(&pfd, 1, PATIENCE) == 1 && pfd.revents == POLLHUP,
	   "cycles: a listener in the queue of one not accepted");
	close(p[0]);
}

static void test_too_many(void)
{
	struct rlimit old, few;
	int n = 0, fds[10];

	getrlimit(RLIMIT_NOFILE, &old);
	few = old;
	few.rlim_cur = 100;
	setrlimit(RLIMIT_NOFILE, &few);
	pair(SOCK_DGRAM);
	for (int i = 0; i < 10; i++)
		fds[i] = s[0];
	if (getuid()) /* root may have any number */
		while (send_fds(s[0], "a", 1, fds, 10) == 1)
			n++;
	ok(!getuid() || (n == 11 && errno == ETOOMANYREFS),
	   "limit: more in flight than RLIMIT_NOFILE: ETOOMANYREFS");
	unpair();
	pair(SOCK_DGRAM);
	ok(send_fds(s[0], "a", 1, fds, 0) == 1, "limit: they are back");
	unpair();
	setrlimit(RLIMIT_NOFILE, &old);
}

int main(void)
{
	test_stream();
	test_cut();
	test_limit();
	test_errors();
	test_dgram(SOCK_DGRAM, "dgram: descriptors");
	test_dgram(SOCK_SEQPACKET, "seqpacket: descriptors");
	test_cred(SOCK_STREAM, "stream: credentials");
	test_cred(SOCK_DGRAM, "dgram: credentials");
	test_cred(SOCK_SEQPACKET, "seqpacket: credentials");
	test_stamps(SOCK_STREAM, "2:12 ", "2:12 ", "2:12 ", "stream: stamps");
	test_stamps(SOCK_DGRAM, "29:16 2:12 ", "35:16 2:12 ",
		    "29:16 37:48 2:12 ", "dgram: stamps");
	test_stamps(SOCK_SEQPACKET, "29:16 2:12 ", "35:16 2:12 ",
		    "29:16 37:48 2:12 ", "seqpacket: stamps");
	test_cred_listen();
	test_nested();
	test_cycles();
	test_listener_cycle();
	test_too_many();
	return done_testing();
}
