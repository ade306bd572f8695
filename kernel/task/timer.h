/* SPDX-License-Identifier: MIT */
/*
 * One-shot timers, in nanoseconds of the monotonic clock or, with REAL_TIME (see
 * kernel/task/clock.h), of the time of day; the CPU's timer is armed for the
 * first. Functions run in the timer softirq.
 */
#ifndef KERNEL_TASK_TIMER_H
#define KERNEL_TASK_TIMER_H

#include "kernel/base.h"
#include "kernel/lib/rbtree.h"

struct timer {
	struct rb_node node; /* RB_EMPTY_NODE when not pending */
	uint64_t expires;
	void (*func)(struct timer *timer);
};

void timers_init(void);
void timer_setup(struct timer *timer, void (*func)(struct timer *timer));
/* (Re)arms for the absolute time; a time in the past fires soon. */
void timer_start(struct timer *timer, uint64_t expires);
/* True if it was pending. Afterwards its func will not run. */
bool timer_cancel(struct timer *timer);
bool timer_pending(const struct timer *timer);
/* Runs what is due, and arms the CPU's timer for the rest. From the softirq. */
void timers_run(void);
/* The time of day was set: its timers are checked again. */
void timers_clock_was_set(void);
/* Expiry of the first on the monotonic clock, UINT64_MAX if none. */
uint64_t timer_next(void);

#endif
