/* SPDX-License-Identifier: MIT */
/*
 * So many events a second.
 */
#ifndef NET_BASE_RATELIMIT_H
#define NET_BASE_RATELIMIT_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed: none has happened yet. */
struct ratelimit {
	uint64_t second; /* of the machine's life, counted from 1 */
	uint32_t left; /* events that this second may still have */
};

/*
 * True: one more may happen now. Each second has `least` of them, and a random
 * number below `spread` more, so that who counts them learns nothing. Any
 * context but an interrupt handler.
 */
bool ratelimit_take(struct ratelimit *r, uint32_t least, uint32_t spread);

#endif
