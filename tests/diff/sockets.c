/* SPDX-License-Identifier: MIT */
/*
 * Operations on AF_UNIX sockets: pairs, messages with descriptors, names.
 */
#define _GNU_SOURCE
#include "trace.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void op_socketpair(void)
{
	static const int types[] = { SOCK_STREAM,    SOCK_STREAM, SOCK_DGRAM,
				     SOCK_SEQPACKET, SOCK_RAW,	  77 };
	static const int flags[] = { 0, SOCK_NONBLOCK, SOCK_CLOEXEC };
	int type = PICK(types) | PICK(flags), fds[2] = { -1, -1 };

	say("socketpair(%#x)", type);
	if (say_result(socketpair(AF_UNIX, type, 0, fds)))
		return;
	say(" %d %d", fds[0], fds[1]);
	kind_of[fds[0]] = kind_of[fds[1]] = SOCK;
}

static int pick_sock(void)
{
	return chance(96) ? pick_fd(SOCK) : pick_any();
}

static void op_send(void)
{
	static const size_t sizes[] = { 0,   1,	   1,	 2,	10,   100,
					500, 3000, 4096, 20000, 70000 };
	int fd = pick_sock();
	size_t size = PICK(sizes);
	unsigned char *from = pattern + rnd(1000);
	int flags = chance(5) ? MSG_EOR : 0;

	say("send(%d, %zu, %#x)", fd, size, flags);
	say_result(send(fd, from, size, flags | MSG_DONTWAIT | MSG_NOSIGNAL));
}

/*
 * A message with descriptors; some of them are not open. None is a socket's:
 * when sockets that lie in each other's queues are thrown away is not said.
 */
union rights {
	struct cmsghdr header;
	char space[CMSG_SPACE(3 * sizeof(int))];
};

static void op_send_fds(void)
{
	int fd = pick_sock(), n = 1 + rnd(3), fds[3];
	union rights control = { .header = { .cmsg_level = SOL_SOCKET,
					     .cmsg_type = SCM_RIGHTS } };
	struct iovec vec = { pattern, rnd(20) };
	struct msghdr msg = {
		.msg_iov = &vec,
		.msg_iovlen = 1,
		.msg_control = &control,
	};

	say("sendmsg(%d, %zu, fds", fd, vec.iov_len);
	for (int i = 0; i < n; i++) {
		fds[i] = pick_fd((enum kind)rnd(SOCK));
		if (fds[i] >= 0 && fds[i] < FD_MAX && kind_of[fds[i]] == SOCK)
			fds[i] = -1;
		say(" %d", fds[i]);
	}
	say(")");
	memcpy(CMSG_DATA(&control.header), fds, n * sizeof(int));
	control.header.cmsg_len = CMSG_LEN(n * sizeof(int));
	msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
	say_result(sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL));
}

/* What arrived is used like any other descriptor; its kind is found out. */
static void take_fds(const struct msghdr *msg)
{
	const struct cmsghdr *header = CMSG_FIRSTHDR(msg);
	size_t n;

	if (!header || header->cmsg_type != SCM_RIGHTS)
		return;
	n = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	for (size_t i = 0; i < n; i++) {
		int fd, type;
		socklen_t len = sizeof(type);

		memcpy(&fd, CMSG_DATA(header) + i * sizeof(fd), sizeof(fd));
		say(" fd %d", fd);
		if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len))
			kind_of[fd] = fcntl(fd, F_GETPIPE_SZ) < 0   ? EVENTFD :
				      fcntl(fd, F_GETFL) & O_WRONLY ? PIPE_W :
								      PIPE_R;
		else
			kind_of[fd] = SOCK;
	}
}

static void op_recvmsg(void)
{
	static const size_t sizes[] = { 0, 1, 10, 1000 };
	static const int flags[] = { 0, 0, MSG_PEEK, MSG_CMSG_CLOEXEC };
	static const size_t spaces[] = { sizeof(union rights), 0,
					 CMSG_SPACE(sizeof(int)), 8 };
	int fd = pick_sock(), flag = PICK(flags);
	union rights control;
	struct iovec vec = { buffer, PICK(sizes) };
	struct msghdr msg = {
		.msg_iov = &vec,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = chance(80) ? spaces[0] : PICK(spaces),
	};
	long n;

	say("recvmsg(%d, %zu, %#x, %zu)", fd, vec.iov_len, flag,
	    (size_t)msg.msg_controllen);
	n = say_result(recvmsg(fd, &msg, flag | MSG_DONTWAIT));
	if (n < 0)
		return;
	say(" %08x %#x %zu", checksum(buffer, n), msg.msg_flags,
	    (size_t)msg.msg_controllen);
	take_fds(&msg);
}

