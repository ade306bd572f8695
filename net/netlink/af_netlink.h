/* SPDX-License-Identifier: MIT */
/*
 * AF_NETLINK as the socket layer sees it: netlink(7).
 */
#ifndef NET_NETLINK_AF_NETLINK_H
#define NET_NETLINK_AF_NETLINK_H

void netlink_init(void); /* at the start: the family */

#endif
