/* SPDX-License-Identifier: MIT */
/*
 * SipHash-2-4 (Aumasson, Bernstein 2012): the keyed hash under tables and
 * sequence numbers that a peer must not predict.
 */
#ifndef KERNEL_LIB_SIPHASH_H
#define KERNEL_LIB_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
	uint64_t k[2];
};

uint64_t siphash(const void *data, size_t len, const struct siphash_key *key);

#endif
