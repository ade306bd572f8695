/* SPDX-License-Identifier: MIT */
/*
 * Calls that change names or attributes. The tree is read-only to the
 * application, except nodes of sockets (kernel/fs/mksock.h): as on Linux,
 * errors in the arguments come first, then -EROFS. Thread context; nothing
 * here sleeps.
 */
#ifndef KERNEL_FS_MODIFY_H
#define KERNEL_FS_MODIFY_H

#include "kernel/base.h"

struct file;
struct inode;

/* Whether the application may change the inode: 0, -EROFS. */
int inode_want_write(const struct inode *inode);
/* The same for an open file; one without a name may be changed. */
int file_want_write(const struct file *file);

/* A new name of any kind: -EEXIST, -EROFS, path_lookup()'s errors. */
int vfs_create(struct inode *start, const char *path);
/* Between two directories: always -EROFS. */
int vfs_rename(const struct inode *from, const struct inode *to);

/*
 * Only a mode is stored: all files have one owner, and times are fixed. 0,
 * -EROFS; inode_truncate() also -EISDIR, -EINVAL.
 */
int inode_chmod(struct inode *inode, uint32_t mode);
int inode_chown(const struct inode *inode);
int inode_set_times(const struct inode *inode);
int inode_truncate(const struct inode *inode);
/* -EINVAL: no regular file can be open for writing. */
int file_truncate(const struct file *file);

#endif
