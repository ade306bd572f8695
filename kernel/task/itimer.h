/* SPDX-License-Identifier: MIT */
/*
 * The interval timer of the process, setitimer(2): ITIMER_REAL only.
 */
#ifndef KERNEL_TASK_ITIMER_H
#define KERNEL_TASK_ITIMER_H

#include <stdint.h>

/* Nanoseconds: until it fires (0: off), and from then on (0: once). */
struct itimer_setting {
	uint64_t value;
	uint64_t interval;
};

/* new NULL: only reads. -EINVAL for the other clocks. */
int itimer_set(int which, const struct itimer_setting *new,
	       struct itimer_setting *old);
/* The process ends. */
void itimer_stop(void);

#endif
