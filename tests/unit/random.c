/* SPDX-License-Identifier: MIT */
/* unit: kernel/lib/chacha.c */
/*
 * The random generator. The CPU's generator, its counters and the clocks are
 * the test's: everything can be made to stand still, so that two equal
 * machines are two runs from one state.
 */
#define KERNEL_X86_CPU_H

#include <string.h>

#include "kernel/base.h"
#include "lib/tap.h"

static struct {
	bool rdrand, rdseed;
} cpu_features;

static uint64_t tsc, rdrand_value, time_ns;
static unsigned int nr_rdrand, nr_requests, nr_warnings, nr_checks;

static uint64_t rdtsc(void)
{
	return tsc;
}

static bool rdrand(uint64_t *v)
{
	nr_rdrand++;
	*v = rdrand_value++;
	return true;
}

static void cpu_relax(void)
{
}

static uint8_t inb(uint16_t port)
{
	return (uint8_t)port;
}

#include "kernel/random.c"

uint64_t ktime_get_ns(void)
{
	return time_ns;
}

uint64_t ktime_get_real_ns(void)
{
	return time_ns;
}

void wallclock_check_soon(void)
{
	nr_checks++;
}

void printk(enum log_level level, const char *fmt, ...)
{
	nr_warnings += level == LOG_WARN;
}

static void request(struct random_source *source)
{
	nr_requests++;
}

static struct random_source device = { "device", request, NULL };

/* ---- One machine, saved and restored ------------------------------------- */

static struct state {
	uint64_t key[KEY_WORDS], times[KEY_WORDS], known[2], at;
	size_t handed_out;
	uint32_t epoch;
} saved;

static void save(void)
{
	memcpy(saved.key, key, sizeof(key));
	memcpy(saved.times, times, sizeof(times));
	memcpy(saved.known, known_generation, sizeof(known_generation));
	saved.at = reseed_at;
	saved.handed_out = handed_out;
	saved.epoch = epoch;
}

static void restore(void)
{
	memcpy(key, saved.key, sizeof(key));
	memcpy(times, saved.times, sizeof(times));
	memcpy(known_generation, saved.known, sizeof(known_generation));
	reseed_at = saved.at;
	handed_out = saved.handed_out;
	epoch = saved.epoch;
}

static void start(uint64_t seed_word)
{
	uint64_t seed[4] = { seed_word, 2, 3, 4 };

	memset(key, 0, sizeof(key));
	memset(times, 0, sizeof(times));
	memset(&cpu_features, 0, sizeof(cpu_features));
	generation = NULL;
	seeded = 0;
	sources = NULL;
	nr_rdrand = nr_requests = nr_warnings = 0;
	time_ns = tsc = 0;
	random_init(seed);
}

/* ---- Tests --------------------------------------------------------------- */

static void test_stream(void)
{
	static const size_t lengths[] = { 1,  31, 32, 33,  95,
					  96, 97, 64, 200, 1000 };
	uint8_t a[1000], b[1000];

	start(1);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		size_t n = lengths[i];

		memset(a, 0, sizeof(a));
		memset(b, 0, sizeof(b));
		save();
		random_bytes(a, n);
		restore();
		random_bytes(b, sizeof(b));
		ok(!memcmp(a, b, n) && (n == 1000 || !a[n]),
		   "stream: %zu bytes are the first of any length", n);
	}
	random_bytes(b, sizeof(b));
	ok(memcmp(a, b, 32) != 0, "stream: never the same twice");
	random_bytes(a, 0);
}

static void test_erasure(void)
{
	uint8_t out[64];
	uint8_t before[sizeof(key)];

	start(1);
	memcpy(before, key, sizeof(key));
	random_bytes(out, sizeof(out));
	ok(memcmp(before, key, sizeof(key)) != 0 &&
		   memcmp(out, key, sizeof(key)) != 0,
	   "erasure: the key is a new one, and not what was handed out");
}

static void test_copies(void)
{
	uint64_t a, b;

	start(1);
	save();
	a = random_u64();
	restore();
	ok(a == random_u64(), "copies: with nothing else they are the same");
	restore();
	tsc++;
	ok(a != random_u64(), "copies: a tick of the counter sets them apart");

	start(1);
	cpu_features.rdrand = true;
	save();
	a = random_u64();
	restore();
	b = random_u64();
	ok(a != b, "copies: so does the CPU's generator");
	nr_rdrand = 0;
	random_u32();
	is(nr_rdrand, FRESH_WORDS, "copies: which is in each output");

	restore();
	cpu_features.rdrand = false;
	random_interrupt();
	tsc = 0;
	random_interrupt();
	ok(!memcmp(key, saved.key, sizeof(key)),
	   "copies: an interrupt costs no key stream");
}

