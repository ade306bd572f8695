/* SPDX-License-Identifier: MIT */
/*
 * Limits events per second.
 */
#ifndef NET_BASE_RATELIMIT_H
#define NET_BASE_RATELIMIT_H

#include <stdbool.h>
#include <stdint.h>

/* Starts zeroed. */
struct ratelimit {
	uint64_t second; /* since boot, counted from 1 */
	uint32_t left; /* events that this second may still have */
};

/*
 * True: one more event may happen now. Each second allows `least`, and a random
 * number below `spread` more, so that counting them reveals nothing. Any
 * context but an interrupt handler.
 */
bool ratelimit_take(struct ratelimit *r, uint32_t least, uint32_t spread);

#endif
