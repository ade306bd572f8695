/* SPDX-License-Identifier: MIT */
/*
 * Pipes: pipe(7). Thread context.
 */
#ifndef KERNEL_PIPE_PIPE_H
#define KERNEL_PIPE_PIPE_H

#include "kernel/base.h"

struct file;

/*
 * ends[0] is the reading end, ends[1] the writing one, with one reference
 * each. flags: O_NONBLOCK, O_DIRECT. -ENOMEM, -ENFILE.
 */
int pipe_create(uint32_t flags, struct file *ends[2]);
bool is_file_pipe(const struct file *file);

/* F_GETPIPE_SZ, F_SETPIPE_SZ: bytes; -EBADF: no pipe. */
long pipe_get_size(const struct file *file);
long pipe_set_size(struct file *file, unsigned long size);

void pipe_init(void);

#endif
