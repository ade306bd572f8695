/* SPDX-License-Identifier: MIT */
/* Waiters, timers and signals by the thousand. */
#include "latency.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>

#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define FUTEX_REQUEUE 3

#define SLEEPERS 2000

static int futexes[2];
static volatile int asleep;

static void *sleeper(void *arg)
{
	__sync_fetch_and_add(&asleep, 1);
	syscall(SYS_futex, &futexes[0], FUTEX_WAIT, 0, NULL, NULL, 0);
	return arg;
}

void waiters(void)
{
	static pthread_t threads[SLEEPERS];
	pthread_attr_t attr;
	int i;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 16 * KIB);
	for (i = 0; i < SLEEPERS; i++)
		if (pthread_create(&threads[i], &attr, sleeper, NULL))
			break;
	while (asleep < i)
		sched_yield();
	MEASURE("futex/requeue", syscall(SYS_futex, &futexes[0], FUTEX_REQUEUE,
					 0, SLEEPERS, &futexes[1], 0));
	MEASURE("futex/wake", syscall(SYS_futex, &futexes[1], FUTEX_WAKE,
				      SLEEPERS, NULL, NULL, 0));
	while (i--)
		pthread_join(threads[i], NULL);
}

#define TIMERS 10000

void timers(void)
{
	struct itimerspec at = { { 0, 0 }, { 0, 0 } };
	struct timespec now;
	static int fds[TIMERS];
	int i;

	clock_gettime(CLOCK_MONOTONIC, &now);
	at.it_value.tv_sec = now.tv_sec + 1;
	for (i = 0; i < TIMERS; i++) {
		fds[i] = timerfd_create(CLOCK_MONOTONIC, 0);
		need(fds[i] >= 0, "timerfd");
		timerfd_settime(fds[i], TFD_TIMER_ABSTIME, &at, NULL);
	}
	begin();
	usleep(1100000);
	end("timers/fire", 0);
	for (i = 0; i < TIMERS; i++)
		close(fds[i]);
}

/* They are blocked in all threads. */
void signals(void)
{
	sigset_t all;
	int i;

	sigfillset(&all);
	for (i = 0; i < 2000; i++)
		kill(getpid(), SIGRTMIN + i % 30);
	MEASURE("signals/take", sigwaitinfo(&all, NULL));
	while (sigtimedwait(&all, NULL, &(struct timespec){ 0, 0 }) > 0)
		;
}
