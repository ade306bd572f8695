/* SPDX-License-Identifier: MIT */
/* unit: kernel/task/wait.c */
/*
 * Wait queues, with threads that are only a state: schedule() here plays the
 * rest of the machine, a waker that runs whenever the test lets it.
 */
#include "kernel/task/wait.h"

#include <errno.h>
#include <string.h>

#include "kernel/task/thread.h"
#include "lib/tap.h"

static struct thread threads[8];
static struct thread *self = &threads[0];
static int nr_scheduled;
static bool has_signal;
static void (*meanwhile)(void); /* what runs while current is away */

struct thread *get_current(void)
{
	return self;
}

void set_current_state(enum thread_state state)
{
	self->state = state;
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

/* As the real one: softirqs first, then the state decides. */
void schedule(void)
{
	nr_scheduled++;
	if (meanwhile)
		meanwhile();
}

bool schedule_until(uint64_t deadline)
{
	schedule();
	if (self->state == THREAD_SLEEPING) {
		self->state = THREAD_RUNNABLE; /* the alarm woke it */
		return deadline != UINT64_MAX;
	}
	return false;
}

static struct wait_queue_head queue;
static int order[16], nr_called;

struct probe {
	struct wait_queue_entry entry;
	int id;
	int result;
	bool unlinks;
	uint32_t key;
};

static int probe_func(struct wait_queue_entry *wq_entry, uint32_t key)
{
	struct probe *p = container_of(wq_entry, struct probe, entry);

	order[nr_called++] = p->id;
	p->key = key;
	if (p->unlinks)
		list_del_init(&wq_entry->entry);
	return p->result;
}

static struct probe probes[6];

static void reset(void)
{
	init_waitqueue_head(&queue);
	memset(probes, 0, sizeof(probes));
	for (size_t i = 0; i < ARRAY_SIZE(probes); i++) {
		probes[i].entry.func = probe_func;
		INIT_LIST_HEAD(&probes[i].entry.entry);
		probes[i].id = i;
		probes[i].result = 1;
	}
	nr_called = 0;
	nr_scheduled = 0;
	has_signal = false;
	meanwhile = NULL;
}

static void test_walk(void)
{
	reset();
	ok(!waitqueue_active(&queue), "wait: an empty queue is not active");
	add_wait_queue_exclusive(&queue, &probes[3].entry);
	add_wait_queue_exclusive(&queue, &probes[4].entry);
	add_wait_queue(&queue, &probes[0].entry);
	add_wait_queue(&queue, &probes[1].entry);
	wake_up_poll(&queue, 0x41);
	ok(nr_called == 3 && order[0] == 1 && order[1] == 0 && order[2] == 3,
	   "wait: all non-exclusive, latest first, then one exclusive");
	is(probes[1].key, 0x41, "wait: the key reaches the function");

	nr_called = 0;
	wake_up_all(&queue);
	is(nr_called, 4, "wait: wake_up_all() calls every one");

	nr_called = 0;
	probes[3].result = 0;
	wake_up(&queue);
	is(nr_called, 4, "wait: an exclusive one that woke nobody counts not");

	nr_called = 0;
	probes[0].result = -1;
	wake_up_all(&queue);
	is(nr_called, 2, "wait: a negative result ends the walk");
}

static void test_unlink(void)
{
	reset();
	for (int i = 0; i < 5; i++) {
		probes[i].unlinks = i != 2;
		add_wait_queue(&queue, &probes[i].entry);
	}
	wake_up_all(&queue);
	is(nr_called, 5, "wait: entries may unlink themselves in the walk");
	ok(queue.head.next == &probes[2].entry.entry &&
		   queue.head.prev == &probes[2].entry.entry,
	   "wait: the one that did not is left");
	remove_wait_queue(&queue, &probes[2].entry);
	ok(!waitqueue_active(&queue), "wait: removed");
	remove_wait_queue(&queue, &probes[2].entry);
	ok(!waitqueue_active(&queue), "wait: removing twice does no harm");
}

static bool condition;

static void set_and_wake(void)
{
	condition = true;
	wake_up(&queue);
}

static void wake_for_nothing(void)
{
	wake_up(&queue);
	if (nr_scheduled == 3)
		condition = true;
}

static void send_signal_to_it(void)
{
	has_signal = true;
	wake_up_thread(self);
}

static void test_event(void)
{
	reset();
	condition = true;
	is(wait_event_until(&queue, condition, UINT64_MAX), 0,
	   "wait_event: a condition that holds needs no sleep");
	is(nr_scheduled, 0, "wait_event: ... and schedule() was not called");
	is(self->state, THREAD_RUNNABLE, "wait_event: ... runnable");
	ok(!waitqueue_active(&queue), "wait_event: ... on no queue");

	condition = false;
	meanwhile = set_and_wake;
	is(wait_event_until(&queue, condition, UINT64_MAX), 0,
	   "wait_event: woken when it holds");
	is(nr_scheduled, 1, "wait_event: ... after one sleep");
	ok(!waitqueue_active(&queue), "wait_event: ... on no queue");

	reset();
	condition = false;
	meanwhile = wake_for_nothing;
	is(wait_event_until(&queue, condition, UINT64_MAX), 0,
	   "wait_event: a wake-up for nothing sleeps again");
	is(nr_scheduled, 3, "wait_event: ... until it holds");

	reset();
	condition = false;
	is(wait_event_until(&queue, condition, 1000), -ETIMEDOUT,
	   "wait_event: -ETIMEDOUT behind the deadline");
	meanwhile = set_and_wake;
	is(wait_event_until(&queue, condition, 1000), 0,
	   "wait_event: not when it held in time");

	reset();
	condition = false;
	meanwhile = send_signal_to_it;
	is(wait_event_until(&queue, condition, UINT64_MAX), -EINTR,
	   "wait_event: -EINTR for a signal");
	is(self->state, THREAD_RUNNABLE, "wait_event: ... runnable");
	ok(!waitqueue_active(&queue), "wait_event: ... on no queue");
}

/* The waker runs between the test of the condition and schedule(). */
static bool wakes_behind_the_test(void)
{
	static int asked;

	if (asked++ == 0) {
		set_and_wake();
		return false; /* what the waiter saw just before */
	}
	return condition;
}

static void test_race(void)
{
	reset();
	condition = false;
	is(wait_event_until(&queue, wakes_behind_the_test(), UINT64_MAX), 0,
	   "wait_event: no wake-up is lost between test and sleep");
	is(nr_scheduled, 1, "wait_event: schedule() returned at once");
}

/* A default entry on two sleeping threads: exclusive wakes one. */
static void test_threads(void)
{
	struct wait_queue_entry e[3];

	reset();
	for (int i = 0; i < 3; i++) {
		self = &threads[i];
		init_wait(&e[i]);
		prepare_to_wait_exclusive(&queue, &e[i]);
	}
	wake_up(&queue);
	ok(threads[0].state == THREAD_RUNNABLE &&
		   threads[1].state == THREAD_SLEEPING,
	   "wait: one exclusive wake-up, the longest waiter");
	wake_up(&queue);
	ok(threads[1].state == THREAD_RUNNABLE &&
		   threads[2].state == THREAD_SLEEPING,
	   "wait: the next one wakes the next, for the first left the queue");
	self = &threads[0];
	prepare_to_wait(&queue, &e[0]);
	prepare_to_wait(&queue, &e[0]);
	finish_wait(&queue, &e[0]);
	self = &threads[2];
	finish_wait(&queue, &e[2]);
	ok(!waitqueue_active(&queue), "wait: preparing twice queues once");
	self = &threads[0];
}

int main(void)
{
	test_walk();
	test_unlink();
	test_event();
	test_race();
	test_threads();
	return done_testing();
}
