/* SPDX-License-Identifier: MIT */
/*
 * The threads that make the calls, and the thread that watches them: it sends
 * a signal to whoever is in one call for longer than PATIENCE, again and
 * again, and gives up after WEDGED. Threads end after a few hundred calls and
 * are replaced. A heartbeat measures for how long a thread that only sleeps
 * did not run.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

#define MSEC 1000000UL
#define LOOK (2 * MSEC)
#define PATIENCE (10 * MSEC)
#define WEDGED (30000 * MSEC)
#define BEAT (5 * MSEC)
#define MAX_WORKERS 32
#define MOST_CALLS 800 /* of one thread */

static struct worker workers[MAX_WORKERS];
static unsigned int nr_workers;
static atomic_long budget; /* calls of this round that are left */
static unsigned long nr_threads; /* started so far */
static uint64_t started, longest_gap;
static atomic_ulong beats;

static void sleep_ns(uint64_t ns)
{
	nanosleep(&(struct timespec){ ns / 1000000000, ns % 1000000000 }, NULL);
}

static void *work(void *arg)
{
	me = arg;
	atomic_store(&me->tid, (int)syscall(SYS_gettid));
	renew_arena();
	while (me->calls-- && atomic_fetch_sub(&budget, 1) > 0) {
		if (me->torn || !below(64))
			renew_arena();
		if (!below(40))
			open_some();
		if (!below(1000))
			sys(SYS_close_range, FIRST_FD, ~0U, 0);
		if (below(2))
			random_call();
		else
			random_deed();
	}
	sys(SYS_munmap, (long)me->arena, ARENA_SIZE);
	atomic_store(&me->ended, true);
	return NULL;
}

static bool start_worker(unsigned int i)
{
	struct worker *w = &workers[i];

	memset(w, 0, sizeof(*w));
	w->arena = (uint8_t *)0x21000000UL + 2 * (size_t)ARENA_SIZE * i;
	w->state = rnd() | 1;
	w->calls = 50 + below(MOST_CALLS);
	w->ended = pthread_create(&w->thread, NULL, work, w) != 0;
	if (w->ended)
		return false;
	nr_threads++;
	return true;
}

static void print_record(const struct record *r, bool in_call)
{
	printf("  %ld(%#lx, %#lx, %#lx, %#lx, %#lx, %#lx)", r->a[0], r->a[1],
	       r->a[2], r->a[3], r->a[4], r->a[5], r->a[6]);
	if (in_call)
		printf(" ...\n");
	else
		printf(" = %ld\n", r->ret);
}

static void print_workers(void)
{
	for (unsigned int i = 0; i < nr_workers; i++) {
		struct worker *w = &workers[i];
		unsigned int n = w->nr < RING ? 0 : w->nr - RING;

		printf("thread %d, %u calls, of which the last:\n", w->tid,
		       w->nr);
		for (; n < w->nr; n++)
			print_record(&w->ring[n % RING],
				     n + 1 == w->nr && w->since);
	}
}

/* Whether the thread is still to be waited for with good hope. */
static bool bring_out(struct worker *w)
{
	uint64_t since = atomic_load(&w->since), now = now_ns();
	const struct record *r = &w->ring[(w->nr - 1) % RING];
	unsigned long nr = r->a[0];

	if (!since || now < since + PATIENCE)
		return true;
	if (!atomic_exchange(&w->kicked, true))
		atomic_fetch_add(
			&tallies[nr < NR_CALLS ? nr : NR_CALLS - 1].kicked, 1);
	syscall(SYS_tgkill, getpid(), w->tid, SIGUSR2);
	if (now < since + WEDGED)
		return true;
	printf("\nwedged: thread %d does not come out of\n", w->tid);
	print_record(r, true);
	print_workers();
	return false;
}

/* Ended threads are joined, and others take their places. */
static bool watch_workers(unsigned int *running)
{
	for (unsigned int i = 0; i < nr_workers; i++) {
		struct worker *w = &workers[i];

		if (w->thread && !w->ended) {
			if (!bring_out(w))
				return false;
			continue;
		}
		if (w->thread) {
			pthread_join(w->thread, NULL);
			w->thread = NULL;
			--*running;
		}
		if (atomic_load(&budget) > 0 && start_worker(i))
			++*running;
	}
	return true;
}

static void say_beat(void)
{
	static uint64_t said;
	uint64_t now = now_ns();

	if (now < said + 10000 * MSEC)
		return;
	said = now;
	printf("beat: %lu s, %lu threads so far, %lu beats, longest gap %lu us\n",
	       (now - started) / 1000000000, nr_threads, beats,
	       longest_gap / 1000);
	fflush(stdout);
}

bool storm(unsigned int threads, unsigned long calls, unsigned long seconds)
{
	unsigned int running = 0;

	nr_workers = threads < MAX_WORKERS ? threads : MAX_WORKERS;
	atomic_store(&budget, (long)calls);
	do {
		if (!watch_workers(&running))
			return false;
		say_beat();
		sleep_ns(LOOK);
	} while (running || atomic_load(&budget) > 0);
	return true;
}

static void *beat(void *unused)
{
	uint64_t last = now_ns(), now;

	for (;; last = now) {
		sleep_ns(BEAT);
		now = now_ns();
		atomic_fetch_add(&beats, 1);
		if (now - last > longest_gap + BEAT)
			longest_gap = now - last - BEAT;
	}
	return NULL;
}

void watch_start(void)
{
	pthread_t thread;

	started = now_ns();
	if (pthread_create(&thread, NULL, beat, NULL)) {
		printf("fuzz: no thread for the heartbeat\n");
		exit(1);
	}
}

/* One line a system call: "call NR CALLS ERRORS KICKED INTERRUPTED". */
void watch_report(void)
{
	unsigned long calls = 0, errors = 0, kicked = 0;

	for (unsigned int i = 0; i < NR_CALLS; i++) {
		struct tally *t = &tallies[i];

		calls += t->calls;
		errors += t->errors;
		kicked += t->kicked;
		if (t->calls && threaded)
			printf("call %u %lu %lu %lu %lu\n", i, t->calls,
			       t->errors, t->kicked, t->interrupted);
	}
	printf("\nfuzz: %lu calls, %lu failed, %lu brought out, %lu threads, "
	       "longest gap %lu us\n",
	       calls, errors, kicked, nr_threads, longest_gap / 1000);
}

static void *sleep_for_ever(void *arg)
{
	static int word;
	struct epoll_event event;
	int fds[2];

	pipe(fds);
	switch ((long)arg % 6) {
	case 0:
		return (void *)syscall(SYS_pause);
	case 1:
		return (void *)read(fds[0], &event, 1);
	case 2:
		return (void *)syscall(SYS_futex, &word, 0, 0, NULL);
	case 3:
		return (void *)syscall(SYS_poll, NULL, 0, -1);
	case 4:
		return (void *)(long)epoll_wait(epoll_create1(0), &event, 1,
						-1);
	}
	sleep_ns(UINT64_MAX / 2);
	return NULL;
}

void leave_sleepers(unsigned int threads)
{
	pthread_t thread;

	for (unsigned long i = 0; i < threads; i++)
		pthread_create(&thread, NULL, sleep_for_ever, (void *)i);
	sleep_ns(50 * MSEC);
}
