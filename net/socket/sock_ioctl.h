/* SPDX-License-Identifier: MIT */
/*
 * ioctl(2) on sockets.
 */
#ifndef NET_SOCKET_SOCK_IOCTL_H
#define NET_SOCKET_SOCK_IOCTL_H

struct socket;

/*
 * The protocol's own ioctls, then those of all sockets. 0 or -errno; -ENOTTY
 * for an unknown number. Thread context.
 */
long sock_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg);

#endif
