/* SPDX-License-Identifier: MIT */
/*
 * lo, 127.0.0.1/8, and packets to this machine's own addresses.
 */
#ifndef NET_LINK_LOOPBACK_H
#define NET_LINK_LOOPBACK_H

struct netif; /* lwIP's */
struct pbuf;

int loopback_init(void);
/* Queues a copy of an IP packet, to be received as if from netif. */
void loopback_queue(struct netif *netif, struct pbuf *p);

#endif
