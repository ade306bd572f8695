/* SPDX-License-Identifier: MIT */
/* Numbers in network byte order, at any address. */
#ifndef TESTS_UNIT_LIB_WIRE_BYTES_H
#define TESTS_UNIT_LIB_WIRE_BYTES_H

#include <stdint.h>

static inline void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

#endif
