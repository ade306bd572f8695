/* SPDX-License-Identifier: MIT */
/* unit: kernel/task/futex.c */
/*
 * futex(2) with waiters that are threads of the host which pass a baton, so
 * one runs at a time: the real futex_wait() blocks and is woken.
 */
#include "kernel/task/futex.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/mm/uaccess.h"
#include "kernel/task/signal.h"
#include "kernel/task/thread.h"
#include "kernel/task/wait.h"
#include "lib/tap.h"

#define NR 6

struct sleeper {
	struct thread thread;
	pthread_t host;
	sem_t baton;
	uint32_t *word;
	uint32_t val, bitset;
	int result;
	bool started, done, timed_out;
};

static struct process process;
static struct thread main_thread = { .process = &process };
static struct sleeper sleepers[NR], *running;
static sem_t main_baton;
static uint32_t words[64];
static bool has_signal;

struct thread *get_current(void)
{
	return running ? &running->thread : &main_thread;
}

void set_current_state(enum thread_state state)
{
	get_current()->state = state;
}

void wake_up_thread(struct thread *thread)
{
	if (thread->state == THREAD_SLEEPING)
		thread->state = THREAD_RUNNABLE;
}

bool signal_pending(void)
{
	return has_signal;
}

bool schedule_until(uint64_t deadline)
{
	struct sleeper *self = running;

	running = NULL;
	sem_post(&main_baton);
	sem_wait(&self->baton);
	return self->timed_out;
}

bool access_ok(const void *addr, size_t len)
{
	return (uintptr_t)addr >= 4096;
}

size_t copy_from_user(void *to, const void *from, size_t n)
{
	memcpy(to, from, n);
	return 0;
}

size_t copy_to_user(void *to, const void *from, size_t n)
{
	memcpy(to, from, n);
	return 0;
}

static void *sleeper_main(void *arg)
{
	struct sleeper *self = arg;

	sem_wait(&self->baton);
	self->result = futex_wait((uintptr_t)self->word, false, self->val,
				  self->bitset, UINT64_MAX);
	self->done = true;
	running = NULL;
	sem_post(&main_baton);
	return NULL;
}

static void resume(struct sleeper *s)
{
	running = s;
	sem_post(&s->baton);
	sem_wait(&main_baton);
}

static void sleeper_join(struct sleeper *s)
{
	if (!s->started)
		return;
	pthread_join(s->host, NULL);
	sem_destroy(&s->baton);
	s->started = false;
}

static void sleeper_start(int i, uint32_t *word, uint32_t bitset)
{
	struct sleeper *s = &sleepers[i];

	sleeper_join(s);
	memset(s, 0, sizeof(*s));
	s->thread.process = &process;
	s->word = word;
	s->val = *word;
	s->bitset = bitset;
	s->started = true;
	sem_init(&s->baton, 0, 0);
	pthread_create(&s->host, NULL, sleeper_main, s);
	resume(s);
}

/* Lets everybody run who was woken; which of them came back, as bits. */
static unsigned int woken(void)
{
	unsigned int set = 0;

	for (int i = 0; i < NR; i++) {
		struct sleeper *s = &sleepers[i];

		if (!s->started || s->done)
			continue;
		if (s->thread.state == THREAD_RUNNABLE)
			resume(s);
		if (s->done)
			set |= 1U << i;
	}
	return set;
}

static uintptr_t at(uint32_t *word)
{
	return (uintptr_t)word;
}

static void test_wait_wake(void)
{
	words[0] = 7;
	is(futex_wait(at(&words[0]), false, 8, FUTEX_ANY, UINT64_MAX), -EAGAIN,
	   "futex: another value than expected: -EAGAIN");
	is(futex_wait(at(&words[0]) + 1, false, 7, FUTEX_ANY, UINT64_MAX),
	   -EINVAL, "futex: an address that is not aligned: -EINVAL");
	is(futex_wait(16, false, 7, FUTEX_ANY, UINT64_MAX), -EFAULT,
	   "futex: a bad address: -EFAULT");
	is(futex_wait(at(&words[0]), false, 7, 0, UINT64_MAX), -EINVAL,
	   "futex: an empty bitset: -EINVAL");
	is(futex_wake(at(&words[0]), false, 1, FUTEX_ANY), 0,
	   "futex: nobody to wake: 0");

	for (int i = 0; i < 4; i++)
		sleeper_start(i, &words[0], FUTEX_ANY);
	sleeper_start(4, &words[1], FUTEX_ANY);
	is(woken(), 0, "futex: waiters sleep");
	is(futex_wake(at(&words[0]), false, 2, FUTEX_ANY), 2,
	   "futex: wakes two");
	is(woken(), 3, "futex: ... the two that waited longest");
	is(sleepers[0].result, 0, "futex: ... with 0");
	is(futex_wake(at(&words[0]), false, 1000, FUTEX_ANY), 2,
	   "futex: wakes the rest, of its word only");
	is(woken(), 0xc, "futex: ... both");
	futex_wake(at(&words[1]), false, 1, FUTEX_ANY);
	is(woken(), 0x10, "futex: the other word's");
}

