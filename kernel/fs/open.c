/* SPDX-License-Identifier: MIT */
/*
 * From an inode to an open file. Owns nothing. Thread context.
 *
 * Everything in the tree may be read by the application, whatever the mode
 * bits of the archive say: there is one user. Regular files cannot be
 * written, devices can.
 */
#include "kernel/fs/open.h"

#include <errno.h>
#include <linux/fcntl.h>

#include "kernel/fs/file.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/modify.h"
#include "kernel/fs/namei.h"

#define X_OK 1
#define W_OK 2

#define TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY)

static bool is_made_up(const struct inode *inode)
{
	return inode->i_dev == DEV_PROC || inode->i_dev == DEV_SYS;
}

int inode_access(const struct inode *inode, int mode)
{
	bool is_dev = S_ISCHR(inode->i_mode);

	if (S_ISSOCK(inode->i_mode))
		return mode & ~(inode->i_mode >> 6 & 7) ? -EACCES : 0;
	if ((mode & W_OK) && !is_dev)
		return is_made_up(inode) ? -EACCES : inode_want_write(inode);
	if ((mode & X_OK) && !S_ISDIR(inode->i_mode) && !(inode->i_mode & 0111))
		return -EACCES;
	return 0;
}

/* The errors of open(2) that depend on the inode's type and flags. */
static int may_open(const struct inode *inode, uint32_t flags)
{
	bool is_write = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);

	if (S_ISLNK(inode->i_mode))
		return flags & O_PATH ? 0 : -ELOOP;
	if (flags & O_PATH)
		return 0;
	if (S_ISSOCK(inode->i_mode))
		return -ENXIO;
	if (S_ISDIR(inode->i_mode)) {
		if (flags & TMPFILE_BIT)
			return inode_want_write(inode);
		return is_write || (flags & O_CREAT) ? -EISDIR : 0;
	}
	if (is_write)
		return inode_access(inode, W_OK);
	return 0;
}

/* O_PATH: refers to an inode; no operations. */
static const struct file_operations path_fops = { 0 };

/* A description of inode, whose reference is consumed in any case. */
static struct file *inode_open(struct inode *inode, uint32_t flags)
{
	bool is_path = flags & O_PATH;
	const struct file_operations *fop = is_path ? &path_fops : inode->i_fop;
	struct file *file = NULL;
	int err = -ENXIO;

	if (fop) {
		file = file_alloc(fop, NULL,
				  is_path ? flags : flags | O_LARGEFILE);
		err = file_alloc_error();
	}
	if (!file) {
		iput(inode);
		return ERR_PTR(err);
	}
	if (fop->llseek)
		file->f_mode |= FMODE_PREAD;
	file->f_inode = inode;
	file->f_name = inode_path(inode);
	return file;
}

struct file *vfs_open(struct inode *start, const char *path, uint32_t flags)
{
	unsigned int lookup = 0;
	struct inode *inode;
	bool excl;
	int err;

	if (flags & O_PATH)
		flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	excl = (flags & O_CREAT) && (flags & O_EXCL);
	if (!(flags & O_NOFOLLOW) && !excl)
		lookup |= LOOKUP_FOLLOW;
	if (flags & O_CREAT)
		lookup |= LOOKUP_CREATE;
	if (flags & O_DIRECTORY)
		lookup |= LOOKUP_DIRECTORY;
	if ((flags & O_CREAT) && (flags & O_DIRECTORY))
		return ERR_PTR(-EINVAL);
	err = path_lookup(start, path, lookup, &inode);
	if (err)
		return ERR_PTR(err);
	err = excl ? -EEXIST : may_open(inode, flags);
	if (err) {
		iput(inode);
		return ERR_PTR(err);
	}
	return inode_open(inode, flags);
}
