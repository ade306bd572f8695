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

/*
 * net/netlink/rtnetlink.c: an interface is up or down, or has got or lost its address;
 * who listens hears of it. Thread or softirq context.
 */
struct net_link;
void rtnetlink_link_changed(const struct net_link *link);
void rtnetlink_address_changed(const struct net_link *was,
			       const struct net_link *link);

#endif
