/* SPDX-License-Identifier: MIT */
/*
 * System calls of sockets: addresses and option values are copied in, results
 * out, in Linux's order of checks. The table also has the calls of
 * sys_message.c.
 */
#include "kernel/sys/sys_socket.h"

#include <asm/unistd_64.h>
#include <errno.h>
#include <linux/fcntl.h>
#include <string.h>

#include "kernel/fs/fdtable.h"
#include "kernel/fs/file.h"
#include "kernel/mm/uaccess.h"
#include "kernel/sys/syscall.h"
#include "kernel/task/process.h"
#include "kernel/task/thread.h"
#include "net/socket/sockopt.h"

#define SOCK_FLAGS (O_NONBLOCK | O_CLOEXEC) /* SOCK_NONBLOCK, SOCK_CLOEXEC */
#define RLIMIT_NOFILE_INDEX 7

struct socket *socket_get(int fd)
{
	struct file *file = fget(the_process()->files, fd);
	struct socket *sock;

	if (!file)
		return ERR_PTR(-EBADF);
	sock = sock_from_file(file);
	if (sock)
		return sock;
	fput(file);
	return ERR_PTR(-ENOTSOCK);
}

void socket_put(struct socket *sock)
{
	fput(sock->file);
}

int address_from_user(struct sockaddr_any *addr, const void *uaddr, int len)
{
	memset(addr, 0, sizeof(*addr));
	if (len < 0 || len > (int)sizeof(*addr))
		return -EINVAL;
	return copy_from_user(addr, uaddr, len) ? -EFAULT : 0;
}

int address_to_user(const struct sockaddr_any *addr, int len, void *uaddr,
		    int *ulen)
{
	int room;

	if (get_user(room, ulen))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	if (copy_to_user(uaddr, addr, MIN(room, len)))
		return -EFAULT;
	return put_user(len, ulen);
}

static int new_fd(unsigned int flags)
{
	struct process *process = the_process();
	uint64_t limit = process->rlimit[RLIMIT_NOFILE_INDEX].cur;

	return get_unused_fd(process->files, 0,
			     MIN(limit, (uint64_t)FD_LIMIT_MAX),
			     flags & O_CLOEXEC);
}

static uint32_t file_flags(unsigned int flags)
{
	return O_RDWR | (flags & O_NONBLOCK);
}

static long sys_socket(int family, int type, int protocol)
{
	unsigned int flags = type & ~SOCK_TYPE_MASK;
	struct file *file;
	int fd;

	if (flags & ~SOCK_FLAGS)
		return -EINVAL;
	file = socket_create(family, type & SOCK_TYPE_MASK, protocol,
			     file_flags(flags));
	if (IS_ERR(file))
		return PTR_ERR(file);
	fd = new_fd(flags);
	if (fd < 0)
		fput(file);
	else
		fd_install(the_process()->files, fd, file);
	return fd;
}

/* Stores the numbers before anything is made, so nothing has to be undone. */
static int pair_to(int family, int type, int protocol, unsigned int flags,
		   const int fds[2], int *ufds)
{
	struct fdtable *fdt = the_process()->files;
	struct file *ends[2];
	int err = put_user(fds[0], ufds);

	if (!err)
		err = put_user(fds[1], ufds + 1);
	if (!err)
		err = socket_create_pair(family, type & SOCK_TYPE_MASK,
					 protocol, file_flags(flags), ends);
	if (err)
		return err;
	fd_install(fdt, fds[0], ends[0]);
	fd_install(fdt, fds[1], ends[1]);
	return 0;
}

static long sys_socketpair(int family, int type, int protocol, int *ufds)
{
	struct fdtable *fdt = the_process()->files;
	unsigned int flags = type & ~SOCK_TYPE_MASK;
	int fds[2], err;

	if (flags & ~SOCK_FLAGS)
		return -EINVAL;
	fds[0] = new_fd(flags);
	if (fds[0] < 0)
		return fds[0];
	fds[1] = new_fd(flags);
	err = fds[1] < 0 ? fds[1] :
			   pair_to(family, type, protocol, flags, fds, ufds);
	if (err) {
		put_unused_fd(fdt, fds[0]);
		if (fds[1] >= 0)
			put_unused_fd(fdt, fds[1]);
	}
	return err;
}

static long sys_bind(int fd, const void *uaddr, int len)
{
	struct socket *sock = socket_get(fd);
	struct sockaddr_any addr;
	int err;

	if (IS_ERR(sock))
		return PTR_ERR(sock);
	err = address_from_user(&addr, uaddr, len);
	if (!err)
		err = sock->ops->bind(sock, &addr, len);
	socket_put(sock);
	return err;
}

static long sys_listen(int fd, int backlog)
{
	struct socket *sock = socket_get(fd);
	int err;

	if (IS_ERR(sock))
		return PTR_ERR(sock);
	err = sock->ops->listen(sock, backlog);
	socket_put(sock);
	return err;
}

