/* SPDX-License-Identifier: MIT */
/*
 * Random numbers: a ChaCha20 generator with fast key erasure, seeded from
 * RDSEED/RDRAND, the boot protocol, virtio-rng when its driver comes up, and
 * the jitter of the time stamp counter.
 */
#ifndef KERNEL_RANDOM_H
#define KERNEL_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_init(const uint64_t seed[4]);
/* Stirs len bytes into the key; never makes it weaker. Any context. */
void random_mix(const void *data, size_t len);
void random_bytes(void *out, size_t len);
uint32_t random_u32(void);
uint64_t random_u64(void);

#endif
