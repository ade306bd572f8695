/* SPDX-License-Identifier: MIT */
/*
 * memcpy and its family: overlapping moves for what fits in a few registers,
 * 32 bytes a turn for more. No vector registers: those belong to the
 * application. No string instructions: an emulated CPU executes MOVSQ slower
 * than this loop, and MOVSB ten times slower.
 *
 * The names stand in parentheses because <string.h> makes macros of them.
 */
#include <stdint.h>
#include <string.h>

/* A loop here must not be turned into a call of the function it is in. */
#pragma GCC optimize("no-tree-loop-distribute-patterns")

/* Words at any address and of any object. */
struct word64 {
	uint64_t v;
} __attribute__((packed, may_alias));

struct word32 {
	uint32_t v;
} __attribute__((packed, may_alias));

struct word16 {
	uint16_t v;
} __attribute__((packed, may_alias));

#define W64(p) (((struct word64 *)(p))->v)
#define W32(p) (((struct word32 *)(p))->v)
#define W16(p) (((struct word16 *)(p))->v)
#define R64(p) (((const struct word64 *)(p))->v)
#define R32(p) (((const struct word32 *)(p))->v)
#define R16(p) (((const struct word16 *)(p))->v)

/* Up to 16 bytes; all is read before anything is written. */
static inline void move_small(char *to, const char *from, size_t n)
{
	if (n >= 8) {
		uint64_t head = R64(from), tail = R64(from + n - 8);

		W64(to) = head;
		W64(to + n - 8) = tail;
	} else if (n >= 4) {
		uint32_t head = R32(from), tail = R32(from + n - 4);

		W32(to) = head;
		W32(to + n - 4) = tail;
	} else if (n >= 2) {
		uint16_t head = R16(from), tail = R16(from + n - 2);

		W16(to) = head;
		W16(to + n - 2) = tail;
	} else if (n) {
		*to = *from;
	}
}

/* Up to 32 bytes, more than 16; reads before it writes. */
static inline void move_medium(char *to, const char *from, size_t n)
{
	uint64_t a = R64(from), b = R64(from + 8);
	uint64_t c = R64(from + n - 16), d = R64(from + n - 8);

	W64(to) = a;
	W64(to + 8) = b;
	W64(to + n - 16) = c;
	W64(to + n - 8) = d;
}

/*
 * More than 32 bytes, upwards: right also when to lies below from, because
 * each turn writes only what it or an earlier one has read.
 */
static void move_up(char *to, const char *from, size_t n)
{
	for (; n > 32; n -= 32, to += 32, from += 32) {
		uint64_t a = R64(from), b = R64(from + 8);
		uint64_t c = R64(from + 16), d = R64(from + 24);

		W64(to) = a;
		W64(to + 8) = b;
		W64(to + 16) = c;
		W64(to + 24) = d;
	}
	if (n > 16)
		move_medium(to, from, n);
	else
		move_small(to, from, n);
}

/* More than 32 bytes, downwards: right when to lies above from. */
static void move_down(char *to, const char *from, size_t n)
{
	for (; n > 32; n -= 32) {
		uint64_t a = R64(from + n - 8), b = R64(from + n - 16);
		uint64_t c = R64(from + n - 24), d = R64(from + n - 32);

		W64(to + n - 8) = a;
		W64(to + n - 16) = b;
		W64(to + n - 24) = c;
		W64(to + n - 32) = d;
	}
	if (n > 16)
		move_medium(to, from, n);
	else
		move_small(to, from, n);
}

void *(memmove)(void *to, const void *from, size_t n)
{
	if (n <= 16)
		move_small(to, from, n);
	else if (n <= 32)
		move_medium(to, from, n);
	else if ((uintptr_t)to - (uintptr_t)from >= n)
		move_up(to, from, n);
	else
		move_down(to, from, n);
	return to;
}

void *(memcpy)(void *restrict to, const void *restrict from, size_t n)
{
	if (n <= 16)
		move_small(to, from, n);
	else if (n <= 32)
		move_medium(to, from, n);
	else
		move_up(to, from, n);
	return to;
}

void *(memset)(void *to, int c, size_t n)
{
	uint64_t word = (uint8_t)c * 0x0101010101010101ULL;
	char *p = to;

	if (n < 8) {
		while (n--)
			*p++ = (char)c;
		return to;
	}
	for (; n > 32; n -= 32, p += 32) {
		W64(p) = word;
		W64(p + 8) = word;
		W64(p + 16) = word;
		W64(p + 24) = word;
	}
	for (; n > 8; n -= 8, p += 8)
		W64(p) = word;
	W64(p + n - 8) = word;
	return to;
}

int(memcmp)(const void *a, const void *b, size_t n)
{
	const uint8_t *p = a, *q = b;

	for (; n >= 8 && R64(p) == R64(q); n -= 8, p += 8, q += 8)
		;
	for (; n; n--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

void *(memchr)(const void *s, int c, size_t n)
{
	const uint8_t *p = s;

	for (; n; n--, p++)
		if (*p == (uint8_t)c)
			return (void *)p;
	return NULL;
}
