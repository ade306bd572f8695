/* SPDX-License-Identifier: MIT */
/*
 * Wait queues. Owns nothing: entries live on their waiters' stacks or in
 * epitems. Entered by threads that wait and by any code that wakes them,
 * softirqs included.
 *
 * Why no wake-up is lost. A waiter and its waker share one CPU, and the
 * kernel is not preempted, so the waker runs either wholly before a line of
 * the waiter or wholly after it; the only way in between two lines is a call
 * that lets softirqs run, which is schedule() itself:
 *
 *	waiter					waker
 *	------					-----
 *	prepare_to_wait():
 *	    entry on the queue
 *	    state = SLEEPING
 *						  cond = true
 *	if (cond) break;			  wake_up():
 *						    entry on the queue?
 *	schedule():				      func -> state = RUNNABLE
 *	    do_softirq()  <- a waker may run
 *	    state still SLEEPING?
 *	        another thread runs
 *
 * The waker sets the condition before it walks the queue, the waiter queues
 * itself before it tests the condition. So if the test misses the condition,
 * the waker's walk comes after the test and finds the entry; it marks the
 * waiter RUNNABLE, whether that already left the CPU or is still inside
 * schedule()'s do_softirq(), and schedule() looks at the state after that.
 */
#include "kernel/task/wait.h"

#include "kernel/task/thread.h"

int default_wake_function(struct wait_queue_entry *wq_entry, uint32_t key)
{
	struct thread *thread = wq_entry->private;

	if (thread->state != THREAD_SLEEPING)
		return 0;
	wake_up_thread(thread);
	return 1;
}

int autoremove_wake_function(struct wait_queue_entry *wq_entry, uint32_t key)
{
	int woken = default_wake_function(wq_entry, key);

	if (woken)
		list_del_init(&wq_entry->entry);
	return woken;
}

void init_wait(struct wait_queue_entry *wq_entry)
{
	wq_entry->func = autoremove_wake_function;
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

void prepare_to_wait(struct wait_queue_head *wq, struct wait_queue_entry *e)
{
	if (list_empty(&e->entry))
		add_wait_queue(wq, e);
	set_current_state(THREAD_SLEEPING);
}

void prepare_to_wait_exclusive(struct wait_queue_head *wq,
			       struct wait_queue_entry *e)
{
	if (list_empty(&e->entry))
		add_wait_queue_exclusive(wq, e);
	set_current_state(THREAD_SLEEPING);
}

void finish_wait(struct wait_queue_head *wq, struct wait_queue_entry *e)
{
	set_current_state(THREAD_RUNNABLE);
	if (!list_empty(&e->entry))
		list_del_init(&e->entry);
}
