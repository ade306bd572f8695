/* SPDX-License-Identifier: MIT */
/*
 * System calls of sockets: addresses, message headers and option values come
 * in, results go out, in the order in which Linux looks at them.
 */
#include <asm/unistd_64.h>
#include <errno.h>
#include <linux/fcntl.h>
#include <linux/uio.h>
#include <string.h>

#include "kernel/fs/fdtable.h"
#include "kernel/fs/file.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/uaccess.h"
#include "kernel/sys/syscall.h"
#include "kernel/sys/timespec.h"
#include "kernel/task/clock.h"
#include "kernel/task/exec.h"
#include "kernel/task/thread.h"
#include "net/socket.h"

#define SOCK_FLAGS (O_NONBLOCK | O_CLOEXEC) /* SOCK_NONBLOCK, SOCK_CLOEXEC */
#define RLIMIT_NOFILE_INDEX 7
#define MAX_IOV 1024
#define MAX_MESSAGES 1024

/* struct msghdr of sendmsg(2), and of sendmmsg(2). */
struct user_msghdr {
	void *name;
	int namelen;
	struct iovec *iov;
	size_t iovlen;
	void *control;
	size_t controllen;
	unsigned int flags;
};

struct user_mmsghdr {
	struct user_msghdr hdr;
	unsigned int len;
};

_Static_assert(sizeof(struct user_msghdr) == 56, "as in <sys/socket.h>");
_Static_assert(sizeof(struct user_mmsghdr) == 64, "as in <sys/socket.h>");

/* The socket of fd, with a reference to its file: ERR_PTR. */
static struct socket *socket_get(int fd)
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

static void socket_put(struct socket *sock)
{
	fput(sock->file);
}

static int address_from_user(struct sockaddr_any *addr, const void *uaddr,
			     int len)
{
	memset(addr, 0, sizeof(*addr));
	if (len < 0 || len > (int)sizeof(*addr))
		return -EINVAL;
	return copy_from_user(addr, uaddr, len) ? -EFAULT : 0;
}

/* As much as there is room for; *ulen becomes the true length. */
static int address_to_user(const struct sockaddr_any *addr, int len,
			   void *uaddr, int *ulen)
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

