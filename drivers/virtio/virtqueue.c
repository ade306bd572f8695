/* SPDX-License-Identifier: MIT */
/*
 * The split virtqueue. The owner adds and takes buffers; the device reads
 * the descriptors and the available ring, and writes the used ring. Which
 * descriptors form a chain is kept in vq->state; no link that the device could
 * have written is ever followed.
 */
#include "drivers/virtio/virtqueue.h"

#include <errno.h>
#include <linux/virtio_ring.h>
#include <string.h>

#include "drivers/virtio/virtio_barrier.h"

/* virtio 1.2 2.7: sizes and alignments of the three parts. */
_Static_assert(sizeof(struct vring_desc) == 16, "2.7.5");
_Static_assert(sizeof(struct vring_avail) == 4, "2.7.6");
_Static_assert(sizeof(struct vring_used) == 4, "2.7.8");
_Static_assert(sizeof(struct vring_used_elem) == 8, "2.7.8");

static size_t avail_offset(unsigned int num)
{
	return num * sizeof(struct vring_desc);
}

/* After the available ring and its used_event, on a cache line of its own. */
static size_t used_offset(unsigned int num)
{
	size_t end = avail_offset(num) + sizeof(struct vring_avail) +
		     (num + 1) * sizeof(uint16_t);

	return ALIGN_UP(end, VIRTQUEUE_USED_ALIGN);
}

size_t virtqueue_ring_size(unsigned int num)
{
	return used_offset(num) + sizeof(struct vring_used) +
	       num * sizeof(struct vring_used_elem) + sizeof(uint16_t);
}

size_t virtqueue_state_size(unsigned int num)
{
	return num * sizeof(struct virtq_state);
}

/* The word after the available ring (2.7.7), written by the driver. */
static uint16_t *used_event(const struct virtqueue *vq)
{
	return &vq->avail->ring[vq->num];
}

/* The word after the used ring (2.7.10), written by the device. */
static const uint16_t *avail_event(const struct virtqueue *vq)
{
	return (const uint16_t *)&vq->used->ring[vq->num];
}

void virtqueue_init(struct virtqueue *vq, unsigned int num, bool event_idx,
		    void *ring, void *state)
{
	unsigned int i;

	ASSERT(num && num <= VIRTQUEUE_MAX && !(num & (num - 1)));
	ASSERT(IS_ALIGNED((uintptr_t)ring, 16));

	memset(ring, 0, virtqueue_ring_size(num));
	memset(state, 0, virtqueue_state_size(num));
	vq->num = num;
	vq->event_idx = event_idx;
	vq->broken = false;
	vq->lie = NULL;
	vq->desc = ring;
	vq->avail = (void *)((char *)ring + avail_offset(num));
	vq->used = (void *)((char *)ring + used_offset(num));
	vq->state = state;
	for (i = 0; i < num; i++)
		vq->state[i].next = i + 1;
	vq->free_head = 0;
	vq->num_free = num;
	vq->lent = 0;
	vq->avail_idx = 0;
	vq->last_used = 0;
	vq->used_idx = 0;
	vq->num_added = 0;
}

void virtqueue_set_broken(struct virtqueue *vq, const char *lie)
{
	vq->broken = true;
	vq->lie = lie;
}

/* Writes one descriptor of a chain (2.7.13.1); returns the next free one. */
static uint16_t desc_fill(struct virtqueue *vq, uint16_t id,
			  const struct virtq_sg *sg, uint16_t flags)
{
	struct vring_desc *desc = &vq->desc[id];

	desc->addr = sg->addr;
	desc->len = sg->len;
	desc->flags = flags;
	desc->next = flags & VRING_DESC_F_NEXT ? vq->state[id].next : 0;
	return vq->state[id].next;
}

/* Offers a chain: the ring entry (2.7.13.2), then the index (2.7.13.3). */
static void publish(struct virtqueue *vq, uint16_t head)
{
	WRITE_ONCE(vq->avail->ring[vq->avail_idx & (vq->num - 1)], head);
	/*
	 * Descriptors and entry before the index: pairs with the device's
	 * read barrier between avail->idx and the entry.
	 */
	virtio_wmb();
	WRITE_ONCE(vq->avail->idx, ++vq->avail_idx);
}

int virtqueue_add(struct virtqueue *vq, const struct virtq_sg *sg,
		  unsigned int out, unsigned int in, void *cookie)
{
	unsigned int i, count = out + in;
	uint16_t head = vq->free_head, id = head, flags;
	uint32_t writable = 0;

	ASSERT(cookie);
	if (unlikely(vq->broken))
		return -EIO;
	if (unlikely(!count || count > vq->num))
		return -EINVAL;
	if (vq->num_free < count)
		return -ENOSPC;

	for (i = 0; i < count; i++) {
		flags = i + 1 < count ? VRING_DESC_F_NEXT : 0;
		if (i >= out) {
			flags |= VRING_DESC_F_WRITE;
			writable += sg[i].len;
		}
		id = desc_fill(vq, id, &sg[i], flags);
	}
	vq->free_head = id;
	vq->num_free -= count;
	vq->lent++;
	vq->num_added++;
	vq->state[head].cookie = cookie;
	vq->state[head].writable = writable;
	vq->state[head].count = count;
	publish(vq, head);
	return 0;
}

bool virtqueue_kick_prepare(struct virtqueue *vq)
{
	uint32_t added = vq->num_added;
	uint16_t old = vq->avail_idx - added;

	if (!added)
		return false;
	vq->num_added = 0;
	/*
	 * avail->idx must be visible before avail_event is read (2.7.13.4.1):
	 * pairs with the device's barrier between writing avail_event and
	 * reading avail->idx once more. Either it sees the new index there or
	 * we see its request here.
	 */
	virtio_mb();
	if (!vq->event_idx)
		return !(READ_ONCE(vq->used->flags) & VRING_USED_F_NO_NOTIFY);
	/* The 16-bit comparison cannot detect a whole lap. */
	if (unlikely(added > UINT16_MAX))
		return true;
	return vring_need_event(READ_ONCE(*avail_event(vq)), vq->avail_idx,
				old);
}

