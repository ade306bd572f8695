/* SPDX-License-Identifier: MIT */
/*
 * From an inode to an open file. Thread context; nothing here sleeps.
 */
#ifndef KERNEL_FS_OPEN_H
#define KERNEL_FS_OPEN_H

#include "kernel/base.h"

struct file;
struct inode;

/* open(2), O_* flags: a file with one reference, or ERR_PTR. */
struct file *vfs_open(struct inode *start, const char *path, uint32_t flags);
/*
 * access(2): mode of R_OK 4, W_OK 2, X_OK 1. 0, -EROFS, -EACCES. Only the
 * permissions of a socket's node, which the application sets, are checked.
 */
int inode_access(const struct inode *inode, int mode);

#endif
