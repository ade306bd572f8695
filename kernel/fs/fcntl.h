/* SPDX-License-Identifier: MIT */
/*
 * fcntl(2) and ioctl(2): what concerns the descriptor or the description;
 * everything else is passed to the file. Thread context.
 */
#ifndef KERNEL_FS_FCNTL_H
#define KERNEL_FS_FCNTL_H

#include "kernel/base.h"

struct fdtable;
struct file;

/* limit: RLIMIT_NOFILE. */
long do_fcntl(struct fdtable *fdt, int fd, unsigned int cmd, unsigned long arg,
	      uint64_t limit);
long do_ioctl(struct fdtable *fdt, int fd, unsigned int cmd, unsigned long arg);
/* Sets the receiver of the file's signals; negative: a group. 0 or -errno. */
long file_set_owner(struct file *file, int owner);

#endif
