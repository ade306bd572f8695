/* SPDX-License-Identifier: MIT */
/*
 * System calls as the programs use them: the arguments are packed here.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include "host.h"
#include "watch.h"

int sys_socket(struct task *t, int type, bool nonblock)
{
	return sys(t, SYS_socket, AF_INET,
		   type | (nonblock ? SOCK_NONBLOCK : 0), 0, 0, 0, 0);
}

static struct sockaddr_in name(uint32_t addr, uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = addr,
	};
}

int sys_bind(struct task *t, int fd, uint32_t addr, uint16_t port)
{
	struct sockaddr_in a = name(addr, port);

	return sys(t, SYS_bind, fd, ARG(&a), sizeof(a), 0, 0, 0);
}

int sys_listen(struct task *t, int fd, int backlog)
{
	return sys(t, SYS_listen, fd, backlog, 0, 0, 0, 0);
}

int sys_accept(struct task *t, int fd, bool nonblock)
{
	int err = sys(t, SYS_accept4, fd, 0, 0, nonblock ? SOCK_NONBLOCK : 0, 0,
		      0);

	watch_blocked(t->host, fd, EPOLLIN, err);
	return err;
}

int sys_connect(struct task *t, int fd, uint32_t addr, uint16_t port)
{
	struct sockaddr_in a = name(addr, port);

	return sys(t, SYS_connect, fd, ARG(&a), sizeof(a), 0, 0, 0);
}

long sys_send(struct task *t, int fd, const void *buf, size_t len, int flags)
{
	long n = sys(t, SYS_sendto, fd, ARG(buf), len, flags | MSG_NOSIGNAL, 0,
		     0);

	watch_blocked(t->host, fd, EPOLLOUT, n);
	return n;
}

long sys_recv(struct task *t, int fd, void *buf, size_t len, int flags)
{
	long n = sys(t, SYS_recvfrom, fd, ARG(buf), len, flags, 0, 0);

	watch_blocked(t->host, fd, EPOLLIN, n);
	return n;
}

long sys_sendto(struct task *t, int fd, const void *buf, size_t len,
		uint32_t addr, uint16_t port)
{
	struct sockaddr_in a = name(addr, port);

	return sys(t, SYS_sendto, fd, ARG(buf), len, MSG_NOSIGNAL, ARG(&a),
		   sizeof(a));
}

long sys_recvfrom(struct task *t, int fd, void *buf, size_t len, uint32_t *addr,
		  uint16_t *port)
{
	struct sockaddr_in a = { 0 };
	int alen = sizeof(a);
	long n = sys(t, SYS_recvfrom, fd, ARG(buf), len, 0, ARG(&a),
		     ARG(&alen));

	*addr = a.sin_addr.s_addr;
	*port = ntohs(a.sin_port);
	return n;
}

int sys_set(struct task *t, int fd, int level, int opt, int value)
{
	return sys(t, SYS_setsockopt, fd, level, opt, ARG(&value),
		   sizeof(value), 0);
}

int sys_get(struct task *t, int fd, int level, int opt)
{
	int value = 0, len = sizeof(value);
	int err = sys(t, SYS_getsockopt, fd, level, opt, ARG(&value), ARG(&len),
		      0);

	return err ? err : value;
}

int sys_shutdown(struct task *t, int fd, int how)
{
	return sys(t, SYS_shutdown, fd, how, 0, 0, 0, 0);
}

int sys_close(struct task *t, int fd)
{
	watch_closed(t->host, fd);
	return sys(t, SYS_close, fd, 0, 0, 0, 0, 0);
}

int sys_poll(struct task *t, int fd, uint32_t events, int64_t ns)
{
	struct pollfd p = { .fd = fd, .events = events };
	struct timespec ts = { ns / (int64_t)SEC, ns % (int64_t)SEC };
	int n = sys(t, SYS_ppoll, ARG(&p), 1, ARG(ns < 0 ? NULL : &ts), 0, 0,
		    0);

	return n > 0 ? p.revents : n;
}

int sys_ioctl_int(struct task *t, int fd, unsigned long cmd)
{
	int value = 0;
	int err = sys(t, SYS_ioctl, fd, cmd, ARG(&value), 0, 0, 0);

	return err ? err : value;
}
