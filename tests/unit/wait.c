/* SPDX-License-Identifier: MIT */
/* unit: kernel/task/wait.c */
/*
 * Wait queues, with threads that are only a state: schedule() here plays the
 * rest of the machine, a waker that runs whenever the test lets it.
 */
#include "kernel/task/signal.h"
#include "kernel/task/wait.h"

#include <errno.h>
#include <string.h>

#include "kernel/printk.h"
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
	is(wait_event_until(&queue, condition, UINT64_MAX), -ERESTARTSYS,
	   "wait_event: -ERESTARTSYS for a signal");
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
	is(nr_scheduled, 0, "wait_event: the condition is looked at again");
}

/* ---- Attempts ------------------------------------------------------------ */

static int nr_attempts, nr_resched, nr_reports;
static int says[4]; /* what the attempts return; the last one ever after */
static void (*in_attempt)(void); /* runs in the middle of each */

void cond_resched(void)
{
	if (self->state != THREAD_RUNNABLE)
		bail_out("cond_resched() in state %d", self->state);
	nr_resched++;
}

void printk(enum log_level level, const char *fmt, ...)
{
	nr_reports++;
}

static int attempt(void)
{
	int n = MIN(nr_attempts, (int)ARRAY_SIZE(says) - 1);

	if (self->state != THREAD_RUNNABLE)
		bail_out("an attempt in state %d", self->state);
	nr_attempts++;
	if (in_attempt)
		in_attempt();
	return says[n];
}

static void attempts(int a, int b, int c, int d)
{
	reset();
	says[0] = a;
	says[1] = b;
	says[2] = c;
	says[3] = d;
	nr_attempts = nr_resched = 0;
	in_attempt = NULL;
}

static void wake_it(void)
{
	wake_up(&queue);
}

static void wake_and_signal(void)
{
	wake_up(&queue);
	has_signal = true;
}

static void nothing_comes(void)
{
}

static void signal_unseen(void)
{
	has_signal = true;
}

static void test_attempt(void)
{
	attempts(7, 0, 0, 0);
	is(wait_attempt(&queue, attempt(), UINT64_MAX), 7,
	   "attempt: what it returns is the result");
	ok(nr_attempts == 1 && !nr_scheduled && !waitqueue_active(&queue),
	   "attempt: ... the first, without a sleep");

	attempts(-EAGAIN, -EAGAIN, -EAGAIN, -EAGAIN);
	is(wait_attempt(&queue, attempt(), 0), -EAGAIN,
	   "attempt: without a wait its -EAGAIN is the caller's");
	ok(nr_attempts == 1 && !nr_scheduled, "attempt: ... after one");
	has_signal = true;
	is(wait_attempt(&queue, attempt(), 0), -EAGAIN,
	   "attempt: ... whatever signals there are");

	attempts(-EAGAIN, -EAGAIN, -EAGAIN, 5);
	meanwhile = wake_it;
	is(wait_attempt(&queue, attempt(), UINT64_MAX), 5,
	   "attempt: -EAGAIN sleeps until it is woken");
	is(nr_scheduled, 2, "attempt: ... each time but the first");
	ok(!waitqueue_active(&queue), "attempt: ... and leaves the queue");

	attempts(-EAGAIN, -EAGAIN, -EPIPE, 0);
	meanwhile = wake_and_signal;
	is(wait_attempt(&queue, attempt(), UINT64_MAX), -EPIPE,
	   "attempt: its end comes before a signal");

	attempts(-EAGAIN, -EAGAIN, -EAGAIN, 0);
	meanwhile = wake_and_signal;
	is(wait_attempt(&queue, attempt(), UINT64_MAX), -ERESTARTSYS,
	   "attempt: a signal ends one that makes no progress");

	attempts(-EAGAIN, -EAGAIN, 3, 0);
	meanwhile = nothing_comes;
	is(wait_attempt(&queue, attempt(), 1000), 3,
	   "attempt: it is made once more behind the deadline");
	attempts(-EAGAIN, -EAGAIN, -EAGAIN, 3);
	is(wait_attempt(&queue, attempt(), 1000), -EAGAIN,
	   "attempt: ... and then -EAGAIN is the result");
	attempts(-EAGAIN, -EAGAIN, -EAGAIN, 3);
	meanwhile = signal_unseen;
	is(wait_attempt(&queue, attempt(), 1000), -EAGAIN,
	   "attempt: ... though a signal came as late as that");
}