/* ---- Names --------------------------------------------------------------- */

static void op_socket(void)
{
	static const int types[] = { SOCK_STREAM, SOCK_STREAM, SOCK_DGRAM,
				     SOCK_SEQPACKET };
	int type = PICK(types) | (chance(50) ? SOCK_NONBLOCK : 0);

	say("socket(%#x)", type);
	say_opened(socket(AF_UNIX, type, 0), SOCK);
}

/* One of four abstract names, which are this process's own. */
static socklen_t pick_name(struct sockaddr_un *name)
{
	int which = rnd(4), len;

	*name = (struct sockaddr_un){ .sun_family = AF_UNIX };
	len = snprintf(name->sun_path + 1, sizeof(name->sun_path) - 1,
		       "pollux-diff-%d-%d", getpid(), which);
	say(" name %d)", which);
	return offsetof(struct sockaddr_un, sun_path) + 1 + len;
}

static void op_bind(void)
{
	int fd = pick_sock();
	struct sockaddr_un name;
	socklen_t len;

	say("bind(%d", fd);
	len = pick_name(&name);
	say_result(bind(fd, (struct sockaddr *)&name, len));
}

static void op_listen(void)
{
	int fd = pick_sock(), backlog = (int)rnd(4) - 1;

	say("listen(%d, %d)", fd, backlog);
	say_result(listen(fd, backlog));
}

/* Does not wait for room in the backlog. */
static void op_connect(void)
{
	int fd = pick_sock(), flags = fcntl(fd, F_GETFL);
	struct sockaddr_un name;
	socklen_t len;

	say("connect(%d", fd);
	len = pick_name(&name);
	if (flags >= 0)
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	if (chance(3))
		name.sun_family = AF_UNSPEC;
	say_result(connect(fd, (struct sockaddr *)&name, len));
	if (flags >= 0)
		fcntl(fd, F_SETFL, flags);
}

static void op_accept(void)
{
	int fd = pick_sock(), flags = fcntl(fd, F_GETFL), result;

	if (flags >= 0)
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	say("accept(%d)", fd);
	result = accept4(fd, NULL, NULL, SOCK_NONBLOCK);
	say_opened(result, SOCK);
	if (flags >= 0)
		fcntl(fd, F_SETFL, flags);
}

static void op_sendto(void)
{
	int fd = pick_sock();
	size_t size = rnd(30);
	struct sockaddr_un name;
	socklen_t len;

	say("sendto(%d, %zu", fd, size);
	len = pick_name(&name);
	say_result(sendto(fd, pattern, size, MSG_DONTWAIT | MSG_NOSIGNAL,
			  (struct sockaddr *)&name, len));
}

/* ---- The rest ------------------------------------------------------------ */

static void op_recv(void)
{
	static const size_t sizes[] = { 0, 1, 5, 10, 100, 1000, 5000, 5000 };
	static const int flags[] = { 0,		0,	     0,	     MSG_PEEK,
				     MSG_TRUNC, MSG_WAITALL, MSG_OOB };
	int fd = pick_sock(), flag = PICK(flags);
	size_t size = PICK(sizes);
	long n;

	say("recv(%d, %zu, %#x)", fd, size, flag);
	n = say_result(recv(fd, buffer, size, flag | MSG_DONTWAIT));
	if (n > 0)
		say(" %08x", checksum(buffer, n < (long)size ? n : (long)size));
}

static void op_shutdown(void)
{
	static const int hows[] = { SHUT_RD, SHUT_WR, SHUT_WR, SHUT_RDWR, 9 };
	int fd = pick_sock(), how = PICK(hows);

	say("shutdown(%d, %d)", fd, how);
	say_result(shutdown(fd, how));
}

static void op_getsockopt(void)
{
	static const int names[] = { SO_ERROR, SO_TYPE, SO_DOMAIN,
				     SO_ACCEPTCONN, SO_PASSCRED };
	int fd = pick_sock(), name = PICK(names), value = -1;
	socklen_t len = sizeof(value);

	say("getsockopt(%d, %d)", fd, name);
	if (!say_result(getsockopt(fd, SOL_SOCKET, name, &value, &len)))
		say(" %d", value);
}

const struct operation socket_operations[] = {
	{ op_socketpair, 40 }, { op_send, 80 },	   { op_recv, 90 },
	{ op_send_fds, 16 },   { op_recvmsg, 20 }, { op_socket, 10 },
	{ op_bind, 12 },       { op_listen, 10 },  { op_connect, 20 },
	{ op_accept, 20 },     { op_sendto, 10 },  { op_shutdown, 6 },
	{ op_getsockopt, 4 },  { NULL, 0 },
};
