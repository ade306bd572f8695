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
 * From a system call, for work that gains by waiting for more of its kind: it
 * runs when the thread blocks or an interrupt leads here anyway, and half a
 * millisecond later at the latest.
 */
void raise_softirq_lazily(enum softirq nr);
bool softirq_pending(void);
/*
 * Serves the interrupts that were recorded and runs what is pending, also what
 * is raised meanwhile, up to a few rounds; what is left stays pending. Does
 * nothing when called from a softirq.
 */
void do_softirq(void);
bool in_softirq(void);
/*
 * The millisecond is over that one call of do_softirq() may take: a function
 * that can go on later does so, raised again.
 */
bool softirq_is_long(void);
/* Nobody wants to run: what had its time goes on. */
void softirq_end_rest(void);
/*
 * On the way to ring 3: what is still pending runs on the next way out, which
 * an interrupt brings about in half a millisecond at the latest.
 */
void softirq_put_off(void);

#endif
