/* SPDX-License-Identifier: MIT */
/* unit: kernel/lib/chacha.c kernel/lib/siphash.c */
/* The published vectors of ChaCha20 and SipHash-2-4. */
#include <stdint.h>
#include <string.h>

#include "kernel/base.h"
#include "kernel/lib/chacha.h"
#include "kernel/lib/siphash.h"
#include "lib/tap.h"

/* RFC 8439 2.3.2 */
static void test_block_function(void)
{
	static const uint8_t want[CHACHA_BLOCK_SIZE] = {
		0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15, 0x50, 0x0f,
		0xdd, 0x1f, 0xa3, 0x20, 0x71, 0xc4, 0xc7, 0xd1, 0xf4, 0xc7,
		0x33, 0xc0, 0x68, 0x03, 0x04, 0x22, 0xaa, 0x9a, 0xc3, 0xd4,
		0x6c, 0x4e, 0xd2, 0x82, 0x64, 0x46, 0x07, 0x9f, 0xaa, 0x09,
		0x14, 0xc2, 0xd7, 0x05, 0xd9, 0x8b, 0x02, 0xa2, 0xb5, 0x12,
		0x9c, 0xd1, 0xde, 0x16, 0x4e, 0xb9, 0xcb, 0xd0, 0x83, 0xe8,
		0xa2, 0x50, 0x3c, 0x4e,
	};
	static const uint8_t nonce_bytes[12] = { 0, 0, 0, 9, 0, 0, 0, 0x4a };
	uint8_t key_bytes[CHACHA_KEY_SIZE], out[CHACHA_BLOCK_SIZE];
	uint32_t key[8], nonce[3];

	for (int i = 0; i < CHACHA_KEY_SIZE; i++)
		key_bytes[i] = i;
	memcpy(key, key_bytes, sizeof(key));
	memcpy(nonce, nonce_bytes, sizeof(nonce));
	chacha20_block(key, 1, nonce, out);
	is_mem(out, want, sizeof(want), "ChaCha20: RFC 8439 2.3.2");
}

/* RFC 8439 A.1, vectors 1 and 2: zero key and nonce, counters 0 and 1. */
static void test_zero_key(void)
{
	static const uint8_t first[] = { 0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1,
					 0x3d, 0x90, 0x40, 0x5d, 0x6a, 0xe5,
					 0x53, 0x86, 0xbd, 0x28 };
	static const uint8_t second[] = { 0x9f, 0x07, 0xe7, 0xbe, 0x55, 0x51,
					  0x38, 0x7a, 0x98, 0xba, 0x97, 0x7c,
					  0x73, 0x2d, 0x08, 0x0d };
	static const uint32_t key[8], nonce[3];
	uint8_t out[CHACHA_BLOCK_SIZE];

	chacha20_block(key, 0, nonce, out);
	is_mem(out, first, sizeof(first), "ChaCha20: RFC 8439 A.1 #1");
	chacha20_block(key, 1, nonce, out);
	is_mem(out, second, sizeof(second), "ChaCha20: RFC 8439 A.1 #2");
}

/* The paper's appendix A, and the authors' list of vectors. */
static void test_siphash(void)
{
	static const struct {
		size_t len;
		uint64_t want;
	} vectors[] = {
		{ 0, 0x726fdb47dd0e0e31 },  { 1, 0x74f839c593dc67fd },
		{ 2, 0x0d6c8009d9a94f5a },  { 7, 0xab0200f58b01d137 },
		{ 8, 0x93f5f5799a932462 },  { 15, 0xa129ca6149be45e5 },
		{ 63, 0x958a324ceb064572 },
	};
	struct siphash_key key = { { 0x0706050403020100, 0x0f0e0d0c0b0a0908 } };
	uint8_t data[64];

	for (unsigned int i = 0; i < sizeof(data); i++)
		data[i] = i;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		ok(siphash(data, vectors[i].len, &key) == vectors[i].want,
		   "SipHash-2-4: the vector of %zu bytes", vectors[i].len);
}

int main(void)
{
	test_block_function();
	test_zero_key();
	test_siphash();
	return done_testing();
}
