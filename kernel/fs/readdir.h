/* SPDX-License-Identifier: MIT */
/*
 * Directories as open files: getdents64(2). Thread context.
 */
#ifndef KERNEL_FS_READDIR_H
#define KERNEL_FS_READDIR_H

#include "kernel/base.h"

struct file_operations;

extern const struct file_operations dir_fops;

#endif