static void test_bitset(void)
{
	sleeper_start(0, &words[2], 1);
	sleeper_start(1, &words[2], 2);
	sleeper_start(2, &words[2], 3);
	is(futex_wake(at(&words[2]), false, 9, 2), 2, "futex: bitset chooses");
	is(woken(), 6, "futex: ... those that share a bit");
	futex_wake(at(&words[2]), false, 9, FUTEX_ANY);
	is(woken(), 1, "futex: any bit wakes the other");
}

static void test_ends(void)
{
	sleeper_start(0, &words[3], FUTEX_ANY);
	sleepers[0].timed_out = true;
	sleepers[0].thread.state = THREAD_RUNNABLE;
	woken();
	is(sleepers[0].result, -ETIMEDOUT, "futex: -ETIMEDOUT");
	is(futex_wake(at(&words[3]), false, 1, FUTEX_ANY), 0,
	   "futex: ... and it waits no longer");

	sleeper_start(0, &words[3], FUTEX_ANY);
	has_signal = true;
	sleepers[0].thread.state = THREAD_RUNNABLE;
	woken();
	has_signal = false;
	is(sleepers[0].result, -ERESTARTSYS, "futex: a signal: -ERESTARTSYS");

	sleeper_start(0, &words[3], FUTEX_ANY);
	futex_wake(at(&words[3]), false, 1, FUTEX_ANY);
	sleepers[0].timed_out = true;
	woken();
	is(sleepers[0].result, 0, "futex: woken and timed out at once: woken");
}

static void test_requeue(void)
{
	uint32_t cmp = 1;

	words[4] = 0;
	for (int i = 0; i < 5; i++)
		sleeper_start(i, &words[4], FUTEX_ANY);
	is(futex_requeue(at(&words[4]), false, 1, 2, at(&words[5]), &cmp),
	   -EAGAIN, "futex: requeue compares");
	cmp = 0;
	is(futex_requeue(at(&words[4]), false, 1, 2, at(&words[5]), &cmp), 3,
	   "futex: requeue: one woken, two moved");
	is(woken(), 1, "futex: ... the first is awake");
	is(futex_wake(at(&words[5]), false, 9, FUTEX_ANY), 2,
	   "futex: ... two wait at the other word");
	is(woken(), 6, "futex: ... the next two");
	is(futex_wake(at(&words[4]), false, 9, FUTEX_ANY), 2,
	   "futex: ... the rest where they were");
	is(woken(), 0x18, "futex: ... all woken");
}

static void test_wake_op(void)
{
	uint32_t op = FUTEX_OP(FUTEX_OP_ADD, 5, FUTEX_OP_CMP_GT, 9);

	words[6] = 10;
	sleeper_start(0, &words[7], FUTEX_ANY);
	sleeper_start(1, &words[6], FUTEX_ANY);
	is(futex_wake_op(at(&words[7]), false, 1, 1, at(&words[6]), op), 2,
	   "futex: wake_op wakes both when the comparison holds");
	is(words[6], 15, "futex: ... and did the operation");
	is(woken(), 3, "futex: ... both awake");
	op = FUTEX_OP((FUTEX_OP_SET | 8U), 3, FUTEX_OP_CMP_EQ, 0);
	is(futex_wake_op(at(&words[7]), false, 1, 1, at(&words[6]), op), 0,
	   "futex: wake_op with nobody there");
	is(words[6], 8, "futex: ... the argument as a shift");
	op = FUTEX_OP(FUTEX_OP_ADD, -1, FUTEX_OP_CMP_EQ, 0);
	futex_wake_op(at(&words[7]), false, 1, 1, at(&words[6]), op);
	is(words[6], 7, "futex: ... a negative one");
	op = 15U << 24;
	is(futex_wake_op(at(&words[7]), false, 1, 1, at(&words[6]), op),
	   -ENOSYS, "futex: an unknown comparison: -ENOSYS");
}

int main(void)
{
	sem_init(&main_baton, 0, 0);
	test_wait_wake();
	test_bitset();
	test_ends();
	test_requeue();
	test_wake_op();
	for (int i = 0; i < NR; i++)
		sleeper_join(&sleepers[i]);
	return done_testing();
}
