/* SPDX-License-Identifier: MIT */
/*
 * clone(2) as pthread_create() uses it.
 */
#ifndef KERNEL_TASK_CLONE_H
#define KERNEL_TASK_CLONE_H

#include "kernel/base.h"

struct clone_request {
	uint64_t flags; /* CLONE_*, without the exit signal */
	uintptr_t stack; /* 0: the caller's */
	int *parent_tid; /* user addresses */
	int *child_tid;
	uintptr_t tls;
};

/*
 * A new thread that continues where the caller does, with 0 in rax; returns
 * its number. -EINVAL for contradictory flags, -ENOSYS for a new process,
 * -EFAULT, -EAGAIN, -ENOMEM.
 */
long thread_clone(const struct clone_request *args);

#endif
