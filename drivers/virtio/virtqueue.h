/* SPDX-License-Identifier: MIT */
/*
 * A split virtqueue (virtio 1.2 2.7): the ring through which buffers go to
 * the device and come back. Portable C; independent of devices, allocates
 * nothing: the owner provides the memory and the doorbell.
 *
 * The device is not trusted: everything read from the shared ring is checked
 * against the driver's own record of lent buffers. The first lie marks the
 * queue broken; from then on it accepts and returns nothing, until
 * virtqueue_detach() has given back every cookie and virtqueue_init() has
 * made it new.
 *
 * Thread, softirq or interrupt handler; calls are not nested in each other.
 */
#ifndef DRIVERS_VIRTIO_VIRTQUEUE_H
#define DRIVERS_VIRTIO_VIRTQUEUE_H

#include "kernel/base.h"

struct vring_avail;
struct vring_desc;
struct vring_used;
struct virtio_device;
struct virtqueue;

#define VIRTQUEUE_MAX 1024 /* entries of the largest ring that is used */
/* Of the used ring, from the ring's start: fixed by legacy PCI. */
#define VIRTQUEUE_USED_ALIGN 4096

/* One piece of a buffer, by the address that the device uses. */
struct virtq_sg {
	uint64_t addr;
	uint32_t len; /* not 0 */
};

/* What the driver remembers of one descriptor; the device cannot see it. */
struct virtq_state {
	void *cookie; /* head of a lent chain: the owner's, not NULL */
	uint32_t writable; /* head: bytes that the device may write */
	uint16_t count; /* head: descriptors of the chain; else 0 */
	uint16_t next; /* of the chain, or of the free list */
};

typedef void (*virtqueue_fn)(struct virtqueue *vq);

/*
 * Invariants (virtqueue_check()):
 *  1. free_head leads to exactly num_free descriptors, whose count is 0;
 *  2. the chains of the lent heads and the free list together are all num
 *     descriptors, each once;
 *  3. lent is the number of heads, each with a cookie;
 *  4. used_idx is at most lent entries ahead of last_used.
 */
struct virtqueue {
	/* Set by the owner, unchanged by virtqueue_init(). */
	struct virtio_device *vdev;
	const char *name; /* "virtio0-rx" */
	uint16_t index;
	virtqueue_fn callback; /* called by the interrupt; NULL: no interrupt */
	virtqueue_fn notify; /* rings the device's doorbell */
	void *doorbell; /* the transport's */
	void *priv; /* the driver's */
	struct virtqueue *next; /* of all that virtio_setup_queue() made */

	uint16_t num; /* entries, a power of two */
	bool event_idx; /* VIRTIO_RING_F_EVENT_IDX was negotiated */
	bool broken; /* the device lied */
	const char *lie; /* about what */

	/* Shared with the device. */
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;

	/* The driver's own. */
	struct virtq_state *state; /* num of them */
	uint16_t free_head;
	uint16_t num_free;
	uint16_t lent; /* chains that the device has */
	uint16_t avail_idx; /* what avail->idx was set to */
	uint16_t last_used; /* next entry of the used ring to look at */
	uint16_t used_idx; /* used->idx as last read and checked */
	uint32_t num_added; /* chains since the last virtqueue_kick_prepare() */
};

/* Bytes of the shared ring and of the driver's record for num entries. */
size_t virtqueue_ring_size(unsigned int num);
size_t virtqueue_state_size(unsigned int num);

/*
 * Makes an empty queue of num entries in memory of these sizes; the ring
 * 16-aligned. The device must not be using that memory.
 */
void virtqueue_init(struct virtqueue *vq, unsigned int num, bool event_idx,
		    void *ring, void *state);

/*
 * Lends a buffer: out pieces for the device to read, then in pieces for it
 * to write. 0, -ENOSPC, -EIO (broken), -EINVAL (no or too many pieces). The
 * memory is the device's until virtqueue_get_buf() or virtqueue_detach()
 * returns the cookie.
 */
int virtqueue_add(struct virtqueue *vq, const struct virtq_sg *sg,
		  unsigned int out, unsigned int in, void *cookie);

/*
 * Whether the device asked for a doorbell for buffers added since the last
 * call; then the caller rings: vq->notify(vq).
 */
bool virtqueue_kick_prepare(struct virtqueue *vq);

/*
 * Next buffer that the device is done with: its cookie, and in *len how many
 * bytes it wrote, never more than the buffer has. NULL: none, or broken.
 */
void *virtqueue_get_buf(struct virtqueue *vq, uint32_t *len);

/* Whether the device has put something into the used ring. */
bool virtqueue_has_used(const struct virtqueue *vq);

/* Asks for no more interrupts; one may still come. */
void virtqueue_disable_cb(struct virtqueue *vq);

/*
 * Asks for an interrupt with the next used buffer. False: there is one
 * already, for which none may come, so the caller looks again.
 */
bool virtqueue_enable_cb(struct virtqueue *vq);

/*
 * Takes back one lent buffer after a reset of the device: its cookie, NULL when
 * there is none left.
 */
void *virtqueue_detach(struct virtqueue *vq);

/* For a lie that only the driver can detect; keeps the pointer to the text. */
void virtqueue_set_broken(struct virtqueue *vq, const char *lie);

/* kernel/check.h. Slow. */
const char *virtqueue_check(const struct virtqueue *vq);

#endif
