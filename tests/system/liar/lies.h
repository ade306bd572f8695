/* SPDX-License-Identifier: MIT */
/*
 * The lies, one by one. A gentle one the driver has to bear; after a fatal one it
 * has to reset the device, and the liar waits for that.
 */
#ifndef LIAR_LIES_H
#define LIAR_LIES_H

#include <stdbool.h>
#include <stdint.h>

#include "vhost.h"

#define MS 1000000UL
#define SECOND (1000 * MS)

struct liar {
	struct vhost vhost;
	uint64_t random;
	uint64_t now; /* ns */
	uint32_t datagrams; /* sent */

	unsigned long wanted; /* lies still to be told */
	unsigned int fatal_every; /* one of so many is fatal; 0: none */

	/* A fatal lie was told; the ring was stopped so often before. */
	bool awaiting;
	unsigned int kind;
	unsigned long stops;
	uint64_t told_at;

	uint64_t mute_until; /* no interrupts */
	uint64_t deaf_since;

	uint64_t last; /* when the last lie was told */
	unsigned long told, fatal, resets;
	uint64_t slowest_reset; /* ns */
};

uint64_t lies_random(struct liar *l);
/* Gives a frame to the guest, after its virtio header; false: no buffer. */
bool lies_receive(struct liar *l, const uint8_t *frame, uint32_t len,
		  const void *header);
/* Tells what it can; sees to what it waits for. */
void lies_step(struct liar *l);
/* Withholds nothing any more. */
void lies_end(struct liar *l);
/* Interrupts, unless that is what is withheld. */
void lies_signal(struct liar *l, struct ring *ring);
/* Prints how many of each kind were told, and how many no reset followed. */
void lies_print(void);

#endif
