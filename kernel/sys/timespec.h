/* SPDX-License-Identifier: MIT */
/*
 * Ring 3's times, in nanoseconds.
 */
#ifndef KERNEL_SYS_TIMESPEC_H
#define KERNEL_SYS_TIMESPEC_H

#include <errno.h>
#include <linux/time_types.h>

#include "kernel/base.h"
#include "kernel/mm/uaccess.h"
#include "kernel/task/clock.h"

#define FOREVER UINT64_MAX

/* Linux's KTIME_MAX: anything later is for ever. */
#define FAR_AWAY BIT(63)

/* -EINVAL as on Linux; else *ns is below FAR_AWAY, or FOREVER. */
static inline int timespec_to_ns(const struct __kernel_timespec *ts,
				 uint64_t *ns)
{
	if (ts->tv_sec < 0 || ts->tv_nsec < 0 ||
	    ts->tv_nsec >= (long long)NSEC_PER_SEC)
		return -EINVAL;
	if ((uint64_t)ts->tv_sec >= FAR_AWAY / NSEC_PER_SEC)
		*ns = FOREVER;
	else
		*ns = ts->tv_sec * NSEC_PER_SEC + ts->tv_nsec;
	return 0;
}

/* -EFAULT, -EINVAL. */
static inline int get_timespec(const struct __kernel_timespec *uts,
			       uint64_t *ns)
{
	struct __kernel_timespec ts;

	if (get_user(ts, uts))
		return -EFAULT;
	return timespec_to_ns(&ts, ns);
}

static inline int put_timespec(uint64_t ns, struct __kernel_timespec *uts)
{
	struct __kernel_timespec ts = {
		.tv_sec = ns / NSEC_PER_SEC,
		.tv_nsec = ns % NSEC_PER_SEC,
	};

	return put_user(ts, uts);
}

/* The monotonic time that is ns from now. */
static inline uint64_t deadline_after(uint64_t ns)
{
	uint64_t now = ktime_get_ns();

	return ns >= FAR_AWAY - now ? FOREVER : now + ns;
}

/* A time of day as a moment. */
static inline uint64_t deadline_realtime(uint64_t real)
{
	return real | REAL_TIME;
}

#endif
