/* SPDX-License-Identifier: MIT */
/*
 * The random generator. Each request makes ChaCha20 key stream whose first 32
 * bytes replace the key at once (fast key erasure): earlier output cannot be
 * computed from memory, nor does memory hold future output.
 *
 * New input is XORed into the key, which is then replaced by its own key
 * stream. Knowing the input but not the key reveals nothing, so no source can
 * undo what the others gave.
 *
 * A machine that was saved once and restored twice continues with one key in
 * both copies. So each request adds the CPU's generator and the time stamp
 * counter to the key and compares the hypervisor's generation id; other signs
 * of a copy (a clock that jumped) are reported to random_restored().
 */
#include "kernel/random.h"

#include <string.h>

#include "kernel/lib/chacha.h"
#include "kernel/printk.h"
#include "kernel/task/clock.h"
#include "kernel/task/wallclock.h"
#include "kernel/x86/cpu.h"

#define KEY_WORDS (CHACHA_KEY_SIZE / sizeof(uint64_t))

/* When new input is requested, whichever comes first. */
#define RESEED_NS (RANDOM_RESEED_SECONDS * NSEC_PER_SEC)
#define RESEED_BYTES (1 * MiB)

/* RDSEED may be exhausted for longer than RDRAND. */
#define RDSEED_TRIES 100
#define HARDWARE_WORDS 8
/* Each output gets this much fresh input: 128 bits. */
#define FRESH_WORDS 2

/*
 * Rounds of timing: at one bit each, twice what the key holds. As the only
 * source there are many more, each with a port access, which leaves the CPU
 * for the host.
 */
#define JITTER_ROUNDS 512
#define JITTER_ROUNDS_ALONE 16384
#define JITTER_PORT 0x61 /* reading has no effect on any PC */

/* Bits of seeded: where the seed came from. */
#define SEEDED_CPU BIT(0)
#define SEEDED_FIRMWARE BIT(1)
#define SEEDED_DEVICE BIT(2)

static uint64_t key[KEY_WORDS];
static size_t handed_out; /* bytes since the last reseed */
static uint64_t reseed_at;
static uint32_t seeded;

/* Times of interrupts, not yet mixed into the key. */
static uint64_t times[KEY_WORDS];
static unsigned int nr_times;

static struct random_source *sources;

static const volatile uint64_t *generation; /* NULL: not known */
static uint64_t known_generation[2];
static uint32_t epoch = 1;

static void make_block(uint32_t counter, uint8_t out[CHACHA_BLOCK_SIZE])
{
	static const uint32_t nonce[3];

	chacha20_block((const uint32_t *)key, counter, nonce, out);
}

void random_mix(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint8_t block[CHACHA_BLOCK_SIZE];

	while (len) {
		size_t n = MIN(len, (size_t)CHACHA_KEY_SIZE);

		for (size_t i = 0; i < n; i++)
			((uint8_t *)key)[i] ^= p[i];
		make_block(0, block);
		memcpy(key, block, CHACHA_KEY_SIZE);
		p += n;
		len -= n;
	}
	memset(block, 0, sizeof(block));
	barrier(); /* keeps the compiler from dropping the erasure */
}

/* ---- Sources ------------------------------------------------------------- */

