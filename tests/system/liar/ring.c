/* SPDX-License-Identifier: MIT */
/* Taking, giving back and telling so, without a lie. */
#include "ring.h"

#include <string.h>
#include <unistd.h>

#include "guard.h"

#define READ(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE(x, value) (*(volatile __typeof__(x) *)&(x) = (value))
#define NO_HEAD 0xffff

static void barrier(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* What is posted next shall be nonsense for whoever takes it. */
static void spoil(struct ring *ring)
{
	uint16_t at = ring->last_avail % ring->num;
	uint16_t was = READ(ring->avail->ring[at]);

	if (was == NO_HEAD)
		return;
	ring->spoilt_at = at;
	ring->spoilt_was = was;
	WRITE(ring->avail->ring[at], NO_HEAD);
}

/* Nobody has, and the driver has not started anew. */
static void mend(struct ring *ring)
{
	uint16_t at = ring->spoilt_at % ring->num;

	if (ring->spoilt && READ(ring->avail->ring[at]) == NO_HEAD)
		WRITE(ring->avail->ring[at], ring->spoilt_was);
	ring->spoilt = false;
}

void ring_start(struct ring *ring)
{
	mend(ring);
	ring->used_idx = ring->used->idx;
	ring->last_avail = ring->used_idx;
	ring->signalled = ring->used_idx;
	ring->nr_held = 0;
	ring->deaf = false;
	memset(ring->chain, 0, sizeof(ring->chain));
	ring->live = true;
	guard_rings();
	ring_want_kick(ring, true);
}

uint16_t ring_stop(struct ring *ring)
{
	uint16_t first = ring->last_avail - ring->nr_held;
	unsigned int n, i;

	if (!ring->live)
		return ring->last_avail;
	for (n = 0; n < ring->nr_held; n++) {
		struct chain *chain = &ring->chain[ring->order[n]];

		for (i = 0; i < chain->count; i++)
			ring->desc[chain->at[i]] = chain->desc[i];
		ring->avail->ring[(first + n) % ring->num] = chain->id;
		guard_given_back(ring, chain);
		chain->held = false;
	}
	ring->live = false;
	ring->nr_held = 0;
	ring->last_avail = first;
	return first;
}

/* Copies the descriptors from head on; NULL: they are no chain. */
static struct chain *copy_chain(struct ring *ring, uint16_t head)
{
	struct chain *chain = &ring->chain[head % ring->num];
	uint16_t id = head;

	if (head >= ring->num || chain->held) {
		guard_complain("ring %d: head %u, which is %s", ring->index,
			       head, head < ring->num ? "posted" : "too large");
		return NULL;
	}
	memset(chain, 0, sizeof(*chain));
	chain->id = head;
	do {
		struct vring_desc *desc = &chain->desc[chain->count];

		if (id >= ring->num || chain->count == CHAIN_MAX) {
			guard_complain("ring %d: no chain at head %u",
				       ring->index, head);
			return NULL;
		}
		*desc = ring->desc[id];
		chain->at[chain->count++] = id;
		chain->len += desc->len;
		id = desc->next;
		if (!(desc->flags & VRING_DESC_F_NEXT))
			break;
	} while (true);
	return chain;
}

unsigned int ring_take(struct ring *ring)
{
	uint16_t idx, first = ring->last_avail;
	struct chain *chain;

	if (!ring->live || ring->deaf)
		return 0;
	if (ring->spoilt) {
		spoil(ring);
		return 0;
	}
again:
	idx = READ(ring->avail->idx);
	barrier();
	if ((uint16_t)(idx - ring->last_avail) > ring->num - ring->nr_held) {
		guard_complain("ring %d: available index %u after %u",
			       ring->index, idx, ring->last_avail);
		ring->live = false;
		return 0;
	}
	for (; ring->last_avail != idx; ring->last_avail++) {
		uint16_t at = ring->last_avail % ring->num;

		chain = copy_chain(ring, READ(ring->avail->ring[at]));
		if (!chain)
			continue;
		chain->held = true;
		ring->order[ring->nr_held++] = chain->id;
		guard_posted(ring, chain);
	}
	ring_want_kick(ring, true);
	barrier();
	if (READ(ring->avail->idx) != ring->last_avail)
		goto again;
	return (uint16_t)(ring->last_avail - first);
}

unsigned int ring_pending(const struct ring *ring)
{
	if (!ring->live)
		return 0;
	return (uint16_t)(READ(ring->avail->idx) - ring->last_avail);
}

struct chain *ring_nth(struct ring *ring, unsigned int n)
{
	return n < ring->nr_held ? &ring->chain[ring->order[n]] : NULL;
}

static void forget(struct ring *ring, struct chain *chain)
{
	unsigned int n = 0;

	while (ring->order[n] != chain->id)
		n++;
	memmove(&ring->order[n], &ring->order[n + 1],
		(ring->nr_held - n - 1) * sizeof(ring->order[0]));
	ring->nr_held--;
	chain->held = false;
}

void ring_push(struct ring *ring, struct chain *chain, uint32_t len)
{
	guard_given_back(ring, chain);
	forget(ring, chain);
	ring_push_raw(ring, chain->id, len);
}

void ring_push_raw(struct ring *ring, uint32_t id, uint32_t len)
{
	struct vring_used_elem *elem =
		&ring->used->ring[ring->used_idx++ % ring->num];

	WRITE(elem->id, id);
	WRITE(elem->len, len);
}

void ring_publish(struct ring *ring)
{
	barrier();
	WRITE(ring->used->idx, ring->used_idx);
}

void ring_interrupt(const struct ring *ring)
{
	static const uint64_t one = 1;

	if (ring->call >= 0 && write(ring->call, &one, sizeof(one)) < 0)
		return; /* it is pending, to the brim */
}

void ring_signal(struct ring *ring)
{
	uint16_t old = ring->signalled;

	if (!ring->live || old == ring->used_idx)
		return;
	ring->signalled = ring->used_idx;
	barrier();
	if (ring->event_idx ?
		    vring_need_event(READ(ring->avail->ring[ring->num]),
				     ring->used_idx, old) :
		    !(READ(ring->avail->flags) & VRING_AVAIL_F_NO_INTERRUPT))
		ring_interrupt(ring);
}

void ring_want_kick(struct ring *ring, bool want)
{
	uint16_t *event = (uint16_t *)&ring->used->ring[ring->num];

	if (ring->event_idx)
		WRITE(*event, want ? ring->last_avail : ring->last_avail - 1);
	else
		WRITE(ring->used->flags, want ? 0 : VRING_USED_F_NO_NOTIFY);
}
