/* SPDX-License-Identifier: MIT */
/* A device that cannot be believed. */
#include "lies.h"

#include <linux/virtio_net.h>
#include <stdio.h>
#include <string.h>

#include "frames.h"
#include "guard.h"
#include "memory.h"

#define BATCH 16 /* lies between two looks at what the guest does */
#define FRAME_ROOM 2048

/* How long a reset that has to come, or may come, is waited for. */
#define RESET_SURE (60 * SECOND)
#define RESET_LIKELY (2 * SECOND)
#define RESET_MAYBE (300 * MS)

uint64_t lies_random(struct liar *l)
{
	uint64_t x = l->random;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return l->random = x;
}

static struct ring *any_ring(struct liar *l)
{
	return &l->vhost.ring[lies_random(l) % RINGS];
}

/* A chain that this ring's device has. */
static struct chain *any_held(struct liar *l, struct ring *ring)
{
	return ring->nr_held ? ring_nth(ring, lies_random(l) % ring->nr_held) :
			       NULL;
}

void lies_signal(struct liar *l, struct ring *ring)
{
	if (l->now >= l->mute_until)
		ring_signal(ring);
}

/* ---- Frames that the guest gets ------------------------------------------ */

/*
 * A frame in the oldest receive buffer, given back as one of used bytes (after
 * the header), with poison behind it. NULL: no buffer.
 */
static struct chain *deliver(struct liar *l, const uint8_t *frame, uint32_t len,
			     uint32_t used, const void *header)
{
	struct ring *rx = &l->vhost.ring[RX];
	struct chain *chain = ring_nth(rx, 0);
	uint32_t start = l->vhost.header;
	uint8_t *to;

	if (!chain)
		return NULL;
	to = memory_at(chain->desc[0].addr, chain->len);
	if (!to || len > chain->len - start)
		return NULL;
	guard_poison(to, chain->len);
	memcpy(to, header, start);
	memcpy(to + start, frame, len);
	if (used < len)
		guard_poison(to + start + used, len - used);
	ring_push(rx, chain, start + used);
	return chain;
}

bool lies_receive(struct liar *l, const uint8_t *frame, uint32_t len,
		  const void *header)
{
	return deliver(l, frame, len, len, header);
}

static const struct virtio_net_hdr_v1 honest = { .num_buffers = 1 };

/* An honest frame whose chain is told of. */
static struct chain *deliver_datagram(struct liar *l)
{
	uint8_t f[FRAME_ROOM];
	uint32_t len = frame_datagram(f, l->datagrams++);

	return deliver(l, f, len, len, &honest);
}

/* ---- Gentle lies --------------------------------------------------------- */

/* Checksum and segmentation fields that were not agreed on, offsets beyond. */
static bool header_lies(struct liar *l)
{
	uint8_t f[FRAME_ROOM];
	struct virtio_net_hdr_v1 header;
	uint64_t r[2] = { lies_random(l), lies_random(l) };
	uint32_t len = frame_datagram(f, l->datagrams++);

	memcpy(&header, r, sizeof(header));
	return lies_receive(l, f, len, &header);
}

/* Buffers that the frame is said to go on in. */
static bool num_buffers(struct liar *l)
{
	static const uint16_t lies[] = { 0, 2, 17, 0x8000, 0xffff };
	uint8_t f[FRAME_ROOM];
	struct virtio_net_hdr_v1 header = {
		.num_buffers = lies[lies_random(l) % 5]
	};
	uint32_t len = frame_datagram(f, l->datagrams++);

	return lies_receive(l, f, len, &header);
}

/* A frame that ends before its headers say so, or before they do. */
static bool cut_frame(struct liar *l)
{
	uint8_t f[FRAME_ROOM];
	uint32_t len = lies_random(l) % 2 ? frame_datagram(f, l->datagrams++) :
					    frame_other(f, lies_random(l));

	return deliver(l, f, len, lies_random(l) % len, &honest);
}

/* Whole, but as long as the buffer. */
static bool long_frame(struct liar *l)
{
	const struct chain *chain = ring_nth(&l->vhost.ring[RX], 0);
	uint8_t f[FRAME_ROOM];
	uint32_t len = lies_random(l) % 2 ? frame_datagram(f, l->datagrams++) :
					    frame_other(f, lies_random(l));

	return chain &&
	       deliver(l, f, len, chain->len - l->vhost.header, &honest);
}

