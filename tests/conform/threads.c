/* SPDX-License-Identifier: MIT */
/*
 * Threads: beginning and end, what is their own and what they share, mutexes
 * and conditions over futexes, and the CPU's fair share.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tap.h"

#define NR 8
#define ROUNDS 5000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static long counter;
static bool ready;
static __thread long own = 5;
static atomic_int stop;
static volatile long spins;

static void *worker(void *arg)
{
	double d = (double)(long)arg, start = d;

	own = (long)arg;
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
		if (i % 100 == 0)
			sched_yield();
		d = d * 2 + 1; /* ... and back: exact in binary */
		d = (d - 1) / 2;
	}
	return own == (long)arg && d == start ? arg : NULL;
}

static void test_many(void)
{
	pthread_t t[NR];
	bool all = true;
	void *result;

	for (long i = 0; i < NR; i++)
		all &= !pthread_create(&t[i], NULL, worker, (void *)(i + 1));
	ok(all, "threads: eight of them");
	for (long i = 0; i < NR; i++) {
		pthread_join(t[i], &result);
		all &= result == (void *)(i + 1);
	}
	ok(all, "threads: each had its own TLS and FPU, and was joined");
	ok(own == 5, "threads: the first one's TLS too");
	ok(counter == NR * ROUNDS, "threads: a mutex excludes");
	ok(syscall(SYS_gettid) == getpid(),
	   "threads: the first tid is the pid");
}

static void *wait_ready(void *arg)
{
	pthread_mutex_lock(&mutex);
	while (!ready)
		pthread_cond_wait(&cond, &mutex);
	pthread_mutex_unlock(&mutex);
	return arg;
}

static void test_condition(void)
{
	struct timespec t;
	pthread_t id[4];
	void *result;
	bool all = true;
	double start;

	for (int i = 0; i < 4; i++)
		pthread_create(&id[i], NULL, wait_ready, &counter);
	usleep(10000);
	pthread_mutex_lock(&mutex);
	ready = true;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&mutex);
	for (int i = 0; i < 4; i++) {
		pthread_join(id[i], &result);
		all &= result == &counter;
	}
	ok(all, "condition: a broadcast wakes all");
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += 30000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	pthread_mutex_lock(&mutex);
	start = now();
	ok(pthread_cond_timedwait(&cond, &mutex, &t) == ETIMEDOUT &&
		   now() - start > 0.025,
	   "condition: timedwait: ETIMEDOUT");
	pthread_mutex_unlock(&mutex);
}

static void *spin(void *arg)
{
	while (!stop)
		spins++;
	return arg;
}

static void test_share(void)
{
	pthread_t id;
	long last = 0;
	int turns = 0;

	pthread_create(&id, NULL, spin, NULL);
	ok(COMES_TRUE_BUSY(({
		   turns += spins != last;
		   last = spins;
		   turns >= 3;
	   })),
	   "share: two threads that compute take turns");
	stop = 1;
	pthread_join(id, NULL);
}

static void *wait_signal(void *arg)
{
	sigset_t *set = arg;
	int sig;

	sigwait(set, &sig);
	return (void *)(long)sig;
}

static void *own_mutex(void *arg)
{
	pthread_mutex_lock(arg);
	return NULL;
}

static void test_ends(void)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t robust;
	pthread_t id;
	sigset_t set;
	void *result;
	bool all = true;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	pthread_create(&id, NULL, wait_signal, &set);
	usleep(5000);
	pthread_kill(id, SIGUSR2);
	pthread_join(id, &result);
	ok((long)result == SIGUSR2, "ends: a signal to one thread, sigwait()");
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&robust, &attr);
	pthread_create(&id, NULL, own_mutex, &robust);
	pthread_join(id, NULL);
	ok(pthread_mutex_lock(&robust) == EOWNERDEAD,
	   "ends: a robust mutex tells that its owner died");
	for (int i = 0; i < 500; i++) {
		all &= !pthread_create(&id, NULL, wait_ready, NULL);
		pthread_join(id, NULL);
	}
	ok(all, "ends: 500 threads one after the other");
}

static void *sleep_on(void *arg)
{
	pause();
	return arg;
}

int main(void)
{
	pthread_t id;

	test_many();
	test_condition();
	test_share();
	test_ends();
	/* Threads that sleep must not keep the process from ending. */
	for (int i = 0; i < 4; i++)
		pthread_create(&id, NULL, sleep_on, NULL);
	usleep(1000);
	return done_testing();
}
