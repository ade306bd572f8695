/* SPDX-License-Identifier: MIT */
/*
 * The random generator. A 256-bit key makes a batch of ChaCha20 key stream
 * whose first 32 bytes replace the key at once (fast key erasure): what was
 * handed out cannot be computed from what is in memory later. Bytes are
 * erased as they are taken.
 *
 * New input is XORed into the key, and the key is then replaced by its own key
 * stream. Who knows the input but not the key learns nothing by that.
 */
#include "kernel/random.h"

#include <string.h>

#include "kernel/base.h"
#include "kernel/chacha.h"
#include "kernel/printk.h"
#include "kernel/task/clock.h"
#include "kernel/x86/cpu.h"

#define BATCH_BLOCKS 8
#define BATCH_SIZE (BATCH_BLOCKS * CHACHA_BLOCK_SIZE)

/* RDSEED may be dry for longer than RDRAND. */
#define RDSEED_TRIES 100
#define HARDWARE_WORDS 8

/* Rounds of timing; at one bit each, twice what the key holds. */
#define JITTER_ROUNDS 512

static uint32_t key[8];
static uint8_t batch[BATCH_SIZE]; /* the first 32 bytes are always zero */
static size_t batch_used = BATCH_SIZE; /* bytes of it that are gone */

static void refill(void)
{
	static const uint32_t nonce[3];

	for (uint32_t i = 0; i < BATCH_BLOCKS; i++)
		chacha20_block(key, i, nonce, batch + i * CHACHA_BLOCK_SIZE);
	memcpy(key, batch, CHACHA_KEY_SIZE);
	memset(batch, 0, CHACHA_KEY_SIZE);
	batch_used = CHACHA_KEY_SIZE;
}

void random_mix(const void *data, size_t len)
{
	static const uint32_t nonce[3];
	const uint8_t *p = data;
	uint8_t block[CHACHA_BLOCK_SIZE];

	while (len) {
		size_t n = MIN(len, (size_t)CHACHA_KEY_SIZE);

		for (size_t i = 0; i < n; i++)
			((uint8_t *)key)[i] ^= p[i];
		chacha20_block(key, 0, nonce, block);
		memcpy(key, block, CHACHA_KEY_SIZE);
		p += n;
		len -= n;
	}
	memset(block, 0, sizeof(block));
	barrier(); /* the compiler keeps the erasure */
	batch_used = BATCH_SIZE;
}

void random_bytes(void *out, size_t len)
{
	uint8_t *p = out;

	while (len) {
		size_t n;

		if (batch_used == BATCH_SIZE)
			refill();
		n = MIN(len, BATCH_SIZE - batch_used);
		memcpy(p, batch + batch_used, n);
		memset(batch + batch_used, 0, n);
		batch_used += n;
		p += n;
		len -= n;
	}
}

uint32_t random_u32(void)
{
	uint32_t v;

	random_bytes(&v, sizeof(v));
	return v;
}

uint64_t random_u64(void)
{
	uint64_t v;

	random_bytes(&v, sizeof(v));
	return v;
}

static bool rdseed(uint64_t *v)
{
	for (int i = 0; i < RDSEED_TRIES; i++) {
		bool ok;

		__asm__ volatile("rdseed %0" : "=r"(*v), "=@ccc"(ok));
		if (ok)
			return true;
		cpu_relax();
	}
	return false;
}

/* How many words the CPU gave. */
static unsigned int mix_hardware(void)
{
	uint64_t words[HARDWARE_WORDS] = { 0 };
	unsigned int got = 0;

	for (int i = 0; i < HARDWARE_WORDS; i++) {
		if ((cpu_features.rdseed && rdseed(&words[i])) ||
		    (cpu_features.rdrand && rdrand(&words[i])))
			got++;
	}
	random_mix(words, sizeof(words));
	return got;
}

/*
 * How long the same few instructions take differs by what the caches, the
 * host and its interrupts do: the low bits of each reading go in.
 */
static void mix_jitter(void)
{
	uint8_t deltas[CHACHA_KEY_SIZE];
	uint64_t last = rdtsc();

	for (int i = 0; i < JITTER_ROUNDS; i++) {
		uint64_t now = rdtsc();

		deltas[i % sizeof(deltas)] = now - last;
		last = now;
		if (i % sizeof(deltas) == sizeof(deltas) - 1)
			random_mix(deltas, sizeof(deltas));
	}
}

void random_init(const uint64_t seed[4])
{
	uint64_t clocks[2] = { rdtsc(), ktime_get_real_ns() };

	random_mix(seed, 4 * sizeof(seed[0]));
	random_mix(clocks, sizeof(clocks));
	mix_jitter();
	if (!mix_hardware())
		pr_info("random: this CPU has no generator, only jitter");
}
