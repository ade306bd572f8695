/* SPDX-License-Identifier: MIT */
/*
 * Wait queues. Owns nothing: entries live on their waiters' stacks or in
 * epitems. Entered by threads that wait and by any code that wakes them,
 * softirqs included.
 *
 * Why no wake-up is lost. A waiter and its waker share one CPU, and the
 * kernel is not preempted, so the waker runs only where the waiter lets others
 * run: in schedule(), in softirqs, in a fault or a cond_resched() of the
 * attempt.
 *
 *	waiter					waker
 *	------					-----
 *	entry on the queue
 *    again:
 *	is_woken = false
 *	attempt				    (1)	  makes the attempt possible
 *	    -EAGAIN				  wake_up():
 *	state = SLEEPING		    (2)	    entry on the queue?
 *	if (is_woken)				      is_woken = true
 *	    state = RUNNABLE			      state SLEEPING?
 *	else schedule():		    (3)		  -> RUNNABLE, and on
 *	    do_softirq()				     the run queue
 *	    state still SLEEPING?
 *	        another thread runs
 *	goto again
 *
 * The waker changes the data that the attempt tests before it walks the queue,
 * and the entry is on the queue before the attempt. So an attempt that does not
 * see the change is followed by a walk that finds the entry. At (1), during the
 * attempt or before the state is SLEEPING, the walk finds a runnable thread,
 * and is_woken stays set for the test. From (2) on it makes the thread
 * runnable, whether the thread has left the CPU or is still in schedule()'s
 * do_softirq(): schedule() tests the state after that. is_woken is cleared
 * before an attempt and never after one.
 *
 * A wait that is woken and makes no progress. A thread that is woken again and
 * again during its own attempts would keep the CPU. So cond_resched() runs
 * between two attempts, and more than SPINS_MAX of them without a sleep are a
 * bug of the kernel: logged once, with its place, and each further attempt
 * waits for a tick.
 */
#include "kernel/task/wait.h"

#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/task/clock.h"
#include "kernel/task/signal.h"
#include "kernel/task/thread.h"

#define SPINS_MAX 1000
#define TICK_NS (2 * NSEC_PER_MSEC)

struct wait_counts wait_counts;

int default_wake_function(struct wait_queue_entry *wq_entry, uint32_t key)
{
	struct thread *thread = wq_entry->private;

	if (thread->state != THREAD_SLEEPING)
		return 0;
	wake_up_thread(thread);
	return 1;
}

void init_wait(struct wait_queue_entry *wq_entry)
{
	wq_entry->func = default_wake_function;
	wq_entry->private = current;
	wq_entry->flags = 0;
	INIT_LIST_HEAD(&wq_entry->entry);
}

void add_wait_queue(struct wait_queue_head *wq, struct wait_queue_entry *e)
{
	e->flags &= ~WQ_FLAG_EXCLUSIVE;
	list_add(&e->entry, &wq->head);
}

void add_wait_queue_exclusive(struct wait_queue_head *wq,
			      struct wait_queue_entry *e)
{
	e->flags |= WQ_FLAG_EXCLUSIVE;
	list_add_tail(&e->entry, &wq->head);
}

void remove_wait_queue(struct wait_queue_head *wq, struct wait_queue_entry *e)
{
	list_del_init(&e->entry);
}

/*
 * An entry's function may unlink that entry, so the next one is taken before
 * the call. It may also wake other queues (a nested epoll), never this one.
 */
void __wake_up(struct wait_queue_head *wq, int nr_exclusive, uint32_t key)
{
	struct wait_queue_entry *e, *next;

	list_for_each_entry_safe(e, next, &wq->head, entry) {
		uint32_t flags = e->flags;
		int woken = e->func(e, key);

		if (woken < 0)
			break;
		if (woken && (flags & WQ_FLAG_EXCLUSIVE) && !--nr_exclusive)
			break;
	}
}

/* ---- Attempts ------------------------------------------------------------ */

/* Takes one wake-up per attempt; further ones go to other waiters. */
static int waiting_wake(struct wait_queue_entry *e, uint32_t key)
{
	struct waiting *w = container_of(e, struct waiting, entry);

	if (w->is_woken)
		return 0;
	w->is_woken = true;
	wake_up_thread(w->thread);
	return 1;
}

static void waiting_queue(struct waiting *w, struct wait_queue_head *wq,
			  uint32_t flags)
{
	*w = (struct waiting){
		.entry = { .func = waiting_wake, .flags = flags },
		.wq = wq,
		.thread = current,
		.is_queued = true,
	};
	if (flags & WQ_FLAG_EXCLUSIVE)
		add_wait_queue_exclusive(w->wq, &w->entry);
	else
		add_wait_queue(w->wq, &w->entry);
}

static void trip(struct waiting *w)
{
	if (!wait_counts.tripped++) {
		pr_err("wait: %s is woken without end and makes no progress",
		       current->comm);
		backtrace_dump((uintptr_t)__builtin_return_address(0),
			       (uintptr_t)__builtin_frame_address(0));
	}
	set_current_state(THREAD_SLEEPING);
	schedule_until(ktime_get_ns() + TICK_NS);
}

/* Woken during the attempt: it is made again without a sleep. */
static void waiting_spin(struct waiting *w)
{
	set_current_state(THREAD_RUNNABLE);
	if (++w->nr_spins > SPINS_MAX)
		trip(w);
	else
		cond_resched();
}

int waiting_sleep(struct waiting *w, struct wait_queue_head *wq,
		  uint64_t deadline, uint32_t flags)
{
	if (!deadline)
		return -EAGAIN;
	if (!w->is_queued) {
		waiting_queue(w, wq, flags);
		return 0;
	}
	wait_counts.in_vain += w->was_woken;
	if (w->is_late)
		return -EAGAIN;
	if (signal_pending())
		return -ERESTARTSYS;
	set_current_state(THREAD_SLEEPING);
	if (w->is_woken) {
		waiting_spin(w);
	} else {
		w->nr_spins = 0;
		w->is_late = schedule_until(deadline);
	}
	w->was_woken = w->is_woken;
	w->is_woken = false;
	return 0;
}

/* Gives an exclusive wake-up that came too late to the next waiter. */
static void pass_on(struct wait_queue_head *wq)
{
	struct wait_queue_entry *e, *next;

	list_for_each_entry_safe(e, next, &wq->head, entry) {
		if ((e->flags & WQ_FLAG_EXCLUSIVE) && e->func(e, 0))
			break;
	}
}

void waiting_end(struct waiting *w)
{
	list_del(&w->entry.entry);
	if (w->is_woken && (w->entry.flags & WQ_FLAG_EXCLUSIVE))
		pass_on(w->wq);
}
