/* SPDX-License-Identifier: MIT */
/*
 * TAP for the unit tests: each test is one program that states behaviour, one
 * line an assertion, and ends with `return done_testing();`.
 *
 * A deadline is set before main(): a test that hangs bails out after
 * TAP_DEADLINE seconds of CPU time. tap_deadline() moves it.
 */
#ifndef TESTS_UNIT_LIB_TAP_H
#define TESTS_UNIT_LIB_TAP_H

#include <stdbool.h>
#include <stddef.h>

#define TAP_DEADLINE 60

#define TAP_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Says beforehand how many assertions follow. Optional: done_testing() counts
 * when it was not called.
 */
void plan(unsigned int count);

/* One assertion. Returns COND, so that a caller can stop after a failure. */
bool ok(bool cond, const char *name, ...) TAP_PRINTF(2, 3);

/* Equality; a failure prints both sides. Unsigned and enum values convert. */
bool is(long long got, long long want, const char *name, ...) TAP_PRINTF(3, 4);
bool is_ptr(const void *got, const void *want, const char *name, ...)
	TAP_PRINTF(3, 4);
bool is_str(const char *got, const char *want, const char *name, ...)
	TAP_PRINTF(3, 4);
bool is_mem(const void *got, const void *want, size_t len, const char *name,
	    ...) TAP_PRINTF(4, 5);

/* An assertion that cannot be made here, with the reason. */
void skip(const char *reason, ...) TAP_PRINTF(1, 2);

/* A comment line for the reader of a failure: seeds, states. */
void diag(const char *fmt, ...) TAP_PRINTF(1, 2);

/* Ends the whole run: nothing after this would mean anything. */
_Noreturn void bail_out(const char *fmt, ...) TAP_PRINTF(1, 2);

/* Seconds from now until the test bails out by itself. */
void tap_deadline(unsigned int seconds);

/*
 * For a test that is random: usual, or SEED=n of the environment. It is printed
 * as tools/run-test looks for it.
 */
unsigned int tap_seed(unsigned int usual);

/* Bails out when there is something that a check found: kernel/check.h. */
void must_hold(const char *broken);

/* Prints the plan if there was none. Returns main()'s status: 0 when every
 * assertion held and the plan was kept.
 */
int done_testing(void);

#endif /* TESTS_UNIT_LIB_TAP_H */
