/* SPDX-License-Identifier: MIT */
/*
 * sendfile(2). Thread context; sleeps. Offsets are kernel memory, NULL: the
 * file's own position. Bytes or -errno.
 */
#ifndef KERNEL_PIPE_SENDFILE_H
#define KERNEL_PIPE_SENDFILE_H

#include <sys/types.h>
#include "kernel/base.h"

struct file;

/* out NULL: a bad descriptor, which is reported after errors of in. */
ssize_t do_sendfile(struct file *in, int64_t *off_in, struct file *out,
		    size_t len);

#endif
