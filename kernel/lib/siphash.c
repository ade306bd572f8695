/* SPDX-License-Identifier: MIT */
/*
 * SipHash-2-4 as its paper describes it: J.-P. Aumasson, D. J. Bernstein,
 * "SipHash: a fast short-input PRF", 2012, section 2.
 */
#include "kernel/lib/siphash.h"

#include <string.h>

#define COMPRESSION_ROUNDS 2
#define FINALIZATION_ROUNDS 4

struct sip_state {
	uint64_t v0, v1, v2, v3;
};

static uint64_t rotate_left(uint64_t x, unsigned int bits)
{
	return x << bits | x >> (64 - bits);
}

static void sip_round(struct sip_state *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotate_left(s->v1, 13) ^ s->v0;
	s->v3 = rotate_left(s->v3, 16) ^ s->v2;
	s->v0 = rotate_left(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = rotate_left(s->v1, 17) ^ s->v2;
	s->v3 = rotate_left(s->v3, 21) ^ s->v0;
	s->v2 = rotate_left(s->v2, 32);
}

static void sip_word(struct sip_state *s, uint64_t word)
{
	s->v3 ^= word;
	for (int i = 0; i < COMPRESSION_ROUNDS; i++)
		sip_round(s);
	s->v0 ^= word;
}

uint64_t siphash(const void *data, size_t len, const struct siphash_key *key)
{
	struct sip_state s = {
		.v0 = key->k[0] ^ 0x736f6d6570736575ULL,
		.v1 = key->k[1] ^ 0x646f72616e646f6dULL,
		.v2 = key->k[0] ^ 0x6c7967656e657261ULL,
		.v3 = key->k[1] ^ 0x7465646279746573ULL,
	};
	const uint8_t *p = data;
	uint64_t word, last = 0;

	for (size_t left = len; left >= 8; left -= 8, p += 8) {
		memcpy(&word, p, 8);
		sip_word(&s, word);
	}
	/* The rest of the message, little endian, and its length mod 256. */
	for (unsigned int i = 0; i < len % 8; i++)
		last |= (uint64_t)p[i] << 8 * i;
	sip_word(&s, last | (uint64_t)len << 56);

	s.v2 ^= 0xff;
	for (int i = 0; i < FINALIZATION_ROUNDS; i++)
		sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
