/* SPDX-License-Identifier: MIT */
/*
 * AF_UNIX as the socket layer sees it.
 */
#ifndef NET_AF_UNIX_H
#define NET_AF_UNIX_H

#include "kernel/base.h"

struct sock;
struct socket;

void unix_init(void); /* slab cache, names, /tmp and /run */
/* Operations and sock for a new socket: -errno. */
int unix_create(struct socket *sock, int protocol);
/* getsockopt(2), SO_PEERCRED: bytes stored. */
int unix_get_peercred(struct sock *sk, void *val, int len);

#endif
