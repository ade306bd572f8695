/* SPDX-License-Identifier: MIT */
/*
 * The interface between a network device driver and the stack above it.
 * The stack finds the device with netdev_first(), installs its upcalls, and
 * polls from the net softirq. Softirq or thread context, never an interrupt
 * handler; the handler only masks the queue and raises SOFTIRQ_NET.
 */
#ifndef DRIVERS_NETDEV_H
#define DRIVERS_NETDEV_H

#include "kernel/base.h"

struct netdev;

/*
 * A received frame's memory. The stack owns it from the rx upcall until it
 * calls netdev_rx_free(); priv is the stack's own (its pbuf_custom lives
 * there). data[0..len) is the Ethernet frame, in one piece; room for at
 * least 60 bytes always follows data, so that a runt can be zero-filled.
 */
struct rx_buf {
	uint64_t priv[8];
	struct netdev *dev;
	uint8_t *data;
	uint32_t size; /* bytes that fit at data */
	uint32_t len;
};

struct netdev_sg {
	const void *addr; /* direct map or kernel image */
	uint32_t len;
};

#define NETDEV_SG_MAX 16

struct netdev_stats {
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
	uint64_t rx_bad_used; /* used entries with a bad id or length */
	uint64_t tx_bad_used; /* the same in the transmit ring */
	uint64_t needs_reset; /* the device itself reported that it is broken */
	uint64_t rx_no_buffer; /* the ring could not be refilled */
	uint64_t tx_ring_full;
	uint64_t kicks, interrupts, resets;
	uint64_t rx_rescued; /* found by the periodic check: a lost interrupt */
};

struct netdev_ops {
	/* The first upcalls come after this. 0 or -errno. */
	int (*start)(struct netdev *dev);
	/*
	 * Queues a frame of nr pieces (<= NETDEV_SG_MAX), which must not change
	 * until tx_done(cookie). 0, -ENOSPC (ring full), -EIO (device broken),
	 * -EMSGSIZE (longer than the device's MTU allows, or empty).
	 */
	int (*xmit)(struct netdev *dev, const struct netdev_sg *sg,
		    unsigned int nr, void *cookie);
	/* Notifies the device of all queued frames, if it asked for that. */
	void (*kick)(struct netdev *dev);
	/* Calls tx_done for what the device has sent. */
	void (*reclaim)(struct netdev *dev);
	/*
	 * Delivers up to budget frames through rx, which may set pause to stop
	 * early; refills the ring. Returns how many, or budget after a pause.
	 * Fewer than budget: the ring is empty and its interrupt is on again
	 * (re-checked after that, so nothing is missed).
	 */
	unsigned int (*poll)(struct netdev *dev, unsigned int budget);
	void (*rx_free)(struct netdev *dev, struct rx_buf *buf);
};

struct netdev {
	const char *name; /* "virtio0" */
	uint8_t mac[6];
	uint16_t mtu; /* 1500 unless the device says otherwise */
	bool link_up;
	bool broken; /* misbehaved, and could not be reset so far */
	bool pause; /* set by the stack in rx: no more frames in this poll */
	const struct netdev_ops *ops;
	struct netdev_stats stats;
	/* Installed by the stack before the device is started. */
	void (*rx)(struct netdev *dev, struct rx_buf *buf);
	void (*tx_done)(struct netdev *dev, void *cookie);
	void (*link_changed)(struct netdev *dev);
};

/* For drivers: 0, -EBUSY when there is a device already. */
int netdev_register(struct netdev *dev);
/* The first working device, NULL without a NIC. Others are logged. */
struct netdev *netdev_first(void);
/* Starts reception; upcalls come from now on. */
int netdev_start(struct netdev *dev);

static inline void netdev_rx_free(struct rx_buf *buf)
{
	buf->dev->ops->rx_free(buf->dev, buf);
}

#endif
