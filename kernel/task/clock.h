/* SPDX-License-Identifier: MIT */
/*
 * Clocks on the calibrated time stamp counter. Nanoseconds.
 *
 * A moment is a time of the monotonic clock or, with the bit REAL_TIME, a time
 * of day, which setting that clock brings nearer or puts off. UINT64_MAX is
 * never. 63 bits last to the year 2262.
 */
#ifndef KERNEL_TASK_CLOCK_H
#define KERNEL_TASK_CLOCK_H

#include "kernel/base.h"

struct vdso_data;

/* Calibrates the TSC and the APIC timer; reads the RTC for the epoch. */
void clock_init(void);
/*
 * Once timers run: measures the TSC's rate again over longer windows, and
 * compares the time of day with the machine's.
 */
void clock_timers_start(void);
uint64_t ktime_get_ns(void); /* CLOCK_MONOTONIC: since boot, never back */
uint64_t ktime_get_real_ns(void); /* CLOCK_REALTIME: since 1970 UTC */

#define REAL_TIME BIT(63)
/* A moment on the monotonic clock; a time of day before the boot is 0. */
uint64_t ktime_of(uint64_t moment);
/* A monotonic time as a time of day, with REAL_TIME. */
uint64_t real_of(uint64_t ns);

/*
 * Moves the time of day by ns: timers on it expire by the new time, and
 * registered functions are called. Thread or softirq.
 */
void clock_step(int64_t ns);
void clock_on_set(void (*fn)(void));
/* From now on both clocks run faster by this many ppm, up to CLOCK_SLEW_MAX. */
#define CLOCK_SLEW_MAX 500
void clock_slew(int ppm);

/*
 * Busy waits. Before clock_init() one TSC count is taken for a nanosecond. Any
 * context.
 */
void delay_ns(uint64_t ns);
/* Writes the clocks' parameters to data, now and at each change. */
void clock_share(struct vdso_data *data);
/* The TSC's rate in Hz, for the log. */
uint64_t tsc_hz(void);

#endif
