/* SPDX-License-Identifier: MIT */
/*
 * AF_NETLINK as the socket layer sees it: netlink(7).
 */
#ifndef NET_NETLINK_AF_NETLINK_H
#define NET_NETLINK_AF_NETLINK_H

#include "kernel/base.h"

struct seq_buf;
struct socket;

void netlink_init(void); /* the slab cache */
/* Operations and sock for a new socket: -errno. */
int netlink_create(struct socket *sock, int protocol);

#endif