/* Puts the chain at head back on the free list; its cookie. */
static void *chain_free(struct virtqueue *vq, uint16_t head)
{
	struct virtq_state *state = vq->state;
	void *cookie = state[head].cookie;
	uint16_t count = state[head].count, tail = head, i;

	for (i = 1; i < count; i++)
		tail = state[tail].next;
	state[tail].next = vq->free_head;
	vq->free_head = head;
	vq->num_free += count;
	vq->lent--;
	state[head].cookie = NULL;
	state[head].count = 0;
	return cookie;
}

/* Reads the device's index; true if it has advanced, by a valid amount. */
static bool used_refresh(struct virtqueue *vq)
{
	uint16_t idx = READ_ONCE(vq->used->idx);

	if (idx == vq->last_used)
		return false;
	if (unlikely((uint16_t)(idx - vq->last_used) > vq->lent)) {
		virtqueue_set_broken(vq, "used index beyond what was lent");
		return false;
	}
	/*
	 * The index before the entries and the data: pairs with the device's
	 * write barrier between those and used->idx (2.7.14).
	 */
	virtio_rmb();
	vq->used_idx = idx;
	return true;
}

/* What is wrong with a used entry, NULL if nothing. */
static const char *used_lie(const struct virtqueue *vq, uint32_t id,
			    uint32_t len)
{
	const struct virtq_state *state;

	if (id >= vq->num)
		return "used id outside of the ring";
	state = &vq->state[id];
	if (!state->count)
		return "used id that was not lent";
	/*
	 * Without writable bytes the length has no meaning, and some devices
	 * store the frame's length there.
	 */
	if (state->writable && len > state->writable)
		return "used length beyond the buffer";
	return NULL;
}

void *virtqueue_get_buf(struct virtqueue *vq, uint32_t *len)
{
	const struct vring_used_elem *elem;
	const char *lie;
	uint32_t id, written;

	if (unlikely(vq->broken))
		return NULL;
	if (vq->last_used == vq->used_idx && !used_refresh(vq))
		return NULL;

	/* Each word is read once, so that the checked value is the used one. */
	elem = &vq->used->ring[vq->last_used & (vq->num - 1)];
	id = READ_ONCE(elem->id);
	written = READ_ONCE(elem->len);
	lie = used_lie(vq, id, written);
	if (unlikely(lie)) {
		virtqueue_set_broken(vq, lie);
		return NULL;
	}
	vq->last_used++;
	*len = vq->state[id].writable ? written : 0;
	return chain_free(vq, id);
}

bool virtqueue_has_used(const struct virtqueue *vq)
{
	return !vq->broken && READ_ONCE(vq->used->idx) != vq->last_used;
}

void virtqueue_disable_cb(struct virtqueue *vq)
{
	/* An index just passed comes again only after a whole lap (2.7.7.1). */
	if (vq->event_idx)
		WRITE_ONCE(*used_event(vq), (uint16_t)(vq->last_used - 1));
	else
		WRITE_ONCE(vq->avail->flags, VRING_AVAIL_F_NO_INTERRUPT);
}

bool virtqueue_enable_cb(struct virtqueue *vq)
{
	if (vq->event_idx)
		WRITE_ONCE(*used_event(vq), vq->last_used);
	else
		WRITE_ONCE(vq->avail->flags, 0);
	/*
	 * The request before the check: pairs with the device's barrier between
	 * writing used->idx and reading the request. Either it sees the request
	 * or we see its buffer.
	 */
	virtio_mb();
	return !virtqueue_has_used(vq);
}

void *virtqueue_detach(struct virtqueue *vq)
{
	uint16_t id;

	if (!vq->lent)
		return NULL;
	vq->used_idx = vq->last_used; /* its other used entries are void */
	for (id = 0; id < vq->num; id++)
		if (vq->state[id].count)
			return chain_free(vq, id);
	ASSERT(!"lent chain not found");
	return NULL;
}

/* Marks n descriptors from at on as seen; false: one was, or is none. */
static bool chain_check(const struct virtqueue *vq, uint16_t at, uint16_t n,
			bool *seen)
{
	for (; n; n--, at = vq->state[at].next) {
		if (at >= vq->num || seen[at])
			return false;
		seen[at] = true;
	}
	return true;
}

const char *virtqueue_check(const struct virtqueue *vq)
{
	unsigned int heads = 0, total = vq->num_free;
	bool seen[VIRTQUEUE_MAX];
	uint16_t id;

	memset(seen, 0, vq->num * sizeof(seen[0]));
	if (!chain_check(vq, vq->free_head, vq->num_free, seen))
		return "virtqueue 1: the free list is wrong";
	for (id = 0; id < vq->num; id++) {
		if (!vq->state[id].count)
			continue;
		if (!vq->state[id].cookie)
			return "virtqueue 3: a head without a cookie";
		if (!chain_check(vq, id, vq->state[id].count, seen))
			return "virtqueue 2: a descriptor is in two chains";
		total += vq->state[id].count;
		heads++;
	}
	if (total != vq->num)
		return "virtqueue 2: a descriptor is in no chain";
	if (heads != vq->lent)
		return "virtqueue 3: the count of heads is wrong";
	if ((uint16_t)(vq->used_idx - vq->last_used) > vq->lent)
		return "virtqueue 4: more used than lent";
	return NULL;
}
