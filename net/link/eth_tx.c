/* SPDX-License-Identifier: MIT */
/*
 * Transmission of frames. A frame goes to the device, waits in a bounded queue,
 * or is dropped and counted. lwIP never gets an error: it would take the
 * segment for unsent and append to it.
 *
 * Owns a reference to each pbuf from eth_tx() until the device has sent it.
 */
#include "net/link/eth_tx.h"

#include <errno.h>

#include "lwip/pbuf.h"

#include "drivers/netdev.h"
#include "net/base/counters.h"
#include "net/link/frame.h"

/* The longest headers, without data. */
#define SMALL_FRAME 128

/* Frames that the device's ring had no room for, oldest first. */
static struct pbuf *queue[ETH_TX_QUEUE_MAX];
static unsigned int queue_head;
static unsigned int queue_len;

static unsigned int in_flight; /* handed to the device, not yet freed */
static unsigned int kick_needed; /* frames since the last kick */

void eth_tx_done(struct netdev *dev, void *cookie)
{
	in_flight--;
	pbuf_free(cookie);
}

static unsigned int fill_sg(const struct pbuf *p, struct netdev_sg *sg)
{
	unsigned int nr = 0;

	for (; p; p = p->next) {
		if (!p->len)
			continue;
		if (nr == NETDEV_SG_MAX)
			return NETDEV_SG_MAX + 1;
		sg[nr].addr = p->payload;
		sg[nr++].len = p->len;
	}
	return nr;
}

/* 0: the device has the reference now; else the device's error. */
static int xmit(struct netdev *dev, struct pbuf *p)
{
	struct netdev_sg sg[NETDEV_SG_MAX];
	unsigned int nr = fill_sg(p, sg);
	int err = dev->ops->xmit(dev, sg, nr, p);

	if (!err) {
		in_flight++;
		kick_needed++;
	}
	return err;
}

/* One piece instead of many; consumes p. */
static struct pbuf *linearize(struct pbuf *p)
{
	struct pbuf *copy = pbuf_clone(PBUF_RAW, PBUF_RAM, p);

	pbuf_free(p);
	if (copy)
		net_count(tx_copied);
	else
		net_count(drop_tx_no_memory);
	return copy;
}

static bool too_many_pieces(const struct pbuf *p)
{
	unsigned int nr = 0;

	for (; p; p = p->next)
		nr += p->len != 0;
	return nr > NETDEV_SG_MAX;
}

/* The last 8th of the queue is for ARP and for segments without data. */
static unsigned int room_for(const struct pbuf *p)
{
	if (p->tot_len <= SMALL_FRAME)
		return ETH_TX_QUEUE_MAX;
	return ETH_TX_QUEUE_MAX - ETH_TX_QUEUE_MAX / 8;
}

static void enqueue(struct pbuf *p)
{
	if (queue_len >= room_for(p)) {
		net_count(drop_tx_queue_full);
		pbuf_free(p);
		return;
	}
	queue[(queue_head + queue_len++) % ETH_TX_QUEUE_MAX] = p;
	net_count(tx_queued);
}

/* Consumes p. */
static void send_or_queue(struct netdev *dev, struct pbuf *p)
{
	int err = queue_len ? -ENOSPC : xmit(dev, p);

	if (!err)
		return;
	if (err == -ENOSPC) {
		enqueue(p);
		return;
	}
	net_count(drop_tx_device);
	pbuf_free(p);
}

void eth_tx(struct netdev *dev, struct pbuf *p)
{
	if (p->tot_len > dev->mtu + ETH_HEADER_LEN) {
		net_count(drop_tx_device);
		return;
	}
	pbuf_ref(p);
	if (too_many_pieces(p)) {
		p = linearize(p);
		if (!p)
			return;
	}
	send_or_queue(dev, p);
}

static void drain_queue(struct netdev *dev)
{
	while (queue_len) {
		struct pbuf *p = queue[queue_head];
		int err = xmit(dev, p);

		if (err == -ENOSPC)
			return;
		queue_head = (queue_head + 1) % ETH_TX_QUEUE_MAX;
		queue_len--;
		if (err) {
			net_count(drop_tx_device);
			pbuf_free(p);
		}
	}
}

void eth_tx_flush(struct netdev *dev)
{
	if (queue_len)
		drain_queue(dev);
	if (!kick_needed)
		return;
	kick_needed = 0;
	dev->ops->kick(dev);
}

unsigned int eth_tx_waiting(void)
{
	return kick_needed;
}

bool eth_tx_busy(void)
{
	return queue_len || in_flight;
}
