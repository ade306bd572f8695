/* SPDX-License-Identifier: MIT */
/* Options of level SOL_NETLINK: netlink(7). */
#ifndef NET_NETLINK_SOCKOPT_NETLINK_H
#define NET_NETLINK_SOCKOPT_NETLINK_H

void sockopt_netlink_init(void); /* at the start */

#endif
