/* SPDX-License-Identifier: MIT */
/*
 * Many buffers and many messages on TCP: readv, writev, sendmsg, recvmsg,
 * sendmmsg, recvmmsg; and a bad pointer at every argument of the socket calls.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#include "tcp.h"

#define VECS 1024

/* The kernel's calls: musl's touch what they are given. */
#define raw_sendmsg(fd, ...) syscall(SYS_sendmsg, fd, __VA_ARGS__)
#define raw_recvmsg(fd, ...) syscall(SYS_recvmsg, fd, __VA_ARGS__)
#define raw_sendmmsg(fd, ...) syscall(SYS_sendmmsg, fd, __VA_ARGS__)
#define raw_recvmmsg(fd, ...) syscall(SYS_recvmmsg, fd, __VA_ARGS__)

/* A page that can be used, and one behind it that cannot. */
static char *fence(void)
{
	char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mprotect(pages + 4096, 4096, PROT_NONE);
	memset(pages, 'f', 4096);
	return pages + 4096;
}

static void test_vectors(void)
{
	static char bytes[VECS], got[VECS];
	static struct iovec out[VECS + 1], in[VECS + 1];
	int p[2];

	joined(p);
	for (int i = 0; i < VECS; i++) {
		bytes[i] = 'a' + i % 26;
		out[i] = (struct iovec){ bytes + i, 1 };
		in[i] = (struct iovec){ got + i, 1 };
	}
	is(writev(p[0], out, VECS), VECS, "writev: 1024 buffers");
	has_arrived(p[1], VECS);
	is(readv(p[1], in, VECS), VECS, "readv: 1024 buffers");
	ok(!memcmp(bytes, got, VECS), "readv: in order");
	is(result(writev(p[0], out, VECS + 1)), -EINVAL, "writev: 1025");
	is(result(readv(p[1], in, VECS + 1)), -EINVAL, "readv: 1025");
	is(result(writev(p[0], out, -1)), -EINVAL, "writev: -1");
	is(result(writev(p[0], out, 0)), 0, "writev: none");
	is(result(readv(p[1], in, 0)), 0, "readv: none");
	is(result(writev(p[0], BAD_POINTER, 1)), -EFAULT, "writev: bad");
	is(result(readv(p[1], BAD_POINTER, 1)), -EFAULT, "readv: bad");
	in[0].iov_len = (size_t)-1;
	is(result(readv(p[1], in, 2)), -EINVAL, "readv: a length below 0");

	/* Empty buffers between full ones. */
	for (int i = 0; i < 4; i++) {
		out[i] = (struct iovec){ bytes + i * 2, i % 2 ? 2 : 0 };
		in[i] = (struct iovec){ got + i * 8, i % 2 ? 8 : 0 };
	}
	is(writev(p[0], out, 4), 4, "writev: empty ones between");
	has_arrived(p[1], 4);
	memset(got, 0, sizeof(got));
	is(readv(p[1], in, 4), 4, "readv: empty ones between");
	is_str(got + 8, "cdgh", "readv: into the first with room");
	close_both(p);
}

/* What comes before a bad buffer is sent, or is there to be received. */
static void test_partly_bad(void)
{
	char *end = fence(), got[64];
	struct iovec out[2] = { { "good", 4 }, { BAD_POINTER, 4 } };
	struct iovec in[2] = { { got, 2 }, { BAD_POINTER, 4 } };
	int p[2];

	joined(p);
	is(result(writev(p[0], out + 1, 1)), -EFAULT, "all bad: EFAULT");
	is(mask(p[1]), POLLOUT, "all bad: nothing arrives");
	is(result(send(p[0], end, 5, 0)), -EFAULT, "behind the end: EFAULT");
	pass(p[0], p[1], "123456");
	is(result(recv(p[1], end, 6, 0)), -EFAULT, "recv: behind the end");
	is_str(received(p[1], 0), "123456", "recv: nothing is lost");
	pass(p[0], p[1], "123456");
	is(result(readv(p[1], in + 1, 1)), -EFAULT, "readv: all bad");
	is_str(received(p[1], 0), "123456", "readv: nothing is lost");
	close_both(p);
}

