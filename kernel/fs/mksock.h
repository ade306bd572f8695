/* SPDX-License-Identifier: MIT */
/*
 * Nodes of sockets: the only names that the application can add to the tree
 * and remove from it. Thread context; nothing here sleeps.
 */
#ifndef KERNEL_FS_MKSOCK_H
#define KERNEL_FS_MKSOCK_H

#include "kernel/base.h"

struct inode;

/*
 * A new node (S_IFSOCK, permissions mode) at path, with a reference for the
 * caller besides the tree's: 0, -EEXIST, -ENOMEM, path_lookup()'s errors.
 */
int vfs_mksock(struct inode *start, const char *path, uint32_t mode,
	       struct inode **out);
/* Removes a socket's node from the tree, and drops the tree's reference. */
void inode_unlink(struct inode *inode);
/* unlink(2): -EROFS for all but sockets; rmdir(2): always an error. */
int vfs_unlink(struct inode *start, const char *path);
int vfs_rmdir(struct inode *start, const char *path);

#endif