static long sys_connect(int fd, const void *uaddr, int len)
{
	struct socket *sock = socket_get(fd);
	struct sockaddr_any addr;
	int err;

	if (IS_ERR(sock))
		return PTR_ERR(sock);
	err = address_from_user(&addr, uaddr, len);
	if (!err)
		err = sock->ops->connect(sock, &addr, len,
					 sock->file->f_flags & O_NONBLOCK);
	socket_put(sock);
	return err;
}

/* newfd is reserved; on error the caller frees it, the connection is closed. */
static int accept_to(struct socket *sock, int newfd, void *uaddr, int *ulen,
		     unsigned int flags)
{
	struct sockaddr_any addr;
	struct file *file;
	int len, err = 0;

	file = socket_accept(sock, file_flags(flags), uaddr ? &addr : NULL,
			     &len);
	if (IS_ERR(file))
		return PTR_ERR(file);
	if (uaddr)
		err = address_to_user(&addr, len, uaddr, ulen);
	if (err)
		fput(file);
	else
		fd_install(the_process()->files, newfd, file);
	return err;
}

/* As on Linux, EMFILE and EINVAL come before ENOTSOCK. */
static long sys_accept4(int fd, void *uaddr, int *ulen, int flags)
{
	struct socket *sock = socket_get(fd);
	int newfd, err;

	if (IS_ERR(sock) && PTR_ERR(sock) != -ENOTSOCK)
		return PTR_ERR(sock);
	newfd = flags & ~SOCK_FLAGS ? -EINVAL : new_fd(flags);
	if (newfd >= 0) {
		err = IS_ERR(sock) ? (int)PTR_ERR(sock) :
				     accept_to(sock, newfd, uaddr, ulen, flags);
		if (err) {
			put_unused_fd(the_process()->files, newfd);
			newfd = err;
		}
	}
	if (!IS_ERR(sock))
		socket_put(sock);
	return newfd;
}

static long sys_accept(int fd, void *uaddr, int *ulen)
{
	return sys_accept4(fd, uaddr, ulen, 0);
}

static long get_name(int fd, void *uaddr, int *ulen, enum sock_name which)
{
	struct socket *sock = socket_get(fd);
	struct sockaddr_any addr;
	int err;

	if (IS_ERR(sock))
		return PTR_ERR(sock);
	err = sock->ops->getname(sock, &addr, which);
	if (err >= 0)
		err = address_to_user(&addr, err, uaddr, ulen);
	socket_put(sock);
	return err;
}

static long sys_getsockname(int fd, void *uaddr, int *ulen)
{
	return get_name(fd, uaddr, ulen, NAME_LOCAL);
}

static long sys_getpeername(int fd, void *uaddr, int *ulen)
{
	return get_name(fd, uaddr, ulen, NAME_PEER);
}

static long sys_shutdown(int fd, int how)
{
	struct socket *sock = socket_get(fd);
	int err;

	if (IS_ERR(sock))
		return PTR_ERR(sock);
	err = sock->ops->shutdown(sock, how);
	socket_put(sock);
	return err;
}

static long sys_setsockopt(int fd, int level, int name, const void *uval,
			   int len)
{
	uint8_t value[SOCKOPT_MAX] = { 0 };
	struct socket *sock;
	size_t left;
	int err;

	if (len < 0)
		return -EINVAL;
	sock = socket_get(fd);
	if (IS_ERR(sock))
		return PTR_ERR(sock);
	len = MIN(len, (int)sizeof(value));
	left = copy_from_user(value, uval, len);
	memset(value + len - left, 0, left);
	err = sock_setsockopt(sock, level, name, value, len, len - left);
	socket_put(sock);
	return err;
}

static long sys_getsockopt(int fd, int level, int name, void *uval, int *ulen)
{
	struct socket *sock = socket_get(fd);
	struct sockopt_value value = { 0 };
	int len, err;

	if (IS_ERR(sock))
		return PTR_ERR(sock);
	err = get_user(len, ulen);
	if (!err)
		err = sock_getsockopt(sock, level, name, len, &value);
	if (!err && copy_to_user(uval, value.data, value.stored))
		err = -EFAULT;
	if (!err)
		err = put_user(value.len, ulen);
	socket_put(sock);
	return err;
}

const struct syscall_entry syscalls_socket[] = {
	SYSCALL(socket),   SYSCALL(socketpair),	 SYSCALL(bind),
	SYSCALL(listen),   SYSCALL(accept),	 SYSCALL(accept4),
	SYSCALL(connect),  SYSCALL(getsockname), SYSCALL(getpeername),
	SYSCALL(shutdown), SYSCALL(setsockopt),	 SYSCALL(getsockopt),
	{ 0, NULL },
};
