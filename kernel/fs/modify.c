/* SPDX-License-Identifier: MIT */
/*
 * Changing calls on a read-only tree. Owns nothing. Thread context.
 */
#include "kernel/fs/modify.h"

#include <errno.h>

#include "kernel/fs/file.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/namei.h"

int inode_want_write(const struct inode *inode)
{
	return S_ISSOCK(inode->i_mode) ? 0 : -EROFS;
}

int file_want_write(const struct file *file)
{
	return file->f_inode ? inode_want_write(file->f_inode) : 0;
}

int vfs_create(struct inode *start, const char *path)
{
	struct inode *inode;
	int err = path_lookup(start, path, LOOKUP_CREATE, &inode);

	if (err)
		return err;
	iput(inode);
	return -EEXIST;
}

int vfs_rename(const struct inode *from, const struct inode *to)
{
	int err = inode_want_write(from);

	return err ? err : inode_want_write(to);
}

int inode_chmod(struct inode *inode, uint32_t mode)
{
	int err = inode_want_write(inode);

	if (!err)
		inode->i_mode = (inode->i_mode & S_IFMT) | (mode & 07777);
	return err;
}

int inode_chown(const struct inode *inode)
{
	return inode_want_write(inode);
}

int inode_set_times(const struct inode *inode)
{
	return inode_want_write(inode);
}

int inode_truncate(const struct inode *inode)
{
	if (S_ISDIR(inode->i_mode))
		return -EISDIR;
	return S_ISREG(inode->i_mode) ? inode_want_write(inode) : -EINVAL;
}

int file_truncate(const struct file *file)
{
	return -EINVAL;
}