static void test_messages(void)
{
	char got[64] = "", control[64];
	struct iovec out[3] = { { "one ", 4 }, { "two ", 4 }, { "three", 5 } };
	struct iovec in[2] = { { got, 3 }, { got + 3, 60 } };
	struct sockaddr_in name;
	struct msghdr msg = { .msg_iov = out, .msg_iovlen = 3 };
	int p[2];

	joined(p);
	is(raw_sendmsg(p[0], &msg, 0), 13, "sendmsg: three buffers");
	has_arrived(p[1], 13);
	msg = (struct msghdr){ .msg_name = &name,
			       .msg_namelen = sizeof(name),
			       .msg_iov = in,
			       .msg_iovlen = 2,
			       .msg_control = control,
			       .msg_controllen = sizeof(control),
			       .msg_flags = 0x7777 };
	is(raw_recvmsg(p[1], &msg, 0), 13, "recvmsg: two buffers");
	is_str(got, "one two three", "recvmsg: in order");
	is(msg.msg_flags, 0, "recvmsg: no flags");
	is(msg.msg_namelen, 0, "recvmsg: no name");
	is(msg.msg_controllen, 0, "recvmsg: no control");
	is(result(raw_recvmsg(p[1], &msg, 0)), -EAGAIN, "recvmsg: nothing");
	msg = (struct msghdr){ .msg_iov = out, .msg_iovlen = VECS + 1 };
	is(result(raw_sendmsg(p[0], &msg, 0)), -EMSGSIZE, "sendmsg: 1025");
	is(result(raw_recvmsg(p[1], &msg, 0)), -EMSGSIZE, "recvmsg: 1025");
	msg = (struct msghdr){ .msg_iov = BAD_POINTER, .msg_iovlen = 1 };
	is(result(raw_sendmsg(p[0], &msg, 0)), -EFAULT, "sendmsg: bad vector");
	is(result(raw_recvmsg(p[1], &msg, 0)), -EFAULT, "recvmsg: bad vector");
	is(result(raw_sendmsg(p[0], BAD_POINTER, 0)), -EFAULT, "sendmsg: bad");
	is(result(raw_recvmsg(p[1], BAD_POINTER, 0)), -EFAULT, "recvmsg: bad");
	msg = (struct msghdr){ .msg_name = BAD_POINTER,
			       .msg_namelen = 16,
			       .msg_iov = out,
			       .msg_iovlen = 1 };
	is(result(raw_sendmsg(p[0], &msg, 0)), -EFAULT, "sendmsg: bad name");
	msg.msg_namelen = -1;
	is(result(raw_sendmsg(p[0], &msg, 0)), -EINVAL,
	   "sendmsg: a name's length below 0");
	msg = (struct msghdr){ .msg_iov = out,
			       .msg_iovlen = 1,
			       .msg_control = BAD_POINTER,
			       .msg_controllen = 32 };
	is(result(raw_sendmsg(p[0], &msg, 0)), -EFAULT, "sendmsg: bad control");
	msg.msg_controllen = 10000000;
	is(result(raw_sendmsg(p[0], &msg, 0)), -ENOBUFS,
	   "sendmsg: far too much control");
	msg = (struct msghdr){ 0 };
	is(result(raw_sendmsg(p[0], &msg, 0)), 0, "sendmsg: nothing at all");
	is(mask(p[1]), POLLOUT, "and nothing arrived");
	close_both(p);
}

static void test_sendmmsg(void)
{
	struct iovec out[4] = { { "a", 1 }, { "bb", 2 }, { "ccc", 3 } };
	struct mmsghdr list[4] = { 0 };
	int p[2];

	joined(p);
	for (int i = 0; i < 4; i++)
		list[i].msg_hdr = (struct msghdr){ .msg_iov = &out[i],
						   .msg_iovlen = 1 };
	is(raw_sendmmsg(p[0], list, 3, 0), 3, "sendmmsg: three");
	ok(list[0].msg_len == 1 && list[1].msg_len == 2 && list[2].msg_len == 3,
	   "sendmmsg: their lengths");
	has_arrived(p[1], 6);
	is_str(received(p[1], 0), "abbccc", "sendmmsg: one stream");
	out[2].iov_base = BAD_POINTER;
	list[2].msg_len = 99;
	is(raw_sendmmsg(p[0], list, 3, 0), 2, "sendmmsg: the third is bad");
	is(list[2].msg_len, 99, "sendmmsg: it is left alone");
	is(result(raw_sendmmsg(p[0], list + 2, 1, 0)), -EFAULT,
	   "sendmmsg: the first is bad");
	is(raw_sendmmsg(p[0], list, 0, 0), 0, "sendmmsg: none");
	is(result(raw_sendmmsg(p[0], BAD_POINTER, 1, 0)), -EFAULT,
	   "sendmmsg: a bad list");
	is(result(raw_sendmmsg(-1, list, 1, 0)), -EBADF,
	   "sendmmsg: no descriptor");
	is(result(raw_sendmmsg(0, list, 1, 0)), -ENOTSOCK,
	   "sendmmsg: no socket");
	has_arrived(p[1], 3);
	is_str(received(p[1], 0), "abb", "sendmmsg: the good ones");
	shutdown(p[0], SHUT_WR);
	is(result(raw_sendmmsg(p[0], list, 2, MSG_NOSIGNAL)), -EPIPE,
	   "sendmmsg: shut");
	close_both(p);
}

