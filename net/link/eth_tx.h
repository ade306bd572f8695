/* SPDX-License-Identifier: MIT */
/*
 * The transmit queue of eth0.
 */
#ifndef NET_LINK_ETH_TX_H
#define NET_LINK_ETH_TX_H

#include <stdbool.h>

struct netdev;
struct pbuf;

/* Frames that may wait for the device: the interface's txqueuelen. */
#define ETH_TX_QUEUE_MAX 1024

/* Sends, queues or drops a frame; takes its own reference. */
void eth_tx(struct netdev *dev, struct pbuf *p);
/* The device's upcall for a frame that it has sent. */
void eth_tx_done(struct netdev *dev, void *cookie);
/* Hands queued frames to the device and kicks it once. */
void eth_tx_flush(struct netdev *dev);
/* Frames in the device's ring since the last kick. */
unsigned int eth_tx_waiting(void);
bool eth_tx_busy(void);

#endif
