/* SPDX-License-Identifier: MIT */
/*
 * A timer as a file: timerfd_create(2). Thread context. Nanoseconds.
 */
#ifndef KERNEL_FS_TIMERFD_H
#define KERNEL_FS_TIMERFD_H

#include "kernel/base.h"

struct file;

struct timerfd_spec {
	int64_t value; /* to or of the next expiration; 0: not armed */
	uint64_t interval; /* 0: once */
};

/* flags: O_NONBLOCK. NULL: file_alloc_error(). */
struct file *timerfd_create(int clockid, uint32_t flags);
bool is_file_timerfd(const struct file *file);
int timerfd_clockid(const struct file *file);

/* What is left until the next expiration, and the interval. */
void timerfd_get(struct file *file, struct timerfd_spec *left);
/*
 * The time of the first expiration on the monotonic clock, and the interval. A
 * time of day may lie before the boot: it is negative then, and every period
 * since is counted. flags, as timerfd_settime(2) got them, are only for show.
 */
void timerfd_set(struct file *file, uint32_t flags,
		 const struct timerfd_spec *first);

#endif
