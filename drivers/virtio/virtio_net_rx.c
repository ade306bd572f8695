/* SPDX-License-Identifier: MIT */
/*
 * virtio-net, receiving: a ring kept full of buffers (virtio 1.2 5.1.6.3). Each
 * is one object of the cache "virtio_rx", which is passed to the stack as it is
 * and freed by it.
 *
 *	cache -> ring -> device -> used ring -> stack -> cache
 *
 * An interrupt only says that there is something; the poll does the rest.
 */
#include <errno.h>

#include "drivers/virtio/virtio_net.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/task/softirq.h"

/*
 * One object: struct rx_buf, the virtio header just before the frame, the
 * frame, the tail that the stack may fill. Two of them are a page and none
 * crosses one. The offset puts the IP header on a multiple of 16 and the
 * headers of a TCP segment into one cache line.
 */
#define RX_OBJECT 2048
#define RX_HDR sizeof(struct virtio_net_hdr_v1) /* the longer of the two */
#define RX_DATA 130
#define RX_TAIL 60
#define RX_FRAME_MAX (RX_OBJECT - RX_DATA - RX_TAIL)

_Static_assert(RX_HDR == 12, "5.1.6");
_Static_assert(sizeof(struct rx_buf) + RX_HDR <= RX_DATA, "header overlaps");
/* 5.1.6.3.1: without offloads and merging, 1526 bytes at least. */
_Static_assert(RX_HDR + RX_FRAME_MAX >= 1526, "5.1.6.3.1");

/* The most buffers that ring and stack together may have. */
static size_t rx_limit(void)
{
	return MAX(512, nr_total_pages() * PAGE_SIZE / 8 / RX_OBJECT);
}

int virtio_net_rx_init(struct virtio_net *vn)
{
	vn->rx_cache = kmem_cache_create("virtio_rx", RX_OBJECT, RX_OBJECT);
	if (!vn->rx_cache)
		return -ENOMEM;
	kmem_cache_set_limit(vn->rx_cache, rx_limit());
	kmem_cache_set_flags(vn->rx_cache, ALLOC_ATOMIC);
	return 0;
}

/* Lends one buffer to the device; false when there is no memory for it. */
static bool rx_add(struct virtio_net *vn)
{
	struct rx_buf *buf = kmem_cache_alloc(vn->rx_cache);
	struct virtq_sg sg = { .len = vn->hdr_len + RX_FRAME_MAX };

	if (!buf)
		return false;
	sg.addr = virt_to_phys((uint8_t *)buf + RX_DATA - vn->hdr_len);
	if (!virtqueue_add(vn->rx, &sg, 0, 1, buf))
		return true;
	kmem_cache_free(vn->rx_cache, buf);
	return false;
}

void virtio_net_rx_fill(struct virtio_net *vn)
{
	while (vn->rx->num_free && rx_add(vn))
		continue;
	vn->rx_starved = vn->rx->num_free;
	if (unlikely(vn->rx_starved))
		vn->dev.stats.rx_no_buffer++;
	virtio_net_ring(vn, vn->rx);
}

void virtio_net_rx_drain(struct virtio_net *vn)
{
	struct rx_buf *buf;

	while ((buf = virtqueue_detach(vn->rx)))
		kmem_cache_free(vn->rx_cache, buf);
}

void virtio_net_rx_free(struct netdev *dev, struct rx_buf *buf)
{
	struct virtio_net *vn = to_virtio_net(dev);

	kmem_cache_free(vn->rx_cache, buf);
	if (unlikely(vn->rx_starved) && vn->running && !vn->needs_reset)
		virtio_net_rx_fill(vn);
}

/*
 * written: bytes from the device with its header, at most the buffer's. The fields
 * in front of the frame share a page with it, where an IOMMU would let the device
 * write: they are set only when the buffer is back.
 */
static void rx_deliver(struct virtio_net *vn, struct rx_buf *buf,
		       uint32_t written)
{
	struct netdev *dev = &vn->dev;

	buf->dev = dev;
	buf->data = (uint8_t *)buf + RX_DATA;
	buf->size = RX_FRAME_MAX;
	buf->len = written - vn->hdr_len;
	dev->stats.rx_packets++;
	dev->stats.rx_bytes += buf->len;
	dev->rx(dev, buf);
}

/* Delivers the received frames, up to budget. */
static unsigned int rx_take(struct virtio_net *vn, unsigned int budget)
{
	unsigned int taken = 0;
	struct rx_buf *buf;
	uint32_t written;

	while (taken < budget && !vn->dev.pause) {
		buf = virtqueue_get_buf(vn->rx, &written);
		if (!buf)
			break;
		if (unlikely(written < vn->hdr_len)) {
			kmem_cache_free(vn->rx_cache, buf);
			virtqueue_set_broken(vn->rx,
					     "used length below the header");
			break;
		}
		rx_deliver(vn, buf, written);
		taken++;
	}
	if (unlikely(vn->rx->broken))
		virtio_net_lied(vn, vn->rx);
	return taken;
}

unsigned int virtio_net_rx_poll(struct virtio_net *vn, unsigned int budget)
{
	unsigned int taken = 0;

	if (unlikely(vn->rx_starved))
		virtio_net_rx_fill(vn);
	/* Nothing came, and the interrupt is still on. */
	if (vn->rx_cb_on && !virtqueue_has_used(vn->rx))
		return 0;
	vn->rx_cb_on = false;
	virtqueue_disable_cb(vn->rx);
	/*
	 * Empty the ring, then request an interrupt, then look once more:
	 *
	 *	device                     driver
	 *	used->idx = n + 1          used_event = n
	 *	barrier                    barrier
	 *	used_event == n?           used->idx != n?
	 *
	 * At least one of them sees the other's write.
	 */
	do {
		taken += rx_take(vn, budget - taken);
		if (unlikely(vn->needs_reset))
			return taken;
		virtio_net_rx_fill(vn);
		if (taken == budget || vn->dev.pause)
			return budget;
	} while (!virtqueue_enable_cb(vn->rx));
	vn->rx_cb_on = true;
	return taken;
}

void virtio_net_rx_irq(struct virtqueue *vq)
{
	struct virtio_net *vn = vq->priv;

	vn->dev.stats.interrupts++;
	vn->rx_cb_on = false;
	virtqueue_disable_cb(vq);
	raise_softirq(SOFTIRQ_NET);
}