/* No family that is here has pairs. */
static long sys_socketpair(int family, int type, int protocol, int *fds)
{
	if ((type & ~SOCK_TYPE_MASK) & ~SOCK_FLAGS)
		return -EINVAL;
	return family == AF_INET ? -EOPNOTSUPP : -EAFNOSUPPORT;
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

/* With a number reserved; consumes nothing but the connection. */
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

static long sys_accept4(int fd, void *uaddr, int *ulen, int flags)
{
	struct socket *sock = socket_get(fd);
	int newfd, err;

	if (IS_ERR(sock))
		return PTR_ERR(sock);
	newfd = flags & ~SOCK_FLAGS ? -EINVAL : new_fd(flags);
	if (newfd >= 0) {
		err = accept_to(sock, newfd, uaddr, ulen, flags);
		if (err) {
			put_unused_fd(the_process()->files, newfd);
			newfd = err;
		}
	}
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

/* One buffer as an iterator: -EFAULT when it cannot be the application's. */
static int import_buffer(const void *buf, size_t len, struct iovec *iov,
			 struct iov_iter *iter)
{
	len = MIN(len, MAX_RW_COUNT);
	if (!access_ok(buf, len))
		return -EFAULT;
	iov->iov_base = (void *)buf;
	iov->iov_len = len;
	iov_iter_init(iter, iov, 1, len, true);
	return 0;
}

static long sys_sendto(int fd, const void *buf, size_t len, unsigned int flags,
		       const void *uaddr, int ulen)
{
	struct sockaddr_any addr;
	struct iov_iter iter;
	struct iovec iov;
	struct msg msg = { .iter = &iter, .flags = flags };
	struct socket *sock;
	ssize_t ret = import_buffer(buf, len, &iov, &iter);

	if (ret)
		return ret;
	sock = socket_get(fd);
	if (IS_ERR(sock))
		return PTR_ERR(sock);
	if (uaddr) {
		ret = address_from_user(&addr, uaddr, ulen);
		msg.name = &addr;
		msg.namelen = ulen;
	}
	if (!ret)
		ret = sock_sendmsg(sock, &msg);
	socket_put(sock);
	return ret;
}

static long sys_recvfrom(int fd, void *buf, size_t len, unsigned int flags,
			 void *uaddr, int *ulen)
{
	struct sockaddr_any addr;
	struct iov_iter iter;
	struct iovec iov;
	struct msg msg = { .iter = &iter, .flags = flags };
	struct socket *sock;
	ssize_t ret = import_buffer(buf, len, &iov, &iter);
	int err;

	if (ret)
		return ret;
	sock = socket_get(fd);
	if (IS_ERR(sock))
		return PTR_ERR(sock);
	if (uaddr)
		msg.name = &addr;
	ret = sock_recvmsg(sock, &msg);
	if (ret >= 0 && uaddr) {
		err = address_to_user(&addr, msg.namelen, uaddr, ulen);
		if (err)
			ret = err;
	}
	socket_put(sock);
	return ret;
}

/* What one sendmsg(2) or recvmsg(2) works with. */
struct message {
	struct user_msghdr hdr;
	struct sockaddr_any addr;
	struct iovec fast[UIO_FASTIOV];
	struct iovec *to_free;
	struct iov_iter iter;
	struct msg msg;
};

static int message_get(struct message *m, const struct user_msghdr *uhdr,
		       unsigned int flags)
{
	ssize_t len;

	if (copy_from_user(&m->hdr, uhdr, sizeof(m->hdr)))
		return -EFAULT;
	if (!m->hdr.name)
		m->hdr.namelen = 0;
	if (m->hdr.namelen < 0)
		return -EINVAL;
	m->hdr.namelen = MIN(m->hdr.namelen, (int)sizeof(m->addr));
	if (m->hdr.iovlen > MAX_IOV)
		return -EMSGSIZE;
	len = import_iovec(m->hdr.iov, m->hdr.iovlen, m->fast, &m->to_free,
			   &m->iter);
	if (len < 0)
		return len;
	m->msg = (struct msg){ .iter = &m->iter, .flags = flags };
	return 0;
}

static ssize_t send_one(struct socket *sock, const struct user_msghdr *uhdr,
			unsigned int flags)
{
	struct message m;
	ssize_t ret = message_get(&m, uhdr, flags);

	if (ret)
		return ret;
	if (m.hdr.namelen) {
		ret = address_from_user(&m.addr, m.hdr.name, m.hdr.namelen);
		m.msg.name = &m.addr;
		m.msg.namelen = m.hdr.namelen;
	}
	if (!ret)
		ret = sock_sendmsg(sock, &m.msg);
	kfree(m.to_free);
	return ret;
}

static int message_result(struct message *m, struct user_msghdr *uhdr)
{
	size_t none = 0;
	int err = 0;

	if (m->hdr.name)
		err = address_to_user(&m->addr, m->msg.namelen, m->hdr.name,
				      &uhdr->namelen);
	if (!err)
		err = put_user(m->msg.flags, &uhdr->flags);
	if (!err)
		err = put_user(none, &uhdr->controllen);
	return err;
}

static ssize_t recv_one(struct socket *sock, struct user_msghdr *uhdr,
			unsigned int flags)
{
	struct message m;
	ssize_t ret = message_get(&m, uhdr, flags);
	int err;

	if (ret)
		return ret;
	if (m.hdr.name)
		m.msg.name = &m.addr;
	ret = sock_recvmsg(sock, &m.msg);
	kfree(m.to_free);
	if (ret < 0)
		return ret;
	m.msg.flags &= MSG_TRUNC | MSG_CTRUNC;
	err = message_result(&m, uhdr);
	return err ? err : ret;
}

static long sys_sendmsg(int fd, const struct user_msghdr *uhdr,
			unsigned int flags)
{
	struct socket *sock = socket_get(fd);
	ssize_t ret;

	if (IS_ERR(sock))
		return PTR_ERR(sock);
	ret = send_one(sock, uhdr, flags);
	socket_put(sock);
	return ret;
}

static long sys_recvmsg(int fd, struct user_msghdr *uhdr, unsigned int flags)
{
	struct socket *sock = socket_get(fd);
	ssize_t ret;

	if (IS_ERR(sock))
		return PTR_ERR(sock);
	ret = recv_one(sock, uhdr, flags);
	socket_put(sock);
	return ret;
}

/* sendmmsg(2): an error is told only when nothing was sent before it. */
static long sys_sendmmsg(int fd, struct user_mmsghdr *list, unsigned int n,
			 unsigned int flags)
{
	struct socket *sock = socket_get(fd);
	ssize_t ret = 0;
	unsigned int i;

	if (IS_ERR(sock))
		return PTR_ERR(sock);
	n = MIN(n, (unsigned int)MAX_MESSAGES);
	for (i = 0; i < n; i++) {
		unsigned int len;

		ret = send_one(sock, &list[i].hdr, flags);
		if (ret < 0)
			break;
		len = ret;
		ret = put_user(len, &list[i].len);
		if (ret)
			break;
	}
	socket_put(sock);
	return i ? (long)i : ret;
}

/* The time is looked at after each datagram only, as recvmmsg(2) warns. */
static long recv_many(struct socket *sock, struct user_mmsghdr *list,
		      unsigned int n, unsigned int flags, uint64_t deadline)
{
	bool wait_for_one = flags & MSG_WAITFORONE;
	ssize_t ret = 0;
	unsigned int i;

	flags &= ~MSG_WAITFORONE;
	for (i = 0; i < n; i++) {
		unsigned int len;

		ret = recv_one(sock, &list[i].hdr, flags);
		if (ret < 0)
			break;
		len = ret;
		ret = put_user(len, &list[i].len);
		if (ret)
			break;
		if (wait_for_one)
			flags |= MSG_DONTWAIT;
		if (ktime_get_ns() >= deadline) {
			i++;
			break;
		}
	}
	return i ? (long)i : ret;
}

static long sys_recvmmsg(int fd, struct user_mmsghdr *list, unsigned int n,
			 unsigned int flags,
			 const struct __kernel_timespec *utimeout)
{
	uint64_t ns = FOREVER;
	struct socket *sock;
	long ret;

	if (utimeout) {
		ret = get_timespec(utimeout, &ns);
		if (ret)
			return ret;
	}
	sock = socket_get(fd);
	if (IS_ERR(sock))
		return PTR_ERR(sock);
	ret = recv_many(sock, list, MIN(n, (unsigned int)MAX_MESSAGES), flags,
			deadline_after(ns));
	socket_put(sock);
	return ret;
}

static long sys_setsockopt(int fd, int level, int name, const void *uval,
			   int len)
{
	uint8_t value[SOCKOPT_MAX];
	struct socket *sock;
	int err;

	if (len < 0)
		return -EINVAL;
	sock = socket_get(fd);
	if (IS_ERR(sock))
		return PTR_ERR(sock);
	len = MIN(len, (int)sizeof(value));
	err = copy_from_user(value, uval, len) ? -EFAULT : 0;
	if (!err)
		err = sock_setsockopt(sock, level, name, value, len);
	socket_put(sock);
	return err;
}

static long sys_getsockopt(int fd, int level, int name, void *uval, int *ulen)
{
	struct socket *sock = socket_get(fd);
	uint8_t value[SOCKOPT_MAX];
	int len, err;

	if (IS_ERR(sock))
		return PTR_ERR(sock);
	err = get_user(len, ulen);
	if (!err) {
		len = MIN(len, (int)sizeof(value));
		err = sock_getsockopt(sock, level, name, value, &len);
	}
	if (!err && copy_to_user(uval, value, len))
		err = -EFAULT;
	if (!err)
		err = put_user(len, ulen);
	socket_put(sock);
	return err;
}

const struct syscall_entry syscalls_socket[] = {
	SYSCALL(socket),   SYSCALL(socketpair),	 SYSCALL(bind),
	SYSCALL(listen),   SYSCALL(accept),	 SYSCALL(accept4),
	SYSCALL(connect),  SYSCALL(getsockname), SYSCALL(getpeername),
	SYSCALL(sendto),   SYSCALL(recvfrom),	 SYSCALL(sendmsg),
	SYSCALL(recvmsg),  SYSCALL(sendmmsg),	 SYSCALL(recvmmsg),
	SYSCALL(shutdown), SYSCALL(setsockopt),	 SYSCALL(getsockopt),
	{ 0, NULL },
};
