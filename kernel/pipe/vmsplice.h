/* SPDX-License-Identifier: MIT */
/*
 * vmsplice(2). Thread context; sleeps. flags: SPLICE_F_*. Bytes or -errno.
 */
#ifndef KERNEL_PIPE_VMSPLICE_H
#define KERNEL_PIPE_VMSPLICE_H

#include <sys/types.h>
#include "kernel/base.h"

struct file;
struct iov_iter;
struct mm;

/* An application's memory goes by reference; iter has its addresses. */
ssize_t do_vmsplice(struct file *file, struct mm *mm, struct iov_iter *iter,
		    unsigned int flags);

#endif