static void wake_once(void)
{
	in_attempt = NULL;
	wake_up(&queue);
}

/* Woken while the thread is in the middle of an attempt that will fail. */
static void test_attempt_race(void)
{
	attempts(-EAGAIN, -EAGAIN, 1, 0);
	in_attempt = wake_once;
	is(wait_attempt(&queue, attempt(), UINT64_MAX), 1,
	   "attempt: no wake-up is lost before it is queued");

	attempts(-EAGAIN, -EAGAIN, -EAGAIN, 1);
	nr_attempts = 1; /* as if the first had been */
	in_attempt = wake_it;
	is(wait_attempt(&queue, attempt(), UINT64_MAX), 1,
	   "attempt: ... nor in the middle of one");
	is(nr_scheduled, 0, "attempt: ... it did not sleep");
	is(nr_resched, 1, "attempt: ... but let others run");
}

static void test_tripwire(void)
{
	attempts(-EAGAIN, -EAGAIN, -EAGAIN, -EAGAIN);
	wait_counts = (struct wait_counts){ 0 };
	nr_reports = 0;
	in_attempt = wake_it;
	meanwhile = nothing_comes; /* only the tick ends a sleep */
	is(wait_attempt(&queue, nr_attempts > 2000 ? 1 : attempt(), UINT64_MAX),
	   1, "tripwire: woken 2,000 times in vain");
	is(nr_resched, 1000, "tripwire: the first thousand let others run");
	is(nr_scheduled, 1000, "tripwire: ... and the rest sleep");
	is(wait_counts.tripped, 1000, "tripwire: ... which is counted");
	is(wait_counts.in_vain, 1999, "tripwire: ... as all of them are");
	is(nr_reports, 1, "tripwire: ... and logged once");
}

/* Two threads that are in the middle of an attempt each. */
static void test_exclusive(void)
{
	struct waiting w[2];

	reset();
	for (int i = 0; i < 2; i++) {
		w[i].is_queued = false;
		self = &threads[i];
		waiting_sleep(&w[i], &queue, UINT64_MAX, WQ_FLAG_EXCLUSIVE);
	}
	self = &threads[0];
	wake_up(&queue);
	ok(w[0].is_woken && !w[1].is_woken,
	   "exclusive: a wake-up is for the longest waiter");
	wake_up(&queue);
	ok(w[1].is_woken, "exclusive: the next one for the next");
	w[1].is_woken = false; /* it looks again, and finds nothing */
	waiting_end(&w[0]);
	ok(w[1].is_woken,
	   "exclusive: who ends without using a wake-up passes it on");
	w[1].is_woken = false;
	waiting_end(&w[1]);
	ok(!waitqueue_active(&queue), "exclusive: all have left");
}

/* A default entry on two sleeping threads: exclusive wakes one. */
static void test_threads(void)
{
	struct wait_queue_entry e[3];

	reset();
	for (int i = 0; i < 3; i++) {
		self = &threads[i];
		init_wait(&e[i]);
		add_wait_queue_exclusive(&queue, &e[i]);
		set_current_state(THREAD_SLEEPING);
	}
	wake_up(&queue);
	ok(threads[0].state == THREAD_RUNNABLE &&
		   threads[1].state == THREAD_SLEEPING,
	   "wait: one exclusive wake-up, the longest waiter");
	wake_up(&queue);
	ok(threads[1].state == THREAD_RUNNABLE &&
		   threads[2].state == THREAD_SLEEPING,
	   "wait: the next one is for the next that sleeps");
	set_current_state(THREAD_RUNNABLE);
	self = &threads[0];
}

int main(void)
{
	test_walk();
	test_unlink();
	test_event();
	test_race();
	test_threads();
	test_attempt();
	test_attempt_race();
	test_tripwire();
	test_exclusive();
	return done_testing();
}
