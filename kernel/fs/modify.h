/* SPDX-License-Identifier: MIT */
/*
 * What would change names or attributes. The tree is read-only to the
 * application, but for the nodes of sockets (kernel/fs/mksock.h): what is wrong
 * with the arguments comes first, as on Linux, and then -EROFS. Thread context;
 * nothing here sleeps.
 */
#ifndef KERNEL_FS_MODIFY_H
#define KERNEL_FS_MODIFY_H

#include "kernel/base.h"

struct file;
struct inode;

/* Whether the application may change the inode: 0, -EROFS. */
int inode_want_write(const struct inode *inode);
/* The same of an open file; one without a name may be changed. */
int file_want_write(const struct file *file);

/* A new name of any kind: -EEXIST, -EROFS, what is wrong with the way there. */
int vfs_create(struct inode *start, const char *path);
/* From one directory to another: -EROFS. */
int vfs_rename(const struct inode *from, const struct inode *to);

/*
 * Nothing is stored but a mode: all belongs to one user, and times stand still.
 * 0, -EROFS; inode_truncate() also -EISDIR, -EINVAL.
 */
int inode_chmod(struct inode *inode, uint32_t mode);
int inode_chown(const struct inode *inode);
int inode_set_times(const struct inode *inode);
int inode_truncate(const struct inode *inode);
/* -EINVAL: it takes a regular file open for writing, and there is none. */
int file_truncate(const struct file *file);

#endif
