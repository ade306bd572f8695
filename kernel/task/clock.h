/* SPDX-License-Identifier: MIT */
/*
 * Clocks on the calibrated time stamp counter. Nanoseconds.
 */
#ifndef KERNEL_TASK_CLOCK_H
#define KERNEL_TASK_CLOCK_H

#include <stdint.h>

struct vdso_data;

/* Calibrates the TSC and the APIC timer; reads the RTC for the epoch. */
void clock_init(void);
/* Once timers run: measures the TSC's rate again over longer windows. */
void clock_refine_start(void);
uint64_t ktime_get_ns(void); /* CLOCK_MONOTONIC: since boot, never back */
uint64_t ktime_get_real_ns(void); /* CLOCK_REALTIME: since 1970 UTC */
/*
 * Busy for so long, whatever happens. Before clock_init() a count of the TSC
 * is taken for a nanosecond. Any context.
 */
void delay_ns(uint64_t ns);
/* Writes what the clocks are made of to data, now and at each change. */
void clock_share(struct vdso_data *data);
/* The TSC's rate in Hz, for the log. */
uint64_t tsc_hz(void);

#endif
