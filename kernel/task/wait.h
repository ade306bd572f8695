/* SPDX-License-Identifier: MIT */
/*
 * Wait queues: a list of entries, each with a function that a wake-up calls.
 * A wake-up only marks threads runnable (or links an epitem as ready); it
 * never runs the woken code, so it may be called from deep inside the stack.
 * One CPU, no kernel preemption, and no interrupt's handler amid kernel code
 * (kernel/x86/irq.h): the queue needs no lock, and any context may wake.
 */
#ifndef KERNEL_TASK_WAIT_H
#define KERNEL_TASK_WAIT_H

#include "kernel/base.h"
#include "kernel/list.h"

struct thread;
struct wait_queue_entry;

/*
 * Called by a wake-up; key carries the poll mask (0: unknown, all). Returns
 * > 0 when it woke somebody (counts against nr of an exclusive wake-up), 0
 * when not, < 0 to stop the walk. May unlink its own entry, no other.
 */
typedef int (*wait_queue_func)(struct wait_queue_entry *wq_entry, uint32_t key);

#define WQ_FLAG_EXCLUSIVE BIT(0)

struct wait_queue_entry {
	wait_queue_func func;
	void *private; /* default_wake_function: the thread */
	uint32_t flags;
	struct list_head entry;
};

struct wait_queue_head {
	struct list_head head; /* non-exclusive first, then exclusive */
};

static inline void init_waitqueue_head(struct wait_queue_head *wq)
{
	INIT_LIST_HEAD(&wq->head);
}

static inline bool waitqueue_active(const struct wait_queue_head *wq)
{
	return !list_empty(&wq->head);
}

/* An entry that wakes the calling thread. */
void init_wait(struct wait_queue_entry *wq_entry);
int default_wake_function(struct wait_queue_entry *wq_entry, uint32_t key);
/* As default, and takes the entry off its queue. */
int autoremove_wake_function(struct wait_queue_entry *wq_entry, uint32_t key);

/* At the head; latest added is called first. */
void add_wait_queue(struct wait_queue_head *wq, struct wait_queue_entry *e);
/* At the tail, with WQ_FLAG_EXCLUSIVE. */
void add_wait_queue_exclusive(struct wait_queue_head *wq,
			      struct wait_queue_entry *e);
void remove_wait_queue(struct wait_queue_head *wq, struct wait_queue_entry *e);

/* Calls every entry, and at most nr_exclusive exclusive ones (0: all). */
void __wake_up(struct wait_queue_head *wq, int nr_exclusive, uint32_t key);

/* Mostly nobody waits. */
static inline void wake_up_poll(struct wait_queue_head *wq, uint32_t mask)
{
	if (waitqueue_active(wq))
		__wake_up(wq, 1, mask);
}

static inline void wake_up(struct wait_queue_head *wq)
{
	wake_up_poll(wq, 0);
}

static inline void wake_up_all(struct wait_queue_head *wq)
{
	if (waitqueue_active(wq))
		__wake_up(wq, 0, 0);
}

/*
 * prepare_to_wait() queues the entry if it is not queued yet and marks the
 * thread as sleeping; the caller then tests its condition and calls
 * schedule() or schedule_until(); finish_wait() undoes both. A wake-up
 * between the two marks the thread runnable again, so schedule() returns at
 * once: no wake-up is lost.
 */
void prepare_to_wait(struct wait_queue_head *wq, struct wait_queue_entry *e);
void prepare_to_wait_exclusive(struct wait_queue_head *wq,
			       struct wait_queue_entry *e);
void finish_wait(struct wait_queue_head *wq, struct wait_queue_entry *e);

/*
 * Sleeps until cond holds: 0, -ETIMEDOUT when deadline (absolute monotonic
 * nanoseconds, UINT64_MAX: never) passed first, -EINTR when a signal wants
 * the thread. cond is evaluated often.
 */
#define wait_event_until(wq, cond, deadline) \
	__wait_event(wq, cond, deadline, prepare_to_wait)
/* The same, for whom one wake-up is enough: the longest waiter is first. */
#define wait_event_exclusive(wq, cond, deadline) \
	__wait_event(wq, cond, deadline, prepare_to_wait_exclusive)

#define __wait_event(wq, cond, deadline, prepare)                  \
	({                                                         \
		struct wait_queue_entry __we;                      \
		int __ret = 0;                                     \
		init_wait(&__we);                                  \
		for (;;) {                                         \
			prepare((wq), &__we);                      \
			if (cond)                                  \
				break;                             \
			if (signal_pending()) {                    \
				__ret = -EINTR;                    \
				break;                             \
			}                                          \
			if (schedule_until(deadline) && !(cond)) { \
				__ret = -ETIMEDOUT;                \
				break;                             \
			}                                          \
		}                                                  \
		finish_wait((wq), &__we);                          \
		__ret;                                             \
	})

/*
 * In kernel/task/sched.c. schedule() gives the CPU away; it runs pending
 * softirqs first. schedule_until() is schedule() with an alarm: returns true
 * when the deadline was reached (also when it already was).
 */
void schedule(void);
bool schedule_until(uint64_t deadline);
bool signal_pending(void);

#endif
