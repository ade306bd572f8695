/* SPDX-License-Identifier: MIT */
/*
 * Urgent data over 127.0.0.1: MSG_OOB, POLLPRI, SIOCATMARK, SO_OOBINLINE.
 */
#define _GNU_SOURCE
#include <sys/ioctl.h>

#include "sockets.h"

static char buf[100];

static int ask(int fd, int cmd)
{
	int value = -1;

	return ioctl(fd, cmd, &value) ? -errno : value;
}

/* Until n bytes, the urgent one included, have come. */
static void wait_bytes(int fd, int n)
{
	char c[100];

	while (recv(fd, c, n, MSG_PEEK | MSG_DONTWAIT) < n)
		usleep(1000);
}

static void reads(int fd, int len, int flags, const char *want,
		  const char *name)
{
	int n;

	memset(buf, 0, sizeof(buf));
	n = recv(fd, buf, len, flags | MSG_DONTWAIT);
	ok(n == (int)strlen(want) && !strcmp(buf, want), name);
}

static void test_mark(void)
{
	int p[2];

	pair(p);
	is(result(recv(p[1], buf, 1, MSG_OOB)), -EINVAL, "OOB: there is none");
	is(ask(p[1], SIOCATMARK), 0, "SIOCATMARK: no mark");
	is(result(send(p[0], "abcX", 4, MSG_OOB)), 4, "send: MSG_OOB");
	is(wait_mask(p[1], POLLPRI), POLLPRI, "POLLPRI");
	is(result(send(p[0], "def", 3, 0)), 3, "send: more");
	wait_bytes(p[1], 3);
	is(mask(p[1]), POLLIN | POLLOUT | POLLPRI, "IN|OUT|PRI");
	is(ask(p[1], SIOCATMARK), 0, "SIOCATMARK: before it");
	is(ask(p[1], FIONREAD), 3, "SIOCINQ: up to it");
	reads(p[1], 10, MSG_PEEK, "abc", "MSG_PEEK stops at the mark");
	reads(p[1], 10, 0, "abc", "a read stops at the mark");
	is(ask(p[1], SIOCATMARK), 1, "SIOCATMARK: at it");
	is(ask(p[1], FIONREAD), 0, "SIOCINQ: at it");
	reads(p[1], 10, MSG_OOB | MSG_PEEK, "X", "MSG_OOB|MSG_PEEK");
	is(mask(p[1]) & POLLPRI, POLLPRI, "leaves PRI");
	reads(p[1], 10, MSG_OOB, "X", "MSG_OOB");
	is(mask(p[1]) & POLLPRI, 0, "takes PRI away");
	is(result(recv(p[1], buf, 1, MSG_OOB)), -EINVAL, "MSG_OOB: not twice");
	is(ask(p[1], SIOCATMARK), 1, "SIOCATMARK: still there");
	wait_mask(p[1], POLLIN);
	wait_bytes(p[1], 3);
	reads(p[1], 10, MSG_PEEK, "def", "MSG_PEEK goes on behind it");
	reads(p[1], 2, 0, "de", "a read does too");
	is(ask(p[1], SIOCATMARK), 0, "SIOCATMARK: passed");
	is(ask(p[1], FIONREAD), 1, "SIOCINQ: the rest");
	reads(p[1], 10, 0, "f", "the rest");
	close(p[0]);
	close(p[1]);
}

static void test_alone(void)
{
	int p[2];

	pair(p);
	send(p[0], "X", 1, MSG_OOB);
	wait_mask(p[1], POLLPRI);
	is(mask(p[1]), POLLOUT | POLLPRI, "alone: not readable");
	is(result(recv(p[1], buf, 0, MSG_OOB)), 0, "MSG_OOB: no room");
	is(result(recv(p[1], buf, 1, MSG_OOB)), -EINVAL, "which took it");
	is(result(recv(p[1], buf, 1, MSG_DONTWAIT)), -EAGAIN, "no stream");
	is(mask(p[1]), POLLOUT, "nothing is left");
	send(p[0], "Y", 1, MSG_OOB);
	wait_mask(p[1], POLLPRI);
	is(result(recv(p[1], buf, 1, MSG_DONTWAIT)), -EAGAIN,
	   "a read throws it away");
	is(result(recv(p[1], buf, 1, MSG_OOB)), -EINVAL, "unread");
	send(p[0], "Z", 1, MSG_OOB);
	wait_mask(p[1], POLLPRI);
	is(result(recv(p[1], (void *)1, 1, MSG_OOB)), -EFAULT,
	   "MSG_OOB: a bad address");
	is(result(recv(p[1], buf, 1, MSG_OOB)), -EINVAL, "which took it too");
	close(p[0]);
	close(p[1]);
}

