/* SPDX-License-Identifier: MIT */
/*
 * Softirqs: work that an interrupt handler only marks. They run on the way
 * back to ring 3 from an interrupt, before a thread blocks, and in the idle
 * loop; never nested, never inside a system call's own work.
 */
#ifndef KERNEL_TASK_SOFTIRQ_H
#define KERNEL_TASK_SOFTIRQ_H

#include "kernel/base.h"

enum softirq {
	SOFTIRQ_TIMER,
	SOFTIRQ_NET,
	NR_SOFTIRQS,
};

void softirq_set(enum softirq nr, void (*func)(void));
void raise_softirq(enum softirq nr); /* any context */
/*
 * From a system call, for work that is cheaper in batches: it runs when the
 * thread blocks or after the next interrupt, within half a millisecond.
 */
void raise_softirq_lazily(enum softirq nr);
bool softirq_pending(void);
/*
 * Serves recorded interrupts and runs pending softirqs, also those raised
 * meanwhile, for a few rounds; the rest stays pending. Does nothing when
 * called from a softirq.
 */
void do_softirq(void);
bool in_softirq(void);
/*
 * Whether the time for one call of do_softirq(), a millisecond, is over: a
 * function that can continue later raises its softirq again and returns.
 */
bool softirq_is_long(void);
/* The CPU is idle: ends the network's pause. */
void softirq_end_rest(void);
/*
 * On the way to ring 3: pending softirqs will run on the next exit, which an
 * interrupt causes within half a millisecond.
 */
void softirq_put_off(void);

#endif
