/* SPDX-License-Identifier: MIT */
/*
 * ChaCha20's block function as RFC 8439 2.1 to 2.3 describe it.
 */
#include "kernel/lib/chacha.h"

#include <string.h>

#define DOUBLE_ROUNDS 10

static uint32_t rotate_left(uint32_t x, unsigned int bits)
{
	return x << bits | x >> (32 - bits);
}

static inline void quarter_round(uint32_t s[16], int a, int b, int c, int d)
{
	s[a] += s[b];
	s[d] = rotate_left(s[d] ^ s[a], 16);
	s[c] += s[d];
	s[b] = rotate_left(s[b] ^ s[c], 12);
	s[a] += s[b];
	s[d] = rotate_left(s[d] ^ s[a], 8);
	s[c] += s[d];
	s[b] = rotate_left(s[b] ^ s[c], 7);
}

/* Columns, then diagonals. */
static void double_round(uint32_t s[16])
{
	quarter_round(s, 0, 4, 8, 12);
	quarter_round(s, 1, 5, 9, 13);
	quarter_round(s, 2, 6, 10, 14);
	quarter_round(s, 3, 7, 11, 15);
	quarter_round(s, 0, 5, 10, 15);
	quarter_round(s, 1, 6, 11, 12);
	quarter_round(s, 2, 7, 8, 13);
	quarter_round(s, 3, 4, 9, 14);
}

void chacha20_block(const uint32_t key[8], uint32_t counter,
		    const uint32_t nonce[3], uint8_t out[CHACHA_BLOCK_SIZE])
{
	/* "expand 32-byte k" */
	uint32_t start[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
	uint32_t s[16];

	memcpy(&start[4], key, CHACHA_KEY_SIZE);
	start[12] = counter;
	memcpy(&start[13], nonce, 12);
	memcpy(s, start, sizeof(s));
	for (int i = 0; i < DOUBLE_ROUNDS; i++)
		double_round(s);
	for (int i = 0; i < 16; i++)
		s[i] += start[i];
	memcpy(out, s, CHACHA_BLOCK_SIZE);
}
