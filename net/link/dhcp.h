/* SPDX-License-Identifier: MIT */
/*
 * The DHCP client, and the name servers and domains that it received.
 */
#ifndef NET_LINK_DHCP_H
#define NET_LINK_DHCP_H

#include <stdint.h>

struct netif; /* lwIP's */
struct seq_buf;

/* -EMSGSIZE, with a line in the log: the MTU is too small; -ENOMEM. */
int dhcp_client_start(struct netif *netif);
/* From the command line, network byte order; DHCP does not override it. */
void net_set_name_server(uint32_t addr);
void net_pnp_show(struct seq_buf *m); /* /proc/net/pnp */

#endif
