/* SPDX-License-Identifier: MIT */
/*
 * For the conformance programs: ordinary programs that print TAP and behave
 * alike on Linux and on Pollux. Lines must be the same on both, so names carry
 * no measured values.
 */
#ifndef TESTS_CONFORM_TAP_H
#define TESTS_CONFORM_TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

static int tap_count, tap_failed;

static inline void ok(bool cond, const char *name)
{
	printf("%s %d - %s\n", cond ? "ok" : "not ok", ++tap_count, name);
	fflush(stdout);
	tap_failed += !cond;
}

static inline int done_testing(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}

/* Monotonic seconds. */
static inline double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

#endif