static void test_two(void)
{
	int p[2];

	pair(p);
	send(p[0], "aX", 2, MSG_OOB);
	send(p[0], "bY", 2, MSG_OOB);
	while (recv(p[1], buf, 10, MSG_PEEK | MSG_DONTWAIT) < 3)
		usleep(1000);
	while (recv(p[1], buf, 1, MSG_OOB | MSG_PEEK) != 1 || buf[0] != 'Y')
		usleep(1000);
	reads(p[1], 1, MSG_OOB, "Y", "two marks: the second counts");
	reads(p[1], 10, 0, "aXb", "the first byte is in the stream");
	send(p[0], "X", 1, MSG_OOB);
	wait_mask(p[1], POLLPRI);
	reads(p[1], 1, MSG_OOB, "X", "read at the mark");
	send(p[0], "bY", 2, MSG_OOB);
	wait_mask(p[1], POLLPRI);
	reads(p[1], 10, 0, "b", "the old byte does not turn up");
	reads(p[1], 1, MSG_OOB, "Y", "the new one is there");
	close(p[0]);
	close(p[1]);
}

static void test_inline(void)
{
	int p[2];

	pair(p);
	is(get_option(p[1], SOL_SOCKET, SO_OOBINLINE), 0, "SO_OOBINLINE: 0");
	is(set_option(p[1], SOL_SOCKET, SO_OOBINLINE, 1), 0, "SO_OOBINLINE");
	is(get_option(p[1], SOL_SOCKET, SO_OOBINLINE), 1, "SO_OOBINLINE: 1");
	send(p[0], "abX", 3, MSG_OOB);
	wait_mask(p[1], POLLPRI);
	is(mask(p[1]), POLLIN | POLLOUT | POLLPRI, "inline: IN|OUT|PRI");
	is(result(recv(p[1], buf, 1, MSG_OOB)), -EINVAL, "inline: no MSG_OOB");
	is(ask(p[1], FIONREAD), 3, "inline: SIOCINQ");
	reads(p[1], 10, 0, "ab", "inline: stops before it");
	is(ask(p[1], SIOCATMARK), 1, "inline: at the mark");
	reads(p[1], 10, 0, "X", "inline: the byte");
	is(mask(p[1]), POLLOUT, "inline: nothing is left");
	close(p[0]);
	close(p[1]);
}

static void test_message(void)
{
	struct iovec iov = { buf, 10 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	int p[2];

	pair(p);
	send(p[0], "aX", 2, MSG_OOB);
	wait_mask(p[1], POLLPRI);
	is(result(recvmsg(p[1], &m, MSG_OOB)), 1, "recvmsg: MSG_OOB");
	is(m.msg_flags, MSG_OOB, "recvmsg: says so");
	is(result(recvmsg(p[1], &m, 0)), 1, "recvmsg: the stream");
	is(m.msg_flags, 0, "recvmsg: no flag");
	send(p[0], "12345", 5, 0);
	wait_bytes(p[1], 5);
	iov.iov_len = 2;
	is(result(recvmsg(p[1], &m, MSG_TRUNC)), 2, "recvmsg: MSG_TRUNC");
	is(m.msg_flags, 0, "recvmsg: a stream is not cut");
	close(p[0]);
	close(p[1]);
}

static void test_ends(void)
{
	int p[2];

	pair(p);
	shutdown(p[0], SHUT_WR);
	is(result(send(p[0], "x", 1, MSG_OOB | MSG_NOSIGNAL)), -EPIPE,
	   "MSG_OOB after SHUT_WR");
	send(p[1], "aX", 2, MSG_OOB);
	wait_mask(p[0], POLLPRI);
	close(p[1]);
	while (!(mask(p[0]) & POLLRDHUP))
		usleep(1000);
	is(mask(p[0]), POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLPRI,
	   "closed: PRI stays");
	reads(p[0], 10, MSG_OOB, "X", "closed: the byte");
	reads(p[0], 10, 0, "a", "closed: the stream");
	is(result(recv(p[0], buf, 1, 0)), 0, "closed: the end");
	close(p[0]);
}

int main(void)
{
	test_mark();
	test_alone();
	test_two();
	test_inline();
	test_message();
	test_ends();
	return done_testing();
}
