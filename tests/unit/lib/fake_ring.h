/* SPDX-License-Identifier: MIT */
/*
 * The device's side of a split virtqueue, for tests: takes chains from the
 * available ring, checks that the driver keeps virtio 1.2 2.7, and gives
 * them back. What it does with them, and which lies it tells, is the test's.
 */
#ifndef TESTS_UNIT_LIB_FAKE_RING_H
#define TESTS_UNIT_LIB_FAKE_RING_H

#include <linux/virtio_ring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_CHAIN_MAX 32

struct fake_piece {
	uint8_t *data;
	uint32_t len;
};

struct fake_chain {
	uint16_t id;
	unsigned int nr_out, nr_in;
	struct fake_piece out[FAKE_CHAIN_MAX];
	struct fake_piece in[FAKE_CHAIN_MAX];
};

struct fake_ring {
	unsigned int num;
	bool event_idx;
	uint64_t base; /* added to an address of the driver's gives ours */
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	uint16_t last_avail;
	uint16_t used_idx;
	uint16_t signalled; /* used_idx at the last question of an interrupt */
	const char *complaint; /* what the driver did wrong */
};

void fake_ring_init(struct fake_ring *ring, unsigned int num, bool event_idx,
		    void *desc, void *avail, void *used);
/* Next available chain. False: none, or a complaint. */
bool fake_ring_pop(struct fake_ring *ring, struct fake_chain *chain);
/* Writes a used entry, true or not. */
void fake_ring_push(struct fake_ring *ring, uint32_t id, uint32_t len);
/* Asks to be notified of the next chain, or of none. */
void fake_ring_want_kick(struct fake_ring *ring, bool want);
/* Whether the driver wants an interrupt for what was pushed since. */
bool fake_ring_should_interrupt(struct fake_ring *ring);
/* Copies into the chain's writable pieces; how much went in. */
uint32_t fake_chain_write(struct fake_chain *chain, const void *data,
			  uint32_t len);
/* Copies out of the readable pieces; how much there was. */
uint32_t fake_chain_read(const struct fake_chain *chain, void *data,
			 uint32_t max);

#endif
