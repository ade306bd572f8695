/* SPDX-License-Identifier: MIT */
/*
 * Nanoseconds from a counter of constant rate. Pure arithmetic: 64 by 64 bits
 * through 128, so nothing overflows within centuries, and 32 bits of fraction
 * keep the rounding below a billionth.
 */
#ifndef KERNEL_TASK_TIMESCALE_H
#define KERNEL_TASK_TIMESCALE_H

#include "kernel/base.h"

/* At counter value base_count it was base_ns. */
struct timescale {
	uint64_t base_count;
	uint64_t base_ns;
	uint64_t ns_per_count; /* 32 bits of fraction */
	uint64_t count_per_ns; /* 32 bits of fraction */
};

static inline uint64_t timescale_mul(uint64_t a, uint64_t fixed)
{
	return (uint64_t)(((unsigned __int128)a * fixed) >> 32);
}

/* A counter up to so many counts behind the base reads as the base. */
#define TIMESCALE_BACK BIT(48)

static inline uint64_t timescale_ns(const struct timescale *t, uint64_t count)
{
	uint64_t delta = count - t->base_count;

	if (unlikely(delta > UINT64_MAX - TIMESCALE_BACK))
		delta = 0;
	return t->base_ns + timescale_mul(delta, t->ns_per_count);
}

/*
 * The counter's value at a time: the base's for earlier times, the largest
 * value for times that it cannot reach.
 */
static inline uint64_t timescale_count(const struct timescale *t, uint64_t ns)
{
	uint64_t delta = ns > t->base_ns ? ns - t->base_ns : 0;

	unsigned __int128 count = (unsigned __int128)delta * t->count_per_ns;
	uint64_t left = UINT64_MAX - t->base_count;

	count >>= 32;
	return t->base_count + (count < left ? (uint64_t)count : left);
}

/* hz counts per second from now on; earlier times are not changed. */
static inline void timescale_set_hz(struct timescale *t, uint64_t count,
				    uint64_t hz)
{
	t->base_ns = timescale_ns(t, count);
	t->base_count = MAX(count, t->base_count);
	t->ns_per_count = (NSEC_PER_SEC << 32) / hz;
	/* (hz << 32) / NSEC_PER_SEC in two steps that fit 64 bits. */
	t->count_per_ns = ((hz / NSEC_PER_SEC) << 32) +
			  ((hz % NSEC_PER_SEC) << 32) / NSEC_PER_SEC;
}

#endif
