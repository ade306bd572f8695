/* SPDX-License-Identifier: MIT */
/*
 * Random numbers: splitmix64, a state for each who draws.
 */
#include "sim.h"

static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

void rng_init(struct rng *r, uint64_t seed, uint64_t who)
{
	r->state = mix(seed + 1) ^ mix(who * 0x9e3779b97f4a7c15 + 7);
}

uint64_t rng_u64(struct rng *r)
{
	return mix(r->state += 0x9e3779b97f4a7c15);
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
	return (rng_u64(r) >> 11) % n;
}

uint64_t rng_range(struct rng *r, uint64_t from, uint64_t to)
{
	return from + rng_below(r, to - from + 1);
}

bool rng_chance(struct rng *r, unsigned int n, unsigned int of)
{
	return rng_below(r, of) < n;
}

uint64_t rng_log(struct rng *r, uint64_t n)
{
	uint64_t top = 1;

	while (top < n && rng_chance(r, 7, 8))
		top *= 2;
	/* Few halvings would make the largest the likeliest. */
	top = MIN(top, n);
	return 1 + rng_below(r, top);
}
