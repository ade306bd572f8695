/* SPDX-License-Identifier: MIT */
/*
 * For the conformance programs with threads: starting one so that it sleeps in
 * its system call when the starter goes on, also on a machine that is busy.
 */
#ifndef TESTS_CONFORM_SETTLE_H
#define TESTS_CONFORM_SETTLE_H

#include <pthread.h>
#include <stdatomic.h>

#include "events.h"

/* Microseconds in which a thread that runs comes to sleep. */
#define SETTLE 30000

static struct {
	void *(*run)(void *);
	void *arg;
	atomic_bool runs;
} settling;

static inline void *settle_run(void *unused)
{
	void *(*run)(void *) = settling.run;
	void *arg = settling.arg;

	(void)unused;
	atomic_store(&settling.runs, true);
	return run(arg);
}

static inline pthread_t start_thread(void *(*run)(void *), void *arg)
{
	pthread_t thread;

	settling.run = run;
	settling.arg = arg;
	atomic_store(&settling.runs, false);
	errno = pthread_create(&thread, NULL, settle_run, NULL);
	must(errno ? -1 : 0, "pthread_create");
	while (!atomic_load(&settling.runs))
		usleep(1000);
	usleep(SETTLE);
	return thread;
}

/* What the thread's function returned. */
static inline long join(pthread_t thread)
{
	void *result;

	pthread_join(thread, &result);
	return (long)result;
}

#endif
