/* SPDX-License-Identifier: MIT */
/*
 * Frames on their way out: what the interface asks of its queue.
 */
#ifndef NET_LINK_ETH_TX_H
#define NET_LINK_ETH_TX_H

#include <stdbool.h>

struct netdev;
struct pbuf;

/* Frames that may wait for the device: the interface's txqueuelen. */
#define ETH_TX_QUEUE_MAX 1024

/* Sends or queues or drops a frame; takes a reference of its own. */
void eth_tx(struct netdev *dev, struct pbuf *p);
/* Installed as the device's upcall. */
void eth_tx_done(struct netdev *dev, void *cookie);
/* What was queued goes to the device, and the device is told, once. */
void eth_tx_flush(struct netdev *dev);
unsigned int eth_tx_waiting(void);
bool eth_tx_busy(void);

#endif
