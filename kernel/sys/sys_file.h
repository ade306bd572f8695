/* SPDX-License-Identifier: MIT */
/*
 * Looking up and installing descriptors of ring 3, for all calls.
 */
#ifndef KERNEL_SYS_SYS_FILE_H
#define KERNEL_SYS_SYS_FILE_H

#include <linux/fcntl.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/fs/fdtable.h"
#include "kernel/fs/file.h"
#include "kernel/task/process.h"
#include "kernel/task/thread.h"

static inline struct fdtable *sys_files(void)
{
	return the_process()->files;
}

uint64_t sys_nofile(void); /* RLIMIT_NOFILE */

/* Borrowed until the caller sleeps; NULL also for O_PATH. */
static inline struct file *sys_file(int fd)
{
	struct file *file = fd_lookup(sys_files(), fd);

	return file && !(file->f_flags & O_PATH) ? file : NULL;
}

/* The same with a reference. */
static inline struct file *sys_fget(int fd)
{
	struct file *file = sys_file(fd);

	return file ? get_file(file) : NULL;
}

/*
 * Installs a new file (consumed; an ERR_PTR is passed on) at the lowest free
 * number.
 */
long sys_fd_install(struct file *file, uint32_t flags);

#endif
