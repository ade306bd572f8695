/* SPDX-License-Identifier: MIT */
/*
 * For the programs about AF_UNIX sockets: pairs, names, masks, and one
 * message with what travels beside it.
 */
#ifndef TESTS_CONFORM_UNIX_H
#define TESTS_CONFORM_UNIX_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "tap.h"

static int s[2]; /* the pair at hand */
static char buf[300000];

/* A condition, where fails() of tap.h is an assertion. */
static inline bool gives(long ret, int err)
{
	return ret == -1 && errno == err;
}

static inline void pair(int type)
{
	if (socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, s))
		ok(false, "socketpair");
}

static inline void unpair(void)
{
	close(s[0]);
	close(s[1]);
}

static inline void blocking(int fd)
{
	fcntl(fd, F_SETFL, O_RDWR);
}

static inline int mask(int fd)
{
	struct pollfd p = { fd,
			    POLLIN | POLLOUT | POLLPRI | POLLRDHUP |
				    POLLWRBAND | POLLRDNORM | POLLWRNORM,
			    0 };

	poll(&p, 1, 0);
	return p.revents;
}

#define READABLE (POLLIN | POLLRDNORM)
#define WRITABLE (POLLOUT | POLLWRNORM | POLLWRBAND)

static inline int option(int fd, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &len) ? -errno : value;
}

static inline int set_option(int fd, int name, int value)
{
	return setsockopt(fd, SOL_SOCKET, name, &value, sizeof(value));
}

/* An abstract name, which no other program of this name space has. */
static inline socklen_t abstract(struct sockaddr_un *addr, const char *name)
{
	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	snprintf(addr->sun_path + 1, sizeof(addr->sun_path) - 1, "%d-%s",
		 (int)getpid(), name);
	return offsetof(struct sockaddr_un, sun_path) + 1 +
	       strlen(addr->sun_path + 1);
}

static inline int bound(int type, const char *name)
{
	struct sockaddr_un addr;
	socklen_t len = abstract(&addr, name);
	int fd = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);

	return bind(fd, (struct sockaddr *)&addr, len) ? -1 : fd;
}

static inline int connect_to(int fd, const char *name)
{
	struct sockaddr_un addr;
	socklen_t len = abstract(&addr, name);

	return connect(fd, (struct sockaddr *)&addr, len);
}

static inline int connected(int type, const char *name)
{
	int fd = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);

	if (!connect_to(fd, name))
		return fd;
	close(fd);
	return -1;
}

/* The next event of an edge-triggered set, or 0. */
static inline unsigned int edge(int ep)
{
	struct epoll_event ev;

	return epoll_wait(ep, &ev, 1, 0) == 1 ? ev.events : 0;
}

static inline int edge_set(int fd)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP |
					    EPOLLET };
	int ep = epoll_create1(0);

	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
	edge(ep);
	return ep;
}

/* ---- Messages ------------------------------------------------------------ */

static int got[300]; /* descriptors that came along, nr_got of them */
static int nr_got, got_flags, has_cred;
static size_t got_control;
static struct ucred cred;

/* The call itself: musl's function takes no more than 1 KiB of control. */
static inline long send_message(int fd, const struct msghdr *m)
{
	return syscall(SYS_sendmsg, fd, m, MSG_NOSIGNAL);
}

static inline long send_fds(int fd, const void *data, size_t len,
			    const int *fds, int n)
{
	static union {
		struct cmsghdr hdr;
		char room[CMSG_SPACE(300 * sizeof(int))];
	} control;
	struct iovec iov = { (void *)data, len };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = CMSG_SPACE(n * sizeof(int)) };

	control.hdr.cmsg_level = SOL_SOCKET;
	control.hdr.cmsg_type = SCM_RIGHTS;
	control.hdr.cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(&control.hdr), fds, n * sizeof(int));
	return send_message(fd, &m);
}

static inline void note_control(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_type == SCM_RIGHTS) {
			nr_got = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
			memcpy(got, CMSG_DATA(c), nr_got * sizeof(int));
		} else if (c->cmsg_type == SCM_CREDENTIALS) {
			has_cred = 1;
			memcpy(&cred, CMSG_DATA(c), sizeof(cred));
		}
	}
}

/* With room for so many bytes of control messages. */
static inline long recv_room(int fd, size_t len, int flags, size_t room)
{
	static union {
		struct cmsghdr hdr;
		char room[CMSG_SPACE(300 * sizeof(int))];
	} control;
	struct iovec iov = { buf, len };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = room ? &control : NULL,
			    .msg_controllen = room };
	long n;

	nr_got = has_cred = 0;
	n = recvmsg(fd, &m, flags);
	got_flags = m.msg_flags;
	got_control = m.msg_controllen;
	if (n >= 0)
		note_control(&m);
	return n;
}

static inline long recv_fds(int fd, size_t len, int flags)
{
	return recv_room(fd, len, flags, CMSG_SPACE(300 * sizeof(int)));
}

static inline void close_got(void)
{
	while (nr_got)
		close(got[--nr_got]);
}

static inline bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

#endif
