/* SPDX-License-Identifier: MIT */
/*
 * The time of day, as the machine tells it: by the hypervisor's clock, or by
 * the RTC.
 */
#ifndef KERNEL_TASK_WALLCLOCK_H
#define KERNEL_TASK_WALLCLOCK_H

#include "kernel/base.h"

/* The real time at boot; 0 and a line in the log where nothing tells it. */
uint64_t wallclock_read_first(void);
/* Once timers run: compares again and again, and corrects. */
void wallclock_start(void);
/* The machine may have stood still: compares at once. Any context. */
void wallclock_check_soon(void);

/*
 * A reading says that the time is between low and high; meanwhile our clock
 * went from before to after. How much it is slow by at least, negative: fast;
 * 0 when it may be right.
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
