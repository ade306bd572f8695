/* SPDX-License-Identifier: MIT */
/*
 * For tests of kernel sources that ASSERT: panic() for the host, which a test
 * may expect, and random numbers from a printed seed. Included once in a
 * program, by the test itself.
 */
#ifndef TESTS_UNIT_LIB_CHECK_H
#define TESTS_UNIT_LIB_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "kernel/base.h"
#include "lib/tap.h"

static jmp_buf panic_jump;
static volatile bool panic_expected;

_Noreturn void panic(const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!panic_expected)
		bail_out("panic: %s", text);
	panic_expected = false;
	longjmp(panic_jump, 1);
}

/* Whether the statement panics. The kernel state it leaves is undefined. */
#define PANICS(statement)                             \
	({                                            \
		bool panicked__ = setjmp(panic_jump); \
		if (!panicked__) {                    \
			panic_expected = true;        \
			statement;                    \
			panic_expected = false;       \
		}                                     \
		panicked__;                           \
	})

static uint64_t random_state;

/* SEED=n in the environment repeats a run. */
static inline void random_seed(void)
{
	const char *seed = getenv("SEED");

	random_state = seed ? strtoull(seed, NULL, 0) :
			      (uint64_t)time(NULL) << 20 | (uint64_t)clock();
	diag("SEED=%llu", (unsigned long long)random_state);
	random_state = random_state * 2 + 1;
}

/* xorshift64*; below n. */
static inline uint64_t random_below(uint64_t n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 0x2545f4914f6cdd1dULL >> 16) % n;
}

#endif /* TESTS_UNIT_LIB_CHECK_H */
