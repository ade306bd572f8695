/* SPDX-License-Identifier: MIT */
/*
 * The simulator: hosts on one wire, in one thread, in virtual time. All that
 * happens follows from a seed. Times are nanoseconds since the beginning.
 *
 *	main.c		seeds, one process for each; what they add up to
 *	shrink.c	less and less of what fails, until it does not fail
 *	plan.c		what a seed stands for: hosts, traffic, faults
 *	world.c		the clock, events in their order, one run
 *	hosts.c		copies of the machine, system calls
 *	wire.c		frames between hosts, and what happens to them
 *	router.c	what is longer than the wire takes
 *	faults.c	beginnings and ends of faults
 *	stream.c	bytes of a connection, as both ends know them
 *	servers.c, clients.c	the programs
 *	watch.c		nobody sleeps who has something to do
 *	judge.c		what must hold at each step and at the end
 *	history.c	what happened last
 */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USEC 1000ULL
#define MSEC (1000 * USEC)
#define SEC (1000 * MSEC)
#define MINUTE (60 * SEC)
#define HOUR (60 * MINUTE)
#define NEVER UINT64_MAX

#define HOSTS_MAX 50

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* ---- Random numbers: random.c -------------------------------------------- */

/* A stream of its own for each who draws: what one draws moves no other. */
struct rng {
	uint64_t state;
};

void rng_init(struct rng *r, uint64_t seed, uint64_t who);
uint64_t rng_u64(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n); /* n > 0 */
uint64_t rng_range(struct rng *r, uint64_t from, uint64_t to); /* both too */
bool rng_chance(struct rng *r, unsigned int n, unsigned int of);
/* From 1 to n, each order of magnitude as likely as the others. */
uint64_t rng_log(struct rng *r, uint64_t n);

/* ---- The clock: world.c -------------------------------------------------- */

extern uint64_t now;

/* fn(arg) at a time, in the order of the calls where that is the same. */
void at(uint64_t time, void (*fn)(void *arg), void *arg);

/* ---- Failures ------------------------------------------------------------ */

/* Reports, with the history, and ends the process. */
_Noreturn void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
