/* SPDX-License-Identifier: MIT */
/*
 * Random numbers: a ChaCha20 generator with fast key erasure, seeded from
 * RDSEED/RDRAND, the boot protocol, virtio-rng and the times of interrupts,
 * again and again; and the keys that must not be the same in two machines
 * that were restored from one image. Any context.
 */
#ifndef KERNEL_RANDOM_H
#define KERNEL_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/base.h"
#include "kernel/lib/siphash.h"

/* What Linux's pool holds, and says that it has; how old a key gets. */
#define RANDOM_POOL_BITS 256
#define RANDOM_RESEED_SECONDS 60

void random_init(const uint64_t seed[4]);
/*
 * Before the first secret is drawn: says what the generator was seeded from,
 * and without any source, in one line, that there is none.
 */
void random_ready(void);

/* Stirs len bytes into the key; never makes it weaker. */
void random_mix(const void *data, size_t len);
void random_bytes(void *out, size_t len);
uint32_t random_u32(void);
uint64_t random_u64(void);

/* An interrupt has come, at a moment that is not quite foreseeable. */
void random_interrupt(void);

/*
 * A device that gives random bytes when it is asked: request() is called at
 * each reseed and does not wait; the answer goes to random_answer(). Lives as
 * long as the machine.
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
 * From now on these 16 bytes, which the hypervisor changes when the machine
 * goes on as a copy of what it was, are looked at before anything is drawn.
 */
void random_watch_generation(const volatile uint64_t id[2]);
/* The machine may be a copy, as a clock shows whose reading this is. */
void random_restored(uint64_t reading);
/* From 1 on; another one when the machine may be a copy. */
uint32_t random_epoch(void);

/* A secret key, all zero at first: drawn when it is used, once an epoch. */
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
