/* SPDX-License-Identifier: MIT */
/*
 * Between the files of the socket calls: the table in sys_socket.c names
 * functions of sys_message.c, and both take sockets and addresses from ring
 * 3 the same way.
 */
#ifndef KERNEL_SYS_SYS_SOCKET_H
#define KERNEL_SYS_SYS_SOCKET_H

#include "kernel/base.h"
#include "net/socket/socket.h"

struct __kernel_timespec;
struct user_mmsghdr;
struct user_msghdr;

/* The socket of fd, with a reference to its file: ERR_PTR. */
struct socket *socket_get(int fd);
void socket_put(struct socket *sock);
int address_from_user(struct sockaddr_any *addr, const void *uaddr, int len);
/* As much as there is room for; *ulen becomes the true length. */
int address_to_user(const struct sockaddr_any *addr, int len, void *uaddr,
		    int *ulen);

/* sys_message.c */
long sys_sendto(int fd, const void *buf, size_t len, unsigned int flags,
		const void *uaddr, int ulen);
long sys_recvfrom(int fd, void *buf, size_t len, unsigned int flags,
		  void *uaddr, int *ulen);
long sys_sendmsg(int fd, const struct user_msghdr *uhdr, unsigned int flags);
long sys_recvmsg(int fd, struct user_msghdr *uhdr, unsigned int flags);
long sys_sendmmsg(int fd, struct user_mmsghdr *list, unsigned int n,
		  unsigned int flags);
long sys_recvmmsg(int fd, struct user_mmsghdr *list, unsigned int n,
		  unsigned int flags, const struct __kernel_timespec *utimeout);

#endif
