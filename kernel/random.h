/* SPDX-License-Identifier: MIT */
/*
 * Random numbers: a ChaCha20 generator with fast key erasure, seeded again and
 * again from RDSEED/RDRAND, the boot protocol, virtio-rng and the times of
 * interrupts; and keys that two machines restored from one image must not
 * share. Any context.
 */
#ifndef KERNEL_RANDOM_H
#define KERNEL_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/base.h"
#include "kernel/lib/siphash.h"

/* The size of Linux's pool, which /proc shows; the longest life of a key. */
#define RANDOM_POOL_BITS 256
#define RANDOM_RESEED_SECONDS 60

void random_init(const uint64_t seed[4]);
/*
 * To be called before the first secret is drawn: logs what the generator was
 * seeded from; without any source, warns and mixes in much more timing.
 */
void random_ready(void);

/* Mixes len bytes into the key; never makes it weaker. */
void random_mix(const void *data, size_t len);
void random_bytes(void *out, size_t len);
uint32_t random_u32(void);
uint64_t random_u64(void);

/* An interrupt came: its time, which is hard to predict, is mixed in later. */
void random_interrupt(void);

/*
 * A device that gives random bytes on request: request() is called at each
 * reseed and does not wait; the answer goes to random_answer(). Lives as long
 * as the machine.
 */
struct random_source {
	const char *name;
	void (*request)(struct random_source *source);
	struct random_source *next;
};

void random_add_source(struct random_source *source);
void random_answer(const struct random_source *source, const void *data,
		   size_t len);

/*
 * The hypervisor changes these 16 bytes when the machine continues as a copy.
 * From now on they are compared before anything is drawn.
 */
void random_watch_generation(const volatile uint64_t id[2]);
/* A clock's reading shows that the machine may be a copy. */
void random_restored(uint64_t reading);
/* Counts from 1; goes up when the machine may be a copy. */
uint32_t random_epoch(void);

/* A secret key, all zero at first: drawn at its first use in each epoch. */
struct random_key {
	struct siphash_key key;
	uint32_t epoch;
};

static inline const struct siphash_key *random_key(struct random_key *k)
{
	uint32_t epoch = random_epoch();

	if (unlikely(k->epoch != epoch)) {
		random_bytes(&k->key, sizeof(k->key));
		k->epoch = epoch;
	}
	return &k->key;
}

#endif