/* Transmitted: in any order, of any length. */
static bool tx_length(struct liar *l)
{
	struct ring *tx = &l->vhost.ring[TX];
	struct chain *chain = any_held(l, tx);

	if (!chain)
		return false;
	ring_push(tx, chain, lies_random(l));
	ring_publish(tx);
	return true;
}

/* Descriptors of buffers that the device has. */
static bool descriptor(struct liar *l)
{
	static const uint64_t where[] = { 0, 0x100000, 0xfee00000, ~0ULL };
	struct ring *ring = any_ring(l);
	const struct chain *chain = any_held(l, ring);
	volatile struct vring_desc *desc;

	if (!chain)
		return false;
	desc = &ring->desc[chain->at[lies_random(l) % chain->count]];
	switch (lies_random(l) % 4) {
	case 0:
		desc->addr = where[lies_random(l) % 4];
		break;
	case 1:
		desc->len = lies_random(l);
		break;
	case 2:
		desc->flags = lies_random(l);
		break;
	default:
		desc->next = lies_random(l);
	}
	return true;
}

/* What only the driver should write: the available ring. */
static bool available(struct liar *l)
{
	struct ring *ring = any_ring(l);
	uint16_t wrong = lies_random(l), right;

	if (lies_random(l) % 2 && ring->nr_held) {
		ring->avail->ring[(ring->last_avail - 1) % ring->num] = wrong;
		return true;
	}
	right = __atomic_exchange_n(&ring->avail->idx, wrong, __ATOMIC_SEQ_CST);
	/* Unless the driver has written in between. */
	__atomic_compare_exchange_n(&ring->avail->idx, &wrong, right, false,
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	return true;
}

/* Entries that the index does not cover yet. */
static bool entries_ahead(struct liar *l)
{
	struct ring *ring = any_ring(l);
	volatile struct vring_used_elem *elem;

	if (!ring->nr_held)
		return false;
	elem = &ring->used->ring[(ring->used_idx +
				  lies_random(l) % ring->nr_held) %
				 ring->num];
	elem->id = lies_random(l);
	elem->len = lies_random(l);
	return true;
}

/* An interrupt for nothing. */
static bool interrupt(struct liar *l)
{
	ring_interrupt(any_ring(l));
	return true;
}

/* Frames come, and no interrupt. */
static bool no_interrupt(struct liar *l)
{
	if (!deliver_datagram(l))
		return false;
	l->mute_until = l->now + (110 + lies_random(l) % 100) * MS;
	return true;
}

/* The doorbell is not wanted, it seems, but nothing else is listened to. */
static bool no_doorbell(struct liar *l)
{
	struct ring *ring = any_ring(l);

	ring->deaf = true;
	ring_want_kick(ring, false);
	l->deaf_since = l->now;
	return true;
}

/* ---- Fatal lies ---------------------------------------------------------- */

/* The transmit ring when it has so much; else the guest is made to send. */
static struct ring *tx_with(struct liar *l, unsigned int chains)
{
	struct ring *tx = &l->vhost.ring[TX];

	if (tx->nr_held >= chains)
		return tx;
	deliver_datagram(l);
	return NULL;
}

/* The ring has something, so that the index is right. */
static bool id_beyond(struct liar *l, struct ring *ring)
{
	uint32_t r = lies_random(l);
	uint32_t ids[] = { ring->num, ring->num + 1, ~0U, r | ring->num,
			   r << 16 | 0x10000 };

	ring_push_raw(ring, ids[r % 5], 100);
	ring_publish(ring);
	return true;
}

static bool rx_id_beyond(struct liar *l)
{
	struct ring *rx = &l->vhost.ring[RX];

	return rx->nr_held && id_beyond(l, rx);
}

static bool tx_id_beyond(struct liar *l)
{
	struct ring *tx = tx_with(l, 1);

	return tx && id_beyond(l, tx);
}

/* The same buffer twice, with one index. */
static bool rx_id_repeated(struct liar *l)
{
	struct ring *rx = &l->vhost.ring[RX];
	const struct chain *chain;

	if (rx->nr_held < 2)
		return false;
	chain = deliver_datagram(l);
	ring_push_raw(rx, chain->id, 100);
	ring_publish(rx);
	return true;
}

static bool tx_id_repeated(struct liar *l)
{
	struct ring *tx = tx_with(l, 2);
	struct chain *chain;

	if (!tx)
		return false;
	chain = any_held(l, tx);
	ring_push(tx, chain, 0);
	ring_push_raw(tx, chain->id, 0);
	ring_publish(tx);
	return true;
}

/* One that is in the table, and in no chain that was posted. */
static bool tx_id_not_posted(struct liar *l)
{
	struct ring *tx = tx_with(l, 1);
	uint32_t id, tries;

	if (!tx)
		return false;
	tries = tx->num;
	id = lies_random(l) % tx->num;
	while (tx->chain[id].held && --tries)
		id = (id + 1) % tx->num;
	if (!tries)
		return false;
	ring_push_raw(tx, id, 0);
	ring_publish(tx);
	return true;
}

/* A receive buffer with a wrong length. */
static bool wrong_length(struct liar *l, uint32_t len)
{
	struct ring *rx = &l->vhost.ring[RX];
	struct chain *chain = ring_nth(rx, 0);

	if (!chain)
		return false;
	ring_push(rx, chain, len);
	ring_publish(rx);
	return true;
}

static bool rx_len_zero(struct liar *l)
{
	return wrong_length(l, 0);
}

static bool rx_len_short(struct liar *l)
{
	return wrong_length(l, 1 + lies_random(l) % (l->vhost.header - 1));
}

static bool rx_len_huge(struct liar *l)
{
	const struct chain *chain = ring_nth(&l->vhost.ring[RX], 0);
	uint32_t len = chain ? chain->len : 0;
	uint32_t lies[] = { len + 1, 2 * len, 65536, 0x80000000, ~0U };

	return wrong_length(l, lies[lies_random(l) % 5]);
}

/* Forwards by more than there is, or back. */
static bool jump(struct liar *l, struct ring *ring)
{
	unsigned int room = 65536 - ring->num - 1;

	ring->used_idx += ring->num + 1 + lies_random(l) % room;
	ring_publish(ring);
	return true;
}

static bool rx_idx_jump(struct liar *l)
{
	return jump(l, &l->vhost.ring[RX]);
}

static bool tx_idx_jump(struct liar *l)
{
	return jump(l, &l->vhost.ring[TX]);
}

/* An entry that was right changes while it may be read. */
static bool rx_rewritten(struct liar *l)
{
	struct ring *rx = &l->vhost.ring[RX];
	uint16_t at = rx->used_idx % rx->num;
	volatile struct vring_used_elem *elem = &rx->used->ring[at];
	unsigned int wait = lies_random(l) % 20000;

	if (!deliver_datagram(l))
		return false;
	ring_publish(rx);
	lies_signal(l, rx);
	for (volatile unsigned int i = 0; i < wait; i++)
		continue;
	if (lies_random(l) % 2)
		elem->id = lies_random(l) | rx->num;
	else
		elem->len = ~0U - lies_random(l) % 1000;
	return true;
}

/* ---- All of them --------------------------------------------------------- */

static struct lie {
	const char *name;
	bool (*tell)(struct liar *l);
	unsigned int weight;
	uint64_t patience; /* fatal: for the reset */
	unsigned long told, unseen;
} lies[] = {
	{ "header_lies", header_lies, 1500, 0, 0, 0 },
	{ "num_buffers", num_buffers, 1500, 0, 0, 0 },
	{ "cut_frame", cut_frame, 1500, 0, 0, 0 },
	{ "long_frame", long_frame, 500, 0, 0, 0 },
	{ "tx_length", tx_length, 4000, 0, 0, 0 },
	{ "descriptor", descriptor, 4000, 0, 0, 0 },
	{ "available", available, 2000, 0, 0, 0 },
	{ "entries_ahead", entries_ahead, 2000, 0, 0, 0 },
	{ "interrupt", interrupt, 1000, 0, 0, 0 },
	{ "no_interrupt", no_interrupt, 10, 0, 0, 0 },
	{ "no_doorbell", no_doorbell, 10, 0, 0, 0 },
	{ "rx_idx_jump", rx_idx_jump, 1, RESET_SURE, 0, 0 }, /* FIRST_FATAL */
	{ "tx_idx_jump", tx_idx_jump, 1, RESET_SURE, 0, 0 },
	{ "rx_id_beyond", rx_id_beyond, 1, RESET_SURE, 0, 0 },
	{ "tx_id_beyond", tx_id_beyond, 1, RESET_SURE, 0, 0 },
	{ "rx_id_repeated", rx_id_repeated, 1, RESET_LIKELY, 0, 0 },
	{ "tx_id_repeated", tx_id_repeated, 1, RESET_LIKELY, 0, 0 },
	{ "tx_id_not_posted", tx_id_not_posted, 1, RESET_LIKELY, 0, 0 },
	{ "rx_len_zero", rx_len_zero, 1, RESET_SURE, 0, 0 },
	{ "rx_len_short", rx_len_short, 1, RESET_SURE, 0, 0 },
	{ "rx_len_huge", rx_len_huge, 1, RESET_SURE, 0, 0 },
	{ "rx_rewritten", rx_rewritten, 1, RESET_MAYBE, 0, 0 },
};

#define LIES (sizeof(lies) / sizeof(lies[0]))
#define FIRST_FATAL 11

void lies_print(void)
{
	for (unsigned int i = 0; i < LIES; i++)
		printf("lie_%s %lu\nunseen_%s %lu\n", lies[i].name,
		       lies[i].told, lies[i].name, lies[i].unseen);
}

/* By weight, among those from first to before last. */
static unsigned int choose(struct liar *l, unsigned int first,
			   unsigned int last)
{
	unsigned int sum = lies[first].weight, i, at;

	for (i = first + 1; i < last; i++)
		sum += lies[i].weight;
	at = lies_random(l) % sum;
	for (i = first; at >= lies[i].weight; i++)
		at -= lies[i].weight;
	return i;
}

/* Whether it could be told. */
static bool tell(struct liar *l, unsigned int kind)
{
	l->stops = l->vhost.stops;
	if (!lies[kind].tell(l))
		return false;
	lies[kind].told++;
	l->told++;
	l->last = l->now;
	if (l->wanted)
		l->wanted--;
	if (kind < FIRST_FATAL)
		return true;
	l->fatal++;
	l->kind = kind;
	l->awaiting = true;
	l->told_at = l->now;
	ring_interrupt(&l->vhost.ring[RX]);
	return true;
}

/* Nothing else is said until the driver has acted. */
static void await_reset(struct liar *l)
{
	uint64_t waited = l->now - l->told_at;

	if (l->vhost.stops != l->stops) {
		if (!vhost_live(&l->vhost))
			return;
		l->awaiting = false;
		l->resets++;
		if (waited > l->slowest_reset)
			l->slowest_reset = waited;
		return;
	}
	if (waited < lies[l->kind].patience)
		return;
	lies[l->kind].unseen++;
	l->awaiting = false;
	if (lies[l->kind].patience == RESET_SURE)
		guard_complain("no reset after %s", lies[l->kind].name);
	else if (lies[l->kind].patience == RESET_LIKELY)
		tell(l, FIRST_FATAL); /* nobody knows who has what */
}

static void hear_again(struct liar *l)
{
	for (int i = 0; i < RINGS; i++) {
		struct ring *ring = &l->vhost.ring[i];

		if (!ring->deaf || l->now < l->deaf_since + 5 * SECOND)
			continue;
		ring->deaf = false;
		if (ring_take(ring))
			guard_complain("ring %d: no doorbell for 5 s", i);
	}
}

void lies_step(struct liar *l)
{
	unsigned int n = 1 + lies_random(l) % BATCH, kind;

	if (!vhost_live(&l->vhost) && !l->awaiting)
		return;
	if (l->awaiting) {
		await_reset(l);
		return;
	}
	hear_again(l);
	guard_verify_one(lies_random(l));
	while (n-- && l->wanted && !l->awaiting) {
		kind = l->fatal_every && !(lies_random(l) % l->fatal_every) ?
			       choose(l, FIRST_FATAL, LIES) :
			       choose(l, 0, FIRST_FATAL);
		tell(l, kind);
	}
	if (l->awaiting)
		return;
	for (int i = 0; i < RINGS; i++) {
		ring_publish(&l->vhost.ring[i]);
		lies_signal(l, &l->vhost.ring[i]);
	}
}

void lies_end(struct liar *l)
{
	l->mute_until = 0;
	for (int i = 0; i < RINGS; i++)
		l->vhost.ring[i].deaf = false;
}
