/* SPDX-License-Identifier: MIT */
/*
 * Looking up sockets of ring 3 and storing addresses, for all calls.
 */
#ifndef KERNEL_SYS_SYS_SOCKET_H
#define KERNEL_SYS_SYS_SOCKET_H

#include "kernel/base.h"
#include "net/socket/socket.h"

/* The socket of fd, with a reference to its file: ERR_PTR. */
struct socket *socket_get(int fd);
void socket_put(struct socket *sock);
int address_from_user(struct sockaddr_any *addr, const void *uaddr, int len);
/* Stores as much as fits; *ulen becomes the full length. */
int address_to_user(const struct sockaddr_any *addr, int len, void *uaddr,
		    int *ulen);

#endif
