/* SPDX-License-Identifier: MIT */
/*
 * Inputs, read from the front.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/lib/fuzz.h"
#include "kernel/base.h"
#include "lib/tap.h"

size_t take_bytes(struct input *in, void *to, size_t n)
{
	n = MIN(n, in->left);
	if (n)
		memcpy(to, in->p, n);
	in->p += n;
	in->left -= n;
	return n;
}

uint8_t take8(struct input *in)
{
	uint8_t byte = 0;

	take_bytes(in, &byte, sizeof(byte));
	return byte;
}

uint16_t take16(struct input *in)
{
	uint16_t low = take8(in);

	return take8(in) << 8 | low;
}

uint32_t take32(struct input *in)
{
	uint32_t low = take16(in);

	return (uint32_t)take16(in) << 16 | low;
}

unsigned int take_below(struct input *in, unsigned int n)
{
	return take8(in) % n;
}

int32_t take_near(struct input *in)
{
	static const int32_t edges[] = {
		0,	 1,	     -1,	2,	  -2,	 100,	-100,
		536,	 1459,	     1460,	1461,	  -1460, -1461, 2920,
		32767,	 65534,	     65535,	65536,	  65537, -1,	-65535,
		-65536,	 1 << 18,    1 << 30,	-4096,	  4096,	 8192,	16384,
		1 << 20, -(1 << 20), INT32_MAX, INT32_MIN
	};
	unsigned int n = take8(in);

	if (n < 4 * ARRAY_SIZE(edges))
		return edges[n / 4];
	if (n < 192)
		return (int8_t)take8(in);
	return n < 240 ? (int16_t)take16(in) : (int32_t)take32(in);
}

void *take_copy(struct input *in, size_t n)
{
	uint8_t *copy = calloc(1, MAX(n, (size_t)1));

	take_bytes(in, copy, n);
	return copy;
}

void must(bool cond, const char *what)
{
	if (!cond)
		bail_out("%s", what);
}

void must_equal(size_t got, size_t want, const char *what)
{
	if (got != want)
		bail_out("%s: %zu, not %zu", what, got, want);
}
