/* SPDX-License-Identifier: MIT */
/*
 * Starts more threads than there are numbers of threads: one after the other,
 * while some stay; then as many at a time as the machine lets it. Started with
 * sysctl.kernel.pid_max=400. Prints what it counted.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PID_MAX 400
#define STAY 3
#define TURNS 3000
#define MANY 200

static pthread_mutex_t stop = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t told;

static int gettid_(void)
{
	return syscall(SYS_gettid);
}

static void *tell(void *tid)
{
	*(int *)tid = gettid_();
	return NULL;
}

static void *stay(void *tid)
{
	tell(tid);
	pthread_barrier_wait(&told);
	pthread_mutex_lock(&stop);
	pthread_mutex_unlock(&stop);
	return NULL;
}

static int start(pthread_t *thread, void *(*run)(void *), int *tid)
{
	pthread_attr_t small;
	int err;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 16384);
	err = pthread_create(thread, &small, run, tid);
	pthread_attr_destroy(&small);
	return err;
}

static int start_staying(pthread_t *thread, int *tid)
{
	int err;

	err = start(thread, stay, tid);
	if (!err)
		pthread_barrier_wait(&told);
	return err;
}

static int is_one_of(int tid, const int *tids, int nr)
{
	for (int i = 0; i < nr; i++)
		if (tids[i] == tid)
			return 1;
	return 0;
}

static void one_after_the_other(const int *staying)
{
	int wrong = 0, turns = 0, failed = 0, last = 0, tid;
	pthread_t thread;

	for (int i = 0; i < TURNS; i++) {
		if (start(&thread, tell, &tid)) {
			failed++;
			continue;
		}
		pthread_join(thread, NULL);
		wrong += is_one_of(tid, staying, STAY) || tid >= PID_MAX ||
			 tid <= 1 || (turns && tid < 300);
		turns += tid < last;
		last = tid;
	}
	printf("in turn: %d failed, %d wrong, %s\n", failed, wrong,
	       turns >= TURNS / 100 - 4 ? "all used again" : "too few turns");
}

static void all_at_once(void)
{
	static pthread_t threads[MANY];
	static int tids[MANY];
	int nr = 0, found = 0, err;

	while (nr < MANY && !(err = start_staying(&threads[nr], &tids[nr])))
		nr++;
	for (int i = 0; i < nr; i++)
		found += !syscall(SYS_tgkill, getpid(), tids[i], 0);
	printf("at once: %d, %d found, then %s\n", nr, found,
	       err == EAGAIN ? "EAGAIN" : "another end");
	pthread_mutex_unlock(&stop);
	while (nr)
		pthread_join(threads[--nr], NULL);
	pthread_mutex_lock(&stop);
	err = start(&threads[0], tell, &tids[0]);
	if (!err)
		pthread_join(threads[0], NULL);
	printf("afterwards: %s\n", err ? "none" : "one more");
}

int main(void)
{
	pthread_t staying[STAY];
	int tids[STAY], max = 0;
	FILE *f = fopen("/proc/sys/kernel/pid_max", "r");

	if (f && fscanf(f, "%d", &max) == 1)
		printf("pid_max: %d\n", max);
	pthread_barrier_init(&told, NULL, 2);
	pthread_mutex_lock(&stop);
	for (int i = 0; i < STAY; i++)
		if (start_staying(&staying[i], &tids[i]))
			return 1;
	one_after_the_other(tids);
	all_at_once();
	return 0;
}
