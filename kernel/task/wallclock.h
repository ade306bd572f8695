/* SPDX-License-Identifier: MIT */
/*
 * The time of day, from the hypervisor's clock or the RTC.
 */
#ifndef KERNEL_TASK_WALLCLOCK_H
#define KERNEL_TASK_WALLCLOCK_H

#include "kernel/base.h"

/* The real time at boot; without a clock 0, and a line in the log. */
uint64_t wallclock_read_first(void);
/* Once timers run: compares periodically, and corrects. */
void wallclock_start(void);
/* The machine may have been stopped: compares at once. Any context. */
void wallclock_check_soon(void);

/*
 * A reading says that the time is between low and high; during it our clock
 * went from before to after. Returns by how much our clock is slow at least;
 * negative: fast; 0: it may be right.
 */
static inline int64_t wallclock_error(uint64_t low, uint64_t high,
				      uint64_t before, uint64_t after)
{
	if (after < low)
		return (int64_t)(low - after);
	if (before > high)
		return -(int64_t)(before - high);
	return 0;
}

#endif
