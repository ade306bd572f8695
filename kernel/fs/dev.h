/* SPDX-License-Identifier: MIT */
/*
 * /dev: the few devices that programs expect.
 */
#ifndef KERNEL_FS_DEV_H
#define KERNEL_FS_DEV_H

#include <stddef.h>

#include "kernel/fs/file.h"

/* Puts /dev into the tree; after the initramfs, whose names it replaces. */
void dev_init(void);

/*
 * Fills `to` from the generator. May sleep; a signal ends it early, after one
 * page or more. The number of bytes, or -EFAULT.
 */
ssize_t random_read_iter(struct iov_iter *to);

extern const struct file_operations console_fops;

#endif
