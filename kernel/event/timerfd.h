/* SPDX-License-Identifier: MIT */
/*
 * A timer as a file: timerfd_create(2). Thread context. Nanoseconds.
 */
#ifndef KERNEL_EVENT_TIMERFD_H
#define KERNEL_EVENT_TIMERFD_H

#include "kernel/base.h"

struct file;

/* timerfd_settime(2)'s flags, by their values in Linux. */
#define TIMERFD_ABSTIME 1
#define TIMERFD_CANCEL_ON_SET 2

struct timerfd_spec {
	int64_t value; /* time until or of the next expiration; 0: not armed */
	uint64_t interval; /* 0: once */
};

/* flags: O_NONBLOCK. NULL: file_alloc_error(). */
struct file *timerfd_create(int clockid, uint32_t flags);
bool is_file_timerfd(const struct file *file);
int timerfd_clockid(const struct file *file);

/* The time left until the next expiration, and the interval. */
void timerfd_get(struct file *file, struct timerfd_spec *left);
/*
 * first: the time of the first expiration, and the interval. The time is a
 * time of day if the timer has that clock and flags have TIMERFD_ABSTIME, else
 * monotonic. -ECANCELED: the timer is set, but the time of day was set since
 * it was armed with TIMERFD_CANCEL_ON_SET.
 */
int timerfd_set(struct file *file, uint32_t flags,
		const struct timerfd_spec *first);

#endif
