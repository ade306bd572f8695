/* SPDX-License-Identifier: MIT */
/*
 * virtio-net, private to the driver's three files: virtio_net.c (the device's
 * life), virtio_net_rx.c and virtio_net_tx.c.
 */
#ifndef DRIVERS_VIRTIO_VIRTIO_NET_H
#define DRIVERS_VIRTIO_VIRTIO_NET_H

#include <linux/virtio_net.h>

#include "drivers/netdev.h"
#include "drivers/virtio/virtio.h"
#include "kernel/task/timer.h"

struct kmem_cache;

#define VIRTIO_NET_RX 0 /* virtqueue indices (virtio 1.2 5.1.2) */
#define VIRTIO_NET_TX 1

#define ETH_OVERHEAD (ETH_HLEN + 4U) /* header and one VLAN tag */

/* Bytes of a frame that are copied after its virtio header. */
#define TX_HEAD 244

/*
 * A frame being sent: its virtio header, its first pieces as far as they fit,
 * and the stack's cookie. Header and head are one descriptor; a legacy device's
 * header is shorter, and begins that much later.
 */
struct tx_slot {
	struct virtio_net_hdr_v1 hdr; /* all zero: no offload is asked for */
	uint8_t head[TX_HEAD];
	void *cookie; /* the stack's */
	struct tx_slot *next; /* free list */
};
_Static_assert(offsetof(struct tx_slot, head) ==
		       sizeof(struct virtio_net_hdr_v1),
	       "header and head are one piece");

/* What the periodic check remembers of a ring. */
struct ring_watch {
	bool silent; /* buffers were added without ringing the doorbell */
	uint16_t last_used;
};

struct virtio_net {
	struct netdev dev;
	struct virtio_device *vdev;
	uint16_t ring_max; /* entries to ask for */
	uint16_t hdr_len; /* of the virtio header before each frame */
	bool running; /* netdev_start() was called */

	/* Set by interrupt handlers and upcalls, taken by the poll. */
	bool config_changed;
	bool needs_reset;

	/* Receive. */
	struct virtqueue *rx;
	struct kmem_cache *rx_cache;
	bool rx_cb_on; /* an interrupt was requested and has not come */
	bool rx_starved; /* the ring has gaps: memory was short */

	/* Transmit. */
	struct virtqueue *tx;
	struct tx_slot *tx_slots; /* as many as the ring has entries */
	struct tx_slot *tx_free;
	bool tx_reclaiming;

	/* The periodic check. */
	struct timer look;
	struct ring_watch watch[2]; /* by virtqueue index */
	bool rx_suspect; /* used entries and no interrupt */
	uint16_t rx_suspect_at;

	/* Recovery. */
	uint64_t next_reset; /* not before */
	unsigned int resets; /* in a row, without working in between */
};

static inline struct virtio_net *to_virtio_net(struct netdev *dev)
{
	return container_of(dev, struct virtio_net, dev);
}

/* Notes and counts a lie of the device; the next poll resets it. */
void virtio_net_lied(struct virtio_net *vn, struct virtqueue *vq);
/* Rings the doorbell of vq if the device asked for that. */
void virtio_net_ring(struct virtio_net *vn, struct virtqueue *vq);

int virtio_net_rx_init(struct virtio_net *vn);
/* Fills the ring; notes when memory was short. */
void virtio_net_rx_fill(struct virtio_net *vn);
/* Gives the ring's buffers back to the cache; the device was stopped. */
void virtio_net_rx_drain(struct virtio_net *vn);
unsigned int virtio_net_rx_poll(struct virtio_net *vn, unsigned int budget);
void virtio_net_rx_irq(struct virtqueue *vq);
void virtio_net_rx_free(struct netdev *dev, struct rx_buf *buf);

int virtio_net_tx_init(struct virtio_net *vn);
/* Completes what the device had not sent; it was stopped. */
void virtio_net_tx_drain(struct virtio_net *vn);
int virtio_net_xmit(struct netdev *dev, const struct netdev_sg *sg,
		    unsigned int nr, void *cookie);
void virtio_net_kick(struct netdev *dev);
void virtio_net_reclaim(struct netdev *dev);

#endif