static void test_generation(void)
{
	static uint64_t id[2];
	struct random_key secret = { 0 };
	struct siphash_key first, second;
	uint64_t a, b;

	start(1);
	id[0] = id[1] = 5;
	random_watch_generation(id);
	random_add_source(&device);
	first = *random_key(&secret);
	ok(!memcmp(&first, random_key(&secret), sizeof(first)),
	   "generation: a key stays while the id does");
	save();
	nr_requests = 0;
	id[1] = 6;
	a = random_u64();
	is(nr_requests, 1, "generation: a new one asks the devices");
	is(epoch, saved.epoch + 1, "generation: once");
	is(nr_checks, 1, "generation: and the time of day is looked at");
	second = *random_key(&secret);
	ok(memcmp(&first, &second, sizeof(first)) != 0,
	   "generation: and draws keys anew");
	restore();
	id[1] = 7;
	b = random_u64();
	ok(a != b, "generation: two copies differ from the first number on");
	restore();
	id[1] = 5;
	id[0] = 4;
	(void)random_epoch();
	ok(epoch == saved.epoch + 1, "generation: all 16 bytes of it count");
	restore();
	id[0] = 5;
	random_restored(77);
	a = random_u64();
	restore();
	random_restored(78);
	ok(a != random_u64() && epoch == saved.epoch + 1,
	   "generation: a clock that jumped is as good");
}

static void test_reseed(void)
{
	static uint8_t much[64 * KiB];

	start(1);
	random_add_source(&device);
	cpu_features.rdrand = true;
	nr_requests = 0;
	time_ns = RESEED_NS - 1;
	random_u32();
	is(nr_requests, 0, "reseed: not before its time");
	time_ns = RESEED_NS;
	nr_rdrand = 0;
	random_u32();
	ok(nr_requests == 1 && nr_rdrand == HARDWARE_WORDS + FRESH_WORDS,
	   "reseed: after a minute, from device and CPU");
	random_u32();
	is(nr_requests, 1, "reseed: once");
	for (size_t i = 0; i < RESEED_BYTES / sizeof(much); i++)
		random_bytes(much, sizeof(much));
	is(nr_requests, 1, "reseed: not before a MiB");
	random_u32();
	is(nr_requests, 2, "reseed: after a MiB");
}

static void test_sources(void)
{
	static const uint8_t zeros[64];
	uint8_t before[sizeof(key)];
	uint8_t bytes[64] = { 1 };

	start(0);
	random_ready();
	is(nr_warnings, 0, "sources: a seed is enough");

	start(0);
	seeded = 0;
	cpu_features.rdrand = true;
	mix_hardware();
	random_ready();
	is(nr_warnings, 0, "sources: so is the CPU");

	start(0);
	seeded = 0;
	random_add_source(&device);
	memcpy(before, key, sizeof(key));
	random_answer(&device, zeros, sizeof(zeros));
	ok(memcmp(before, key, sizeof(key)) != 0 && !seeded,
	   "sources: a device that says nothing but zeros does no harm");
	random_answer(&device, zeros, 0);
	random_ready();
	is(nr_warnings, 1, "sources: and is none: one line says so");
	random_answer(&device, bytes, sizeof(bytes));
	ok(seeded == SEEDED_DEVICE, "sources: until it gives something");

	start(0);
	seeded = 0;
	random_mix(bytes, sizeof(bytes));
	random_ready();
	is(nr_warnings, 1, "sources: what ring 3 writes is none");
}

/* FIPS 140-2, 4.9.1, on each of many blocks of 20,000 bits. */
#define BLOCK 2500

static bool block_is_random(const uint8_t *p)
{
	unsigned int ones = 0, run = 0, longest = 0, last = 2;
	unsigned int nibbles[16] = { 0 };
	uint64_t poker = 0;

	for (unsigned int i = 0; i < BLOCK * 8; i++) {
		unsigned int bit = p[i / 8] >> (i % 8) & 1;

		ones += bit;
		run = bit == last ? run + 1 : 1;
		longest = MAX(longest, run);
		last = bit;
	}
	for (unsigned int i = 0; i < BLOCK; i++) {
		nibbles[p[i] & 15]++;
		nibbles[p[i] >> 4]++;
	}
	for (unsigned int i = 0; i < 16; i++)
		poker += (uint64_t)nibbles[i] * nibbles[i];
	/* 16 / 5000 * poker - 5000 between 2.16 and 46.17 */
	return ones > 9725 && ones < 10275 && longest < 34 &&
	       poker * 16 > 5002 * 5000ULL && poker * 16 < 5047 * 5000ULL;
}

static void test_statistics(void)
{
	static uint8_t block[BLOCK];
	unsigned int bad = 0, rounds = 800;

	start(1);
	for (unsigned int i = 0; i < rounds; i++) {
		random_bytes(block, sizeof(block));
		bad += !block_is_random(block);
	}
	/* One in 5,000 good blocks fails one of the tests. */
	ok(bad <= 4, "statistics: %u blocks of %u look random", rounds - bad,
	   rounds);
	bad = 0;
	for (unsigned int i = 0; i < rounds / 4; i++) {
		for (unsigned int j = 0; j < BLOCK; j += 4) {
			uint32_t v = random_u32();

			memcpy(block + j, &v, sizeof(v));
		}
		bad += !block_is_random(block);
	}
	ok(bad <= 2, "statistics: so do many small ones");
}

int main(void)
{
	test_stream();
	test_erasure();
	test_copies();
	test_generation();
	test_reseed();
	test_sources();
	test_statistics();
	return done_testing();
}
