/* SPDX-License-Identifier: MIT */
/*
 * Nodes of sockets: the one thing that the application can put into the tree
 * of names, and take away. Thread context; nothing here sleeps.
 */
#ifndef KERNEL_FS_MKSOCK_H
#define KERNEL_FS_MKSOCK_H

#include "kernel/base.h"

struct inode;

/*
 * A new node (S_IFSOCK, with the permissions mode) at path, with a reference
 * for the caller beside the tree's: -EEXIST, -ENOMEM, and what is wrong with
 * the way there.
 */
int vfs_mksock(struct inode *start, const char *path, uint32_t mode,
	       struct inode **out);
/* Takes a socket's node out of the tree, with the tree's reference. */
void inode_unlink(struct inode *inode);
/* unlink(2): -EROFS for all that is no socket, rmdir(2): and always. */
int vfs_unlink(struct inode *start, const char *path);
int vfs_rmdir(struct inode *start, const char *path);

#endif
