/* SPDX-License-Identifier: MIT */
/*
 * Pending signals as a file: signalfd(2). Thread context.
 */
#ifndef KERNEL_EVENT_SIGNALFD_H
#define KERNEL_EVENT_SIGNALFD_H

#include "kernel/base.h"

struct file;

/*
 * For the signals of mask (bit sig - 1; SIGKILL and SIGSTOP are left out);
 * flags: O_NONBLOCK. NULL: file_alloc_error().
 */
struct file *signalfd_create(uint64_t mask, uint32_t flags);
bool is_file_signalfd(const struct file *file);
/* Changes the mask, also for threads that are waiting. */
void signalfd_set_mask(struct file *file, uint64_t mask);

#endif
