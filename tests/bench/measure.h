/* SPDX-License-Identifier: MIT */
/*
 * How the benchmarks' programs measure: many batches of calls, of which the
 * median counts, so that an interrupt or a neighbour of the machine shows in
 * some batches only. The loop around the calls counts with them.
 *
 * The clock is CLOCK_MONOTONIC, or the time stamp counter: under QEMU's
 * `-icount shift=0` that is one step for each instruction of the guest, ring 3
 * and kernel together.
 */
#ifndef TESTS_BENCH_MEASURE_H
#define TESTS_BENCH_MEASURE_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <x86intrin.h>

#define BATCHES 31

static int use_tsc;

static inline void check(int is_good, const char *what)
{
	if (is_good)
		return;
	printf("%s: %s\n", what, strerror(errno));
	exit(1);
}

static inline uint64_t now(void)
{
	struct timespec ts;

	if (use_tsc)
		return __rdtsc();
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static inline int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* "NAME VALUE UNIT": what one call costs. */
static inline void report(const char *name, uint64_t *batches, int calls)
{
	qsort(batches, BATCHES, sizeof(*batches), compare);
	printf("%s %.0f %s\n", name, (double)batches[BATCHES / 2] / calls,
	       use_tsc ? "instructions" : "ns");
	fflush(stdout);
}

/* The first batch warms up what there is to warm and is not counted. */
static inline void measure(const char *name, void (*call)(int), int calls)
{
	uint64_t batches[BATCHES];

	for (int batch = -1; batch < BATCHES; batch++) {
		uint64_t start = now();

		for (int i = 0; i < calls; i++)
			call(i);
		if (batch >= 0)
			batches[batch] = now() - start;
	}
	report(name, batches, calls);
}

#endif
