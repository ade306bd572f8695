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

#include <errno.h>

#include "kernel/base.h"
#include "kernel/lib/list.h"
#include "kernel/task/restart.h"
#include "kernel/task/sched.h"

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

/* At the head; latest added is called first. */
void add_wait_queue(struct wait_queue_head *wq, struct wait_queue_entry *e);
/* At the tail, with WQ_FLAG_EXCLUSIVE. */
void add_wait_queue_exclusive(struct wait_queue_head *wq,
			      struct wait_queue_entry *e);
void remove_wait_queue(struct wait_queue_head *wq, struct wait_queue_entry *e);

/* Calls every entry, and at most nr_exclusive exclusive ones (0: all). */
void __wake_up(struct wait_queue_head *wq, int nr_exclusive, uint32_t key);

/* Inline because the queue is mostly empty. */
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
 * Waits by attempts: the attempt is the call's action, tried once. -EAGAIN
 * means that nothing was changed and that the queue will be woken when another
 * attempt makes sense. Any other result, success or error, ends the wait. So a
 * wait cannot end while its action would still fail, and none spins.
 *
 * The attempt runs in a runnable thread whose entry is queued already: it may
 * copy to ring 3, fault or cond_resched(); wait.c says why no wake-up is lost.
 * The order is Linux's: the attempt with its errors, then the deadline, then
 * signals.
 *
 * Returns what the attempt returned; -EAGAIN once deadline (a moment, see
 * kernel/task/clock.h; 0: do not wait, UINT64_MAX: never) has passed, -ERESTARTSYS
 * when a signal is pending. The attempt is evaluated repeatedly.
 */
#define wait_attempt(wq, attempt, deadline) \
	__wait_attempt(wq, attempt, deadline, 0)
/*
 * The same, where a wake-up wakes one waiter: the one that waits longest. A
 * wake-up that comes too late for this thread goes to the next one.
 */
#define wait_attempt_exclusive(wq, attempt, deadline) \
	__wait_attempt(wq, attempt, deadline, WQ_FLAG_EXCLUSIVE)

#define __wait_attempt(queue, attempt, until, mode)                         \
	({                                                                  \
		struct waiting __w UNINITIALIZED; /* until it is queued */  \
		long __ret;                                                 \
		__w.is_queued = false;                                      \
		do                                                          \
			__ret = (attempt);                                  \
		while (__ret == -EAGAIN &&                                  \
		       !(__ret = waiting_sleep(&__w, queue, until, mode))); \
		if (__w.is_queued)                                          \
			waiting_end(&__w);                                  \
		__ret;                                                      \
	})

struct waiting {
	struct wait_queue_entry entry;
	struct wait_queue_head *wq;
	struct thread *thread;
	unsigned int nr_spins; /* retries since it last gave the CPU away */
	bool is_queued;
	bool is_woken; /* since the last attempt began */
	bool was_woken; /* is_woken of the attempt before */
	bool is_late; /* the deadline has passed */
};

/*
 * After an attempt that returned -EAGAIN: 0: make it again, else the
 * end of the wait, -EAGAIN or -ERESTARTSYS. The first call queues w, of which only
 * is_queued need be set; flags: WQ_FLAG_*.
 */
int waiting_sleep(struct waiting *w, struct wait_queue_head *wq,
		  uint64_t deadline, uint32_t flags);
void waiting_end(struct waiting *w);

/* Shown in /proc/net/pollux. */
struct wait_counts {
	uint64_t in_vain; /* woken, and the attempt was still -EAGAIN */
	uint64_t tripped; /* more than SPINS_MAX without a sleep: made to sleep */
};

extern struct wait_counts wait_counts;

/*
 * Waits until cond is true; only the caller may make it false again, so that
 * it still holds afterwards. 0, -ETIMEDOUT, -ERESTARTSYS.
 */
#define wait_event_until(wq, cond, deadline)                                  \
	({                                                                    \
		int __err = wait_attempt(wq, (cond) ? 0 : -EAGAIN, deadline); \
		__err == -EAGAIN ? -ETIMEDOUT : __err;                        \
	})

#endif
