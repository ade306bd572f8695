/* SPDX-License-Identifier: MIT */
/*
 * A counter as a file: eventfd(2). Thread context.
 */
#ifndef KERNEL_EVENT_EVENTFD_H
#define KERNEL_EVENT_EVENTFD_H

#include "kernel/base.h"

struct file;

#define EFD_SEMAPHORE 1 /* each read takes 1 */

/* flags: EFD_SEMAPHORE, O_NONBLOCK. NULL: file_alloc_error(). */
struct file *eventfd_create(uint32_t count, uint32_t flags);

#endif
