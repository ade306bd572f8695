/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the fuzzer share. A worker is a thread that makes random
 * system calls, each through call(), which writes down what it does: the
 * watch (watch.c) brings out whom a call holds for long, and shows the last
 * calls of all when it cannot. With one worker there is no watch, and a
 * timer's signal ends what would wait for ever.
 */
#ifndef TESTS_SYSTEM_APPS_FUZZ_FUZZ_H
#define TESTS_SYSTEM_APPS_FUZZ_FUZZ_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARENA_SIZE (64 * 4096)
#define FIRST_FD 3
#define END_FD 64
#define USER_MAX 0x7ffffffff000
#define NR_CALLS 512 /* that are counted by number; others as the last one */
#define RING 16
#define SHARED_SIZE (1 << 20)

struct record {
	long a[7]; /* the number, and six arguments */
	long ret;
};

struct worker {
	uint64_t state; /* of its random numbers */
	uint8_t *arena; /* where most of its pointers lead, ARENA_SIZE */
	bool torn; /* the arena may have holes */
	unsigned int calls; /* still to make */
	/* For the watch. */
	pthread_t thread;
	atomic_int tid; /* 0: does not run yet */
	atomic_bool ended;
	_Atomic uint64_t since; /* in a call since then; 0: in none */
	atomic_bool kicked; /* in this call */
	unsigned int nr; /* of calls so far; the last RING are in ring */
	struct record ring[RING];
	uint64_t words[1024]; /* for the structs of deeds.c */
};

struct tally {
	atomic_ulong calls, errors, kicked, interrupted;
};

extern __thread struct worker *me;
extern struct tally tallies[NR_CALLS];
extern uint8_t *shared; /* SHARED_SIZE bytes, which all workers read and write */
extern bool threaded;

/* main.c */
uint64_t now_ns(void);
uint64_t rnd(void);
uint64_t below(uint64_t n);
long call(const long *a);
/* call() of a number and up to six arguments. */
#define sys(...) call((const long[7]){ __VA_ARGS__ })

/* calls.c: one random call with random arguments. */
void random_call(void);
void renew_arena(void);
long good_pointer(void);
long pointer(void);
long number(void);
long descriptor(void);

/* deeds.c: calls that mean something: most of them wait, or are long. */
void random_deed(void);
/* memory.c */
void long_deed(void);
void forget_contested(void);

/* tame.c: false when this program must not do that to itself. */
bool tame(long *a);

/* things.c: descriptors of every kind, addresses, messages. */
void open_some(void);
void close_all(void);
void help_unix_address(long *a, int at);
void help_inet_address(long *a, int at);
unsigned int unix_type(void);
void help_control(void *msghdr);
void unix_forget(void);
void find_own_address(void);

/* watch.c: threads that make the calls; false when one did not come out. */
bool storm(unsigned int threads, unsigned long calls, unsigned long seconds);
void watch_start(void);
void watch_report(void);
/* Leaves this many threads in calls that wait for ever. */
void leave_sleepers(unsigned int threads);

#endif
