/* SPDX-License-Identifier: MIT */
/*
 * The device's side of a split virtqueue. Single-threaded: the test decides
 * when the device runs.
 */
#include "lib/fake_ring.h"

#include <string.h>

void fake_ring_init(struct fake_ring *ring, unsigned int num, bool event_idx,
		    void *desc, void *avail, void *used)
{
	uint64_t base = ring->base;

	memset(ring, 0, sizeof(*ring));
	ring->base = base;
	ring->num = num;
	ring->event_idx = event_idx;
	ring->desc = desc;
	ring->avail = avail;
	ring->used = used;
}

static bool complain(struct fake_ring *ring, const char *what)
{
	if (!ring->complaint)
		ring->complaint = what;
	return false;
}

/* One descriptor (2.7.5): appended to the chain. */
static bool take_desc(struct fake_ring *ring, struct fake_chain *chain,
		      const struct vring_desc *desc)
{
	struct fake_piece piece = {
		(uint8_t *)(uintptr_t)(desc->addr + ring->base), desc->len
	};

	if (!desc->len)
		return complain(ring, "empty descriptor");
	if (chain->nr_out + chain->nr_in == FAKE_CHAIN_MAX)
		return complain(ring, "chain too long");
	if (desc->flags & VRING_DESC_F_WRITE) {
		chain->in[chain->nr_in++] = piece;
		return true;
	}
	if (chain->nr_in)
		return complain(ring, "readable after writable (2.7.4.2)");
	chain->out[chain->nr_out++] = piece;
	return true;
}

bool fake_ring_pop(struct fake_ring *ring, struct fake_chain *chain)
{
	uint16_t ready = ring->avail->idx - ring->last_avail, id;
	const struct vring_desc *desc;

	if (!ready)
		return false;
	if (ready > ring->num)
		return complain(ring, "available index jumped");
	id = ring->avail->ring[ring->last_avail % ring->num];
	memset(chain, 0, sizeof(*chain));
	chain->id = id;
	do {
		if (id >= ring->num)
			return complain(ring, "descriptor out of the table");
		desc = &ring->desc[id];
		if (!take_desc(ring, chain, desc))
			return false;
		id = desc->next;
	} while (desc->flags & VRING_DESC_F_NEXT);
	ring->last_avail++;
	return true;
}

void fake_ring_push(struct fake_ring *ring, uint32_t id, uint32_t len)
{
	struct vring_used_elem *elem =
		&ring->used->ring[ring->used_idx % ring->num];

	elem->id = id;
	elem->len = len;
	ring->used->idx = ++ring->used_idx;
}

void fake_ring_want_kick(struct fake_ring *ring, bool want)
{
	uint16_t *avail_event = (uint16_t *)&ring->used->ring[ring->num];

	if (ring->event_idx)
		*avail_event = want ? ring->last_avail : ring->last_avail - 1;
	else
		ring->used->flags = want ? 0 : VRING_USED_F_NO_NOTIFY;
}

bool fake_ring_should_interrupt(struct fake_ring *ring)
{
	uint16_t old = ring->signalled;

	ring->signalled = ring->used_idx;
	if (old == ring->used_idx)
		return false;
	if (!ring->event_idx)
		return !(ring->avail->flags & VRING_AVAIL_F_NO_INTERRUPT);
	if (ring->avail->flags)
		return complain(ring, "flags beside event index (2.7.7.1)");
	return vring_need_event(ring->avail->ring[ring->num], ring->used_idx,
				old);
}

uint32_t fake_chain_write(struct fake_chain *chain, const void *data,
			  uint32_t len)
{
	uint32_t done = 0, n;
	unsigned int i;

	for (i = 0; i < chain->nr_in && done < len; i++) {
		n = len - done < chain->in[i].len ? len - done :
						    chain->in[i].len;
		memcpy(chain->in[i].data, (const uint8_t *)data + done, n);
		done += n;
	}
	return done;
}

uint32_t fake_chain_read(const struct fake_chain *chain, void *data,
			 uint32_t max)
{
	uint32_t done = 0, n;
	unsigned int i;

	for (i = 0; i < chain->nr_out && done < max; i++) {
		n = max - done < chain->out[i].len ? max - done :
						     chain->out[i].len;
		memcpy((uint8_t *)data + done, chain->out[i].data, n);
		done += n;
	}
	return done;
}
