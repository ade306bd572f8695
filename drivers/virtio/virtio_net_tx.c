/* SPDX-License-Identifier: MIT */
/*
 * virtio-net, sending (virtio 1.2 5.1.6.2): a frame is a chain of
 * descriptors, the virtio header of its slot first and then the stack's own
 * pieces. Short pieces at the start, headers mostly, are copied after the
 * virtio header: a descriptor costs both sides more than copying a few words.
 * So a short frame takes one entry of the ring. The rest is not copied. xmit
 * only queues; kick rings the doorbell once for all of them. The device raises
 * no interrupt for sent frames: they are collected when it is convenient, or
 * when room gets short.
 */
#include <errno.h>
#include <string.h>

#include "drivers/virtio/virtio_net.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"

static void slot_put(struct virtio_net *vn, struct tx_slot *slot)
{
	slot->cookie = NULL;
	slot->next = vn->tx_free;
	vn->tx_free = slot;
}

/* Gives the frame of this slot back to the stack. */
static void tx_complete(struct virtio_net *vn, struct tx_slot *slot)
{
	void *cookie = slot->cookie;

	slot_put(vn, slot);
	vn->dev.tx_done(&vn->dev, cookie);
}

int virtio_net_tx_init(struct virtio_net *vn)
{
	unsigned int i;

	vn->tx_slots = kcalloc(vn->tx->num, sizeof(*vn->tx_slots));
	if (!vn->tx_slots)
		return -ENOMEM;
	for (i = 0; i < vn->tx->num; i++)
		slot_put(vn, &vn->tx_slots[i]);
	return 0;
}

void virtio_net_tx_drain(struct virtio_net *vn)
{
	struct tx_slot *slot;

	while ((slot = virtqueue_detach(vn->tx)))
		tx_complete(vn, slot);
}

/* tx_done() may send and so call this again, which then does nothing. */
void virtio_net_reclaim(struct netdev *dev)
{
	struct virtio_net *vn = to_virtio_net(dev);
	struct tx_slot *slot;
	uint32_t len;

	if (vn->tx_reclaiming || !vn->running)
		return;
	vn->tx_reclaiming = true;
	while ((slot = virtqueue_get_buf(vn->tx, &len)))
		tx_complete(vn, slot);
	vn->tx_reclaiming = false;
	if (unlikely(vn->tx->broken))
		virtio_net_lied(vn, vn->tx);
}

void virtio_net_kick(struct netdev *dev)
{
	struct virtio_net *vn = to_virtio_net(dev);

	if (unlikely(!vn->running || vn->needs_reset))
		return;
	virtio_net_reclaim(dev);
	virtio_net_ring(vn, vn->tx);
}

/* The frame's length; *head: how many pieces are copied into the slot. */
static uint32_t tx_measure(const struct netdev_sg *sg, unsigned int nr,
			   unsigned int *head)
{
	uint32_t len = 0;
	unsigned int i;

	*head = 0;
	for (i = 0; i < nr; i++) {
		len += sg[i].len;
		if (*head == i && len <= TX_HEAD)
			*head = i + 1;
	}
	return len;
}

/* One descriptor for header and head, one for each other piece. */
static unsigned int tx_map(struct virtq_sg *out, struct tx_slot *slot,
			   uint16_t hdr_len, const struct netdev_sg *sg,
			   unsigned int nr, unsigned int head)
{
	uint8_t *start = (uint8_t *)slot + sizeof(slot->hdr) - hdr_len;
	uint8_t *to = slot->head;
	unsigned int i, count = 1;

	for (i = 0; i < head; i++) {
		memcpy(to, sg[i].addr, sg[i].len);
		to += sg[i].len;
	}
	out[0].addr = virt_to_phys(start);
	out[0].len = to - start;
	for (; i < nr; i++) {
		if (!sg[i].len) /* a descriptor may not be empty */
			continue;
		out[count].addr = virt_to_phys(sg[i].addr);
		out[count++].len = sg[i].len;
	}
	return count;
}

/* Rings the doorbell, so that the device makes room: sent frames come later. */
static int tx_full(struct virtio_net *vn)
{
	vn->dev.stats.tx_ring_full++;
	virtio_net_ring(vn, vn->tx);
	return -ENOSPC;
}

int virtio_net_xmit(struct netdev *dev, const struct netdev_sg *sg,
		    unsigned int nr, void *cookie)
{
	struct virtio_net *vn = to_virtio_net(dev);
	struct virtq_sg out[1 + NETDEV_SG_MAX];
	struct virtqueue *tx = vn->tx;
	struct tx_slot *slot;
	unsigned int head;
	uint32_t len;
	int err;

	ASSERT(nr <= NETDEV_SG_MAX);
	if (unlikely(!vn->running || vn->needs_reset))
		return -EIO;
	len = tx_measure(sg, nr, &head);
	if (unlikely(!len || len > dev->mtu + ETH_OVERHEAD))
		return -EMSGSIZE;
	if (tx->num_free < tx->num / 4)
		virtio_net_reclaim(dev);
	slot = vn->tx_free;
	if (unlikely(!slot || tx->num_free < 1 + nr - head))
		return tx_full(vn);

	err = virtqueue_add(
		tx, out, tx_map(out, slot, vn->hdr_len, sg, nr, head), 0, slot);
	if (unlikely(err))
		return err;
	vn->tx_free = slot->next;
	slot->cookie = cookie;
	dev->stats.tx_packets++;
	dev->stats.tx_bytes += len;
	return 0;
}
