/* SPDX-License-Identifier: MIT */
/*
 * From a path to an inode: path_resolution(7), and the working directory.
 * Thread context; nothing here sleeps.
 */
#ifndef KERNEL_FS_NAMEI_H
#define KERNEL_FS_NAMEI_H

#include "kernel/base.h"

struct inode;

#define LOOKUP_FOLLOW BIT(0) /* a link at the end is followed */
#define LOOKUP_PARENT BIT(1) /* stop before the last name */
#define LOOKUP_CREATE BIT(2) /* -EROFS if only the last name is missing */
#define LOOKUP_DIRECTORY BIT(3) /* -ENOTDIR for anything else */

/*
 * *out with a reference, or -ENOENT, -ENOTDIR, -ELOOP, -ENAMETOOLONG, -ENXIO,
 * -ENOMEM. A path that starts with '/' ignores start; an empty one -ENOENT.
 */
int path_lookup(struct inode *start, const char *path, unsigned int flags,
		struct inode **out);
/* Copies a link's target, without NUL: its length; -EINVAL: no link. */
int inode_readlink(struct inode *inode, char *buf, size_t len);

/* The application's working directory. */
struct inode *vfs_cwd(void);
int vfs_chdir(struct inode *dir); /* consumes dir; -ENOTDIR */

#endif
