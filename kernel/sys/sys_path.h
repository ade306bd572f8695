/* SPDX-License-Identifier: MIT */
/*
 * Paths of ring 3: copied, and resolved from a directory descriptor.
 */
#ifndef KERNEL_SYS_SYS_PATH_H
#define KERNEL_SYS_SYS_PATH_H

struct inode;

/* A copy to be kfree()d, or ERR_PTR: -EFAULT, -ENAMETOOLONG, -ENOMEM. */
char *getname(const char *upath);
/* Where path starts: -EBADF, -ENOTDIR. For an absolute path dirfd is unused. */
int dirfd_start(int dirfd, const char *path, struct inode **start);
/*
 * The inode of a path, with a reference: path_lookup()'s flags and errors.
 */
int user_path_at(int dirfd, const char *upath, unsigned int flags,
		 struct inode **out);

#endif
