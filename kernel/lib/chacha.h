/* SPDX-License-Identifier: MIT */
/*
 * The ChaCha20 block function (RFC 8439, 2.3).
 */
#ifndef KERNEL_LIB_CHACHA_H
#define KERNEL_LIB_CHACHA_H

#include <stdint.h>

#define CHACHA_KEY_SIZE 32
#define CHACHA_BLOCK_SIZE 64

/* One block of key stream. All words are little endian, as x86 has them. */
void chacha20_block(const uint32_t key[8], uint32_t counter,
		    const uint32_t nonce[3], uint8_t out[CHACHA_BLOCK_SIZE]);

#endif
