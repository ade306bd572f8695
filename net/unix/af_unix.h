/* SPDX-License-Identifier: MIT */
/*
 * AF_UNIX as the socket layer sees it.
 */
#ifndef NET_UNIX_AF_UNIX_H
#define NET_UNIX_AF_UNIX_H

#include "kernel/base.h"

struct sock;
struct sock_cred;
struct socket;

void unix_init(void); /* slab cache, names, /tmp and /run */
/* Operations and sock for a new socket: -errno. */
int unix_create(struct socket *sock, int protocol);
/* Who is at the other end, as getsockopt(2) tells it: SO_PEERCRED. */
const struct sock_cred *unix_peercred(const struct sock *sk);

#endif
