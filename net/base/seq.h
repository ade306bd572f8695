/* SPDX-License-Identifier: MIT */
/*
 * Comparison of 32-bit numbers that wrap (RFC 9293 3.4), and of times less than
 * 2^31 units apart.
 */
#ifndef NET_BASE_SEQ_H
#define NET_BASE_SEQ_H

#include <stdbool.h>
#include <stdint.h>

static inline bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static inline bool after(uint32_t a, uint32_t b)
{
	return before(b, a);
}

#endif
