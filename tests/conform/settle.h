/* SPDX-License-Identifier: MIT */
/*
 * For the conformance programs with threads: starting one so that it sleeps in
 * its system call when the starter goes on, also on a machine that is busy.
 */
#ifndef TESTS_CONFORM_SETTLE_H
#define TESTS_CONFORM_SETTLE_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "events.h"

/* Microseconds in which a thread that runs comes to sleep. */
#define SETTLE 30000
#define SETTLE_MOST 5000 /* milliseconds, of a thread that never sleeps */

static struct {
	void *(*run)(void *);
	void *arg;
	atomic_int tid; /* 0: it does not run yet */
} settling;

static inline void *settle_run(void *unused)
{
	void *(*run)(void *) = settling.run;
	void *arg = settling.arg;

	(void)unused;
	atomic_store(&settling.tid, (int)syscall(SYS_gettid));
	return run(arg);
}

/*
 * The thread sleeps, or is gone. On a busy machine one that runs may be without
 * a CPU for long; where /proc does not tell, SETTLE must do.
 */
static inline bool sleeps(int tid)
{
	char text[256], *state;
	int fd;

	snprintf(text, sizeof(text), "/proc/self/task/%d/stat", tid);
	fd = open(text, O_RDONLY);
	if (fd < 0)
		return true;
	memset(text, 0, sizeof(text));
	state = read(fd, text, sizeof(text) - 1) > 0 ? strrchr(text, ')') :
						       NULL;
	close(fd);
	return !state || state[2] == 'S';
}

static inline pthread_t start_thread(void *(*run)(void *), void *arg)
{
	pthread_t thread;

	settling.run = run;
	settling.arg = arg;
	atomic_store(&settling.tid, 0);
	errno = pthread_create(&thread, NULL, settle_run, NULL);
	must(errno ? -1 : 0, "pthread_create");
	while (!atomic_load(&settling.tid))
		usleep(1000);
	usleep(SETTLE);
	for (int ms = 0; !sleeps(settling.tid) && ms < SETTLE_MOST; ms++)
		usleep(1000);
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
