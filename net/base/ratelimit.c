/* SPDX-License-Identifier: MIT */
/* Counts down the events that the current second may still have. */
#include "net/base/ratelimit.h"

#include "kernel/base.h"
#include "kernel/random.h"
#include "kernel/task/clock.h"

bool ratelimit_take(struct ratelimit *r, uint32_t least, uint32_t spread)
{
	uint64_t now = ktime_get_ns() / NSEC_PER_SEC + 1;

	if (now != r->second) {
		r->second = now;
		r->left = least + (spread ? random_u32() % spread : 0);
	}
	if (!r->left)
		return false;
	r->left--;
	return true;
}
