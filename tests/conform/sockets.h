/* SPDX-License-Identifier: MIT */
/*
 * What the programs about sockets share.
 */
#ifndef TESTS_CONFORM_SOCKETS_H
#define TESTS_CONFORM_SOCKETS_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tap.h"

#define ALL (POLLIN | POLLOUT | POLLRDHUP | POLLPRI)

/* -errno of the last call, or its result. */
static inline long result(long r)
{
	return r == -1 ? -errno : r;
}

static inline struct sockaddr_in local(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons(port);
	return a;
}

static inline int port_of(int fd)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	if (getsockname(fd, (struct sockaddr *)&a, &len))
		return -1;
	return ntohs(a.sin_port);
}

static inline int mask(int fd)
{
	struct pollfd p = { .fd = fd, .events = ALL };

	return poll(&p, 1, 0) < 0 ? -errno : p.revents;
}

static inline int wait_mask(int fd, int events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, PATIENCE) < 0 ? -errno : p.revents;
}

static inline int connect_to(int fd, int port)
{
	struct sockaddr_in a = local(port);

	return result(connect(fd, (struct sockaddr *)&a, sizeof(a)));
}

static inline int bind_to(int fd, int port)
{
	struct sockaddr_in a = local(port);

	return result(bind(fd, (struct sockaddr *)&a, sizeof(a)));
}

static inline int listener(int backlog, int *port)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind_to(fd, 0) || listen(fd, backlog))
		exit(9);
	*port = port_of(fd);
	return fd;
}

static inline void pair(int fds[2])
{
	int port, l = listener(5, &port);

	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (connect_to(fds[0], port))
		exit(9);
	fds[1] = accept(l, NULL, NULL);
	close(l);
}

static inline int get_option(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	if (getsockopt(fd, level, name, &value, &len))
		return -errno;
	return value;
}

static inline int set_option(int fd, int level, int name, int value)
{
	return result(setsockopt(fd, level, name, &value, sizeof(value)));
}

static inline void nonblock(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/* What is on its way makes room when it has arrived: nothing moves any more. */
static inline bool stands_still(int fd)
{
	int before = -1, after = -1;

	ioctl(fd, TIOCOUTQ, &before);
	for (int i = 0; i < 10; i++) {
		usleep(10000);
		if ((mask(fd) & POLLOUT) || ioctl(fd, TIOCOUTQ, &after) ||
		    after != before)
			return false;
	}
	return true;
}

#endif
