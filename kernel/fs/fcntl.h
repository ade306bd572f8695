/* SPDX-License-Identifier: MIT */
/*
 * fcntl(2) and ioctl(2): what concerns the descriptor or the description is
 * done here, the rest is the file's own. Thread context.
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
/* Who gets the file's signals, a group if negative: -ESRCH, -EINVAL. */
long file_set_owner(struct file *file, int owner);

#endif
