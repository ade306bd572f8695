/* SPDX-License-Identifier: MIT */
/*
 * For the conformance programs: ordinary programs that print TAP and behave
 * alike on Linux and on Pollux. Lines must be the same on both, so neither
 * names nor notes carry measured values, addresses or ids.
 */
#ifndef TESTS_CONFORM_TAP_H
#define TESTS_CONFORM_TAP_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Milliseconds to wait for what must come: a machine may be busy. */
#define PATIENCE 20000

/* The condition comes true within PATIENCE. */
#define COMES_TRUE(condition)                                   \
	({                                                      \
		int left = PATIENCE;                            \
		bool true_now;                                  \
		while (!(true_now = (condition)) && left-- > 0) \
			usleep(1000);                           \
		true_now;                                       \
	})

/* The same for what comes true by computing, not by waiting. */
#define COMES_TRUE_BUSY(condition)                                 \
	({                                                         \
		double until = now() + PATIENCE / 1e3;             \
		bool true_now;                                     \
		while (!(true_now = (condition)) && now() < until) \
			;                                          \
		true_now;                                          \
	})

static int tap_count, tap_failed;

static inline bool ok(bool cond, const char *name)
{
	printf("%s %d - %s\n", cond ? "ok" : "not ok", ++tap_count, name);
	fflush(stdout);
	tap_failed += !cond;
	return cond;
}

/* For conditions that set errno when they fail. */
static inline void is(long got, long want, const char *name)
{
	int error = errno;

	if (!ok(got == want, name))
		printf("# got %ld (%s), want %ld\n", got, strerror(error),
		       want);
}

static inline void is_str(const char *got, const char *want, const char *name)
{
	if (!ok(!strcmp(got, want), name))
		printf("# got '%s', want '%s'\n", got, want);
}

/* A call gave -1 and this errno. */
static inline void fails(long got, int error, const char *name)
{
	int was = errno;

	if (!ok(got == -1 && was == error, name))
		printf("# got %ld (%s), want %s\n", got,
		       got == -1 ? strerror(was) : "no error", strerror(error));
}

/* Seconds after which a program that hangs is ended by SIGALRM. */
static inline void deadline(unsigned int seconds)
{
	alarm(seconds);
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