static void test_recvmmsg(void)
{
	struct timespec ts = { 0, 50000000 };
	char got[4][8] = { "" };
	struct iovec in[4];
	struct mmsghdr list[4] = { 0 };
	int p[2];

	joined(p);
	for (int i = 0; i < 4; i++) {
		in[i] = (struct iovec){ got[i], 3 };
		list[i].msg_hdr = (struct msghdr){ .msg_iov = &in[i],
						   .msg_iovlen = 1 };
	}
	is(result(raw_recvmmsg(p[1], list, 4, 0, NULL)), -EAGAIN,
	   "recvmmsg: nothing");
	pass(p[0], p[1], "abcdefgh");
	is(raw_recvmmsg(p[1], list, 4, 0, NULL), 3, "recvmmsg: three pieces");
	ok(list[0].msg_len == 3 && list[2].msg_len == 2,
	   "recvmmsg: their lengths");
	is_str(got[0], "abc", "recvmmsg: the first");
	is_str(got[2], "gh", "recvmmsg: the last");
	pass(p[0], p[1], "abcdef");
	in[1].iov_base = BAD_POINTER;
	is(raw_recvmmsg(p[1], list, 4, 0, NULL), 1,
	   "recvmmsg: the second is bad");
	is(result(raw_recvmmsg(p[1], list + 1, 1, 0, NULL)), -EFAULT,
	   "recvmmsg: the first is bad");
	is_str(received(p[1], 0), "def", "recvmmsg: nothing is lost");
	fcntl(p[1], F_SETFL, 0);
	in[1].iov_base = got[1];
	pass(p[0], p[1], "abcd");
	is(raw_recvmmsg(p[1], list, 4, MSG_WAITFORONE, NULL), 2,
	   "recvmmsg: MSG_WAITFORONE does not wait for more");
	ts.tv_nsec = 1000000000;
	is(result(raw_recvmmsg(p[1], list, 4, 0, &ts)), -EINVAL,
	   "recvmmsg: not a time");
	is(result(raw_recvmmsg(p[1], list, 4, 0, BAD_POINTER)), -EFAULT,
	   "recvmmsg: a bad time");
	is(result(raw_recvmmsg(p[1], BAD_POINTER, 4, MSG_DONTWAIT, NULL)),
	   -EFAULT, "recvmmsg: a bad list");
	shutdown(p[0], SHUT_WR);
	shows(p[1], "IN|OUT|RDHUP", "recvmmsg: the end");
	is(raw_recvmmsg(p[1], list, 4, 0, NULL), 4,
	   "recvmmsg: the end is a message of 0 bytes, again and again");
	is(list[3].msg_len, 0, "recvmmsg: 0");
	close_both(p);
}

/* A bad pointer at every argument that is one. */
static void test_bad_pointers(void)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);
	int p[2];
	char c;

	joined(p);
	is(result(getsockname(p[0], BAD_POINTER, &len)), -EFAULT,
	   "getsockname: name");
	is(result(getsockname(p[0], (struct sockaddr *)&a, BAD_POINTER)),
	   -EFAULT, "getsockname: length");
	is(result(getpeername(p[0], BAD_POINTER, &len)), -EFAULT,
	   "getpeername: name");
	is(result(getpeername(p[0], (struct sockaddr *)&a, BAD_POINTER)),
	   -EFAULT, "getpeername: length");
	len = -1;
	is(result(getsockname(p[0], (struct sockaddr *)&a, &len)), -EINVAL,
	   "getsockname: length below 0");
	len = 0;
	is(result(getsockname(p[0], BAD_POINTER, &len)), 0,
	   "getsockname: no room, no pointer");
	is(len, sizeof(a), "getsockname: the true length");
	is(result(getsockname(-1, (struct sockaddr *)&a, &len)), -EBADF,
	   "getsockname: no descriptor");
	is(result(getsockname(0, (struct sockaddr *)&a, &len)), -ENOTSOCK,
	   "getsockname: no socket");
	is(result(getpeername(0, (struct sockaddr *)&a, &len)), -ENOTSOCK,
	   "getpeername: no socket");
	pass(p[0], p[1], "abcd");
	is(result(syscall(SYS_recvfrom, p[1], &c, 1, 0, &a, BAD_POINTER)),
	   -EFAULT, "recvfrom: length");
	is_str(received(p[1], 0), "bcd", "recvfrom: and the byte is gone");
	pass(p[0], p[1], "abcd");
	len = sizeof(a);
	is(result(syscall(SYS_recvfrom, p[1], &c, 1, 0, BAD_POINTER, &len)), 1,
	   "recvfrom: a name that there is none for");
	is(result(socketpair(AF_INET, SOCK_STREAM, 0, p)), -EOPNOTSUPP,
	   "socketpair: not of AF_INET");
	is(result(syscall(SYS_socketpair, AF_INET, SOCK_STREAM, 0,
			  BAD_POINTER)),
	   -EFAULT, "socketpair: bad");
	close_both(p);
}

int main(void)
{
	deadline(50);
	signal(SIGPIPE, SIG_IGN);
	test_vectors();
	test_partly_bad();
	test_messages();
	test_sendmmsg();
	test_recvmmsg();
	test_bad_pointers();
	return done_testing();
}
