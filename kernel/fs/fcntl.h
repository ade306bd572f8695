/* SPDX-License-Identifier: MIT */
/*
 * fcntl(2) and ioctl(2): what concerns the descriptor or the description is
 * done here, the rest is the file's own. Thread context.
 */
#ifndef KERNEL_FS_FCNTL_H
#define KERNEL_FS_FCNTL_H

#include "kernel/base.h"

struct fdtable;

/* limit: RLIMIT_NOFILE. */
long do_fcntl(struct fdtable *fdt, int fd, unsigned int cmd, unsigned long arg,
	      uint64_t limit);
long do_ioctl(struct fdtable *fdt, int fd, unsigned int cmd, unsigned long arg);

#endif