/* The output of a dead device, or of a CPU whose generator is stuck. */
static bool is_constant(const void *data, size_t len)
{
	const uint8_t *p = data;

	return !len || !memcmp(p, p + 1, len - 1);
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

static void mix_hardware(void)
{
	uint64_t words[HARDWARE_WORDS] = { 0 };

	for (int i = 0; i < HARDWARE_WORDS; i++)
		if (!cpu_features.rdseed || !rdseed(&words[i]))
			(void)(cpu_features.rdrand && rdrand(&words[i]));
	random_mix(words, sizeof(words));
	if (!is_constant(words, sizeof(words)))
		seeded |= SEEDED_CPU;
}

/*
 * The same few instructions take a different time each round, because of
 * caches, the host and its interrupts: the low bits of each time are mixed in.
 */
static void mix_jitter(unsigned int rounds, bool leave_cpu)
{
	uint8_t deltas[CHACHA_KEY_SIZE];
	uint64_t last = rdtsc();

	for (unsigned int i = 0; i < rounds; i++) {
		uint64_t now;

		if (leave_cpu)
			(void)inb(JITTER_PORT);
		now = rdtsc();
		deltas[i % sizeof(deltas)] = now - last;
		last = now;
		if (i % sizeof(deltas) == sizeof(deltas) - 1)
			random_mix(deltas, sizeof(deltas));
	}
}

void random_interrupt(void)
{
	uint64_t *word = &times[nr_times++ % KEY_WORDS];

	*word = (*word << 7 | *word >> 57) ^ rdtsc();
}

static void mix_times(void)
{
	uint64_t clocks[2] = { rdtsc(), ktime_get_real_ns() };

	random_mix(clocks, sizeof(clocks));
	random_mix(times, sizeof(times));
}

void random_add_source(struct random_source *source)
{
	source->next = sources;
	sources = source;
	source->request(source);
}

void random_answer(const struct random_source *source, const void *data,
		   size_t len)
{
	random_mix(data, len);
	if (is_constant(data, len) || (seeded & SEEDED_DEVICE))
		return;
	seeded |= SEEDED_DEVICE;
	pr_debug("random: %s has answered", source->name);
}

/* Asks the devices, too; their answers are mixed in when they come. */
static void reseed(void)
{
	handed_out = 0;
	reseed_at = ktime_get_ns() + RESEED_NS;
	mix_times();
	mix_hardware();
	for (struct random_source *s = sources; s; s = s->next)
		s->request(s);
}

/* ---- Copies of the machine ----------------------------------------------- */

static void new_epoch(void)
{
	epoch++;
	reseed();
}

void random_restored(uint64_t reading)
{
	random_mix(&reading, sizeof(reading));
	new_epoch();
}

static void take_generation(void)
{
	known_generation[0] = generation[0];
	known_generation[1] = generation[1];
	random_mix(known_generation, sizeof(known_generation));
}

void random_watch_generation(const volatile uint64_t id[2])
{
	generation = id;
	take_generation();
}

uint32_t random_epoch(void)
{
	if (generation && unlikely(generation[0] != known_generation[0] ||
				   generation[1] != known_generation[1])) {
		take_generation();
		new_epoch();
		wallclock_check_soon();
		pr_notice("random: the machine is a copy, its keys are new");
	}
	return epoch;
}

/* ---- Output -------------------------------------------------------------- */

/* Mixes in what differs between two copies of one machine. */
static void freshen(void)
{
	uint64_t words[FRESH_WORDS + 1] = { rdtsc() };

	for (int i = 1; cpu_features.rdrand && i <= FRESH_WORDS; i++)
		(void)rdrand(&words[i]);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		key[i] ^= words[i];
}

void random_bytes(void *out, size_t len)
{
	uint8_t first[CHACHA_BLOCK_SIZE], last[CHACHA_BLOCK_SIZE];
	uint8_t *p = out;
	size_t n = MIN(len, sizeof(first) - CHACHA_KEY_SIZE);
	uint32_t counter = 0;

	(void)random_epoch();
	if (handed_out >= RESEED_BYTES || ktime_get_ns() >= reseed_at)
		reseed();
	handed_out += len;
	freshen();
	make_block(counter++, first);
	memcpy(p, first + CHACHA_KEY_SIZE, n);
	for (p += n, len -= n; len >= CHACHA_BLOCK_SIZE; len -= sizeof(last)) {
		make_block(counter++, p);
		p += sizeof(last);
	}
	if (len) {
		make_block(counter, last);
		memcpy(p, last, len);
		memset(last, 0, sizeof(last));
	}
	memcpy(key, first, CHACHA_KEY_SIZE);
	memset(first, 0, sizeof(first));
	barrier(); /* keeps the compiler from dropping the erasure */
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

/* ---- The start ----------------------------------------------------------- */

void random_init(const uint64_t seed[4])
{
	random_mix(seed, KEY_WORDS * sizeof(seed[0]));
	if (!is_constant(seed, KEY_WORDS * sizeof(seed[0])))
		seeded |= SEEDED_FIRMWARE;
	mix_jitter(JITTER_ROUNDS, false);
	reseed();
}

void random_ready(void)
{
	if (seeded) {
		pr_info("random: seeded by:%s%s%s%s",
			seeded & SEEDED_CPU ? " CPU" : "",
			seeded & SEEDED_FIRMWARE ? " firmware" : "",
			seeded & SEEDED_DEVICE ? " device" : "",
			seeded == SEEDED_DEVICE ?
				"; the kernel's addresses, which were chosen "
				"before, are made of timing alone" :
				"");
		return;
	}
	mix_jitter(JITTER_ROUNDS_ALONE, true);
	pr_warn("random: no RDRAND, no virtio-rng, no seed from the firmware: "
		"keys, TCP's initial sequence numbers, SYN cookies and the "
		"kernel's addresses are made of timing alone");
}
