/* SPDX-License-Identifier: MIT */
/*
 * System calls that move messages: buffers, message headers and control
 * messages are copied in, received data and lengths out, in Linux's order of
 * checks.
 */
#include <asm/unistd_64.h>
#include <errno.h>
#include <limits.h>
#include <linux/uio.h>
#include <string.h>

#include "kernel/fs/file.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/mm/kvmalloc.h"
#include "kernel/mm/uaccess.h"
#include "kernel/sys/sys_socket.h"
#include "kernel/sys/syscall.h"
#include "kernel/sys/timespec.h"
#include "kernel/task/clock.h"
#include "kernel/task/thread.h"

#define MAX_IOV 1024
#define MAX_MESSAGES 1024
#define MAX_CONTROL 131072 /* net.core.optmem_max */

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

/* One buffer as an iterator: -EFAULT if it is not in user memory. */
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
	struct sockaddr_any addr UNINITIALIZED; /* not used without uaddr */
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
		memset(&addr, 0, sizeof(addr));
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
	struct sockaddr_any addr UNINITIALIZED; /* not used without uaddr */
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
		msg.name = memset(&addr, 0, sizeof(addr));
	ret = sock_recvmsg(sock, &msg);
	if (ret >= 0 && uaddr) {
		err = address_to_user(&addr, msg.namelen, uaddr, ulen);
		if (err)
			ret = err;
	}
	socket_put(sock);
	return ret;
}

/* The state of one sendmsg(2) or recvmsg(2). */
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

/* For sending: copies the control messages; to be kvfree()d. */
static int control_get(struct message *m)
{
	size_t len = m->hdr.controllen;

	if (!len)
		return 0;
	if (len > MAX_CONTROL)
		return -ENOBUFS;
	m->msg.control = kvmalloc(len);
	if (!m->msg.control)
		return -ENOBUFS;
	m->msg.controllen = len;
	return copy_from_user(m->msg.control, m->hdr.control, len) ? -EFAULT :
								     0;
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
		ret = control_get(&m);
	if (!ret)
		ret = sock_sendmsg(sock, &m.msg);
	kvfree(m.msg.control);
	kvfree(m.to_free);
	return ret;
}

static int message_result(struct message *m, struct user_msghdr *uhdr)
{
	size_t controllen = m->msg.control ? (uintptr_t)m->msg.control -
						     (uintptr_t)m->hdr.control :
					     0;
	int err = 0;

	if (m->hdr.name)
		err = address_to_user(&m->addr, m->msg.namelen, m->hdr.name,
				      &uhdr->namelen);
	if (!err)
		err = put_user(m->msg.flags, &uhdr->flags);
	if (!err)
		err = put_user(controllen, &uhdr->controllen);
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
	m.msg.control = m.hdr.control;
	m.msg.controllen = m.hdr.control ? m.hdr.controllen : 0;
	ret = sock_recvmsg(sock, &m.msg);
	kvfree(m.to_free);
	if (ret < 0)
		return ret;
	m.msg.flags &= MSG_TRUNC | MSG_CTRUNC | MSG_OOB | MSG_ERRQUEUE;
	m.msg.flags |= flags & MSG_CMSG_CLOEXEC;
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

/* Stores a message's length in its list entry, unless ret is an error. */
static ssize_t put_length(ssize_t ret, unsigned int *ulen)
{
	unsigned int len = ret;

	return ret < 0 ? ret : put_user(len, ulen);
}

/* sendmmsg(2): an error is returned only if no message was sent before. */
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
		ret = put_length(send_one(sock, &list[i].hdr, flags),
				 &list[i].len);
		if (ret)
			break;
		cond_resched();
	}
	socket_put(sock);
	return i ? (long)i : ret;
}

/* As recvmmsg(2) warns, the timeout is checked only after each datagram. */
static long recv_many(struct socket *sock, struct user_mmsghdr *list,
		      unsigned int n, unsigned int flags, uint64_t deadline)
{
	bool wait_for_one = flags & MSG_WAITFORONE;
	ssize_t ret = 0;
	unsigned int i;

	flags &= ~MSG_WAITFORONE;
	for (i = 0; i < n; i++) {
		ret = put_length(recv_one(sock, &list[i].hdr, flags),
				 &list[i].len);
		if (ret)
			break;
		cond_resched();
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

const struct syscall_entry syscalls_message[] = {
	SYSCALL(sendto),  SYSCALL(recvfrom), SYSCALL(sendmsg),
	SYSCALL(recvmsg), SYSCALL(sendmmsg), SYSCALL(recvmmsg),
	{ 0, NULL },
};
