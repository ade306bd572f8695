/* SPDX-License-Identifier: MIT */
/*
 * NETLINK_ROUTE, rtnetlink(7): the answers and notifications of rtnetlink.c,
 * and their messages, which rtnetlink_fill.c makes.
 */
#ifndef NET_NETLINK_RTNETLINK_H
#define NET_NETLINK_RTNETLINK_H

#include "net/netlink/af_netlink.h"

struct net_link;
struct net_route;

/* Registers for changes of links and addresses, which go to the groups. */
void rtnetlink_init(void);
/* One request of h->nlmsg_len bytes; 0 or -errno. */
int rtnetlink_request(struct netlink_reply *reply, const struct nlmsghdr *h,
		      bool strict);

void rtnetlink_fill_link(struct netlink_reply *reply,
			 const struct net_link *link, uint16_t type);
void rtnetlink_fill_address(struct netlink_reply *reply,
			    const struct net_link *link, uint16_t type);
void rtnetlink_fill_route(struct netlink_reply *reply,
			  const struct net_route *route);
void rtnetlink_fill_neighbour(struct netlink_reply *reply, uint32_t addr,
			      const uint8_t *hwaddr);

#endif
