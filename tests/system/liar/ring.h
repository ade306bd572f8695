/* SPDX-License-Identifier: MIT */
/*
 * The device's side of a split virtqueue (virtio 1.2 2.7) in memory that the
 * driver writes at the same time. What the driver posts is taken at once, copied
 * and checked (guard.h); from then on the table in memory may say anything.
 */
#ifndef LIAR_RING_H
#define LIAR_RING_H

#include <linux/virtio_ring.h>
#include <stdbool.h>
#include <stdint.h>

#define RING_MAX 1024
#define CHAIN_MAX 24

enum {
	RX,
	TX,
	RINGS
};

/* One buffer that the driver has posted. */
struct chain {
	bool held; /* and not got back */
	uint16_t id; /* of its head */
	uint16_t count; /* descriptors */
	uint16_t at[CHAIN_MAX]; /* their numbers */
	struct vring_desc desc[CHAIN_MAX];
	uint32_t len; /* bytes of all */
};

struct ring {
	int index; /* RX or TX */
	unsigned int num;
	int kick, call; /* eventfds, -1: none */
	bool live;
	bool event_idx;
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;

	uint16_t last_avail; /* the next to take */
	uint16_t used_idx; /* what the driver shall see, without lies */
	uint16_t signalled; /* used_idx when an interrupt was last decided on */
	bool deaf; /* looks only when the doorbell rings */
	bool spoilt; /* takes nothing; what is posted next leads nowhere */
	uint16_t spoilt_at, spoilt_was; /* where, and to where */

	struct chain chain[RING_MAX]; /* by the head's number */
	uint16_t order[RING_MAX]; /* heads as they were posted */
	unsigned int nr_held;
};

/* The addresses are known: takes up work where used->idx says. */
void ring_start(struct ring *ring);
/*
 * Puts right what lies have done to the driver's half; what is held can be taken
 * again. Returns the index of the first that is not back.
 */
uint16_t ring_stop(struct ring *ring);

/* Takes all that is posted; how many. */
unsigned int ring_take(struct ring *ring);
/* Posted and not taken. */
unsigned int ring_pending(const struct ring *ring);
/* The nth of those that are held, the oldest first. NULL: not so many. */
struct chain *ring_nth(struct ring *ring, unsigned int n);
/* Gives it back: the entry only. ring_publish() makes it seen. */
void ring_push(struct ring *ring, struct chain *chain, uint32_t len);
/* An entry that says anything. */
void ring_push_raw(struct ring *ring, uint32_t id, uint32_t len);
void ring_publish(struct ring *ring);
/* Interrupts the driver if it wants that. */
void ring_signal(struct ring *ring);
void ring_interrupt(const struct ring *ring);
/* Whether the doorbell shall be rung for the next. */
void ring_want_kick(struct ring *ring, bool want);

#endif
