/* SPDX-License-Identifier: MIT */
/*
 * Nodes of sockets in the tree of names. Owns nothing: the tree and the bound
 * socket hold a reference each. Thread context.
 */
#include "kernel/fs/mksock.h"

#include <errno.h>
#include <string.h>

#include "kernel/fs/inode.h"
#include "kernel/fs/modify.h"
#include "kernel/fs/namei.h"
#include "kernel/task/clock.h"

/* The last name of a path, without trailing slashes. */
static const char *last_name(const char *path, size_t *len, bool *slashes)
{
	size_t end = strlen(path);
	size_t start;

	*slashes = end && path[end - 1] == '/';
	while (end && path[end - 1] == '/')
		end--;
	start = end;
	while (start && path[start - 1] != '/')
		start--;
	*len = end - start;
	return path + start;
}

static bool is_special(const char *name, size_t len)
{
	return !len || (len <= 2 && !strncmp(name, "..", len));
}

/* The directory of a path's last name, with a reference. */
static int lookup_parent(struct inode *start, const char *path,
			 struct inode **dir)
{
	int err = path_lookup(start, path, LOOKUP_PARENT, dir);

	if (err)
		return err;
	if (S_ISDIR((*dir)->i_mode))
		return 0;
	iput(*dir);
	return -ENOTDIR;
}

static struct inode *make_node(struct inode *dir, const char *name, size_t len,
			       bool slashes)
{
	struct inode *inode;

	if (is_special(name, len))
		return ERR_PTR(-EEXIST);
	inode = inode_lookup(dir, name, len);
	if (!IS_ERR(inode)) {
		iput(inode);
		return ERR_PTR(-EEXIST);
	}
	if (PTR_ERR(inode) != -ENOENT || slashes || dir->i_dev == DEV_PROC)
		return inode;
	return inode_add(dir, name, len, S_IFSOCK);
}

int vfs_mksock(struct inode *start, const char *path, uint32_t mode,
	       struct inode **out)
{
	struct inode *dir, *inode;
	bool slashes;
	size_t len;
	const char *name = last_name(path, &len, &slashes);
	int err = lookup_parent(start, path, &dir);

	if (err)
		return err;
	inode = make_node(dir, name, len, slashes);
	iput(dir);
	if (IS_ERR(inode))
		return PTR_ERR(inode);
	inode->i_count = 2;
	inode->i_mode |= mode;
	inode->i_mtime = ktime_get_real_ns() / NSEC_PER_SEC;
	*out = inode;
	return 0;
}

void inode_unlink(struct inode *inode)
{
	inode_remove(inode);
	iput(inode);
}

static int unlink_node(struct inode *inode, bool slashes)
{
	if (S_ISDIR(inode->i_mode))
		return -EISDIR;
	if (slashes)
		return -ENOTDIR;
	if (!S_ISSOCK(inode->i_mode))
		return inode->i_dev == DEV_PROC ? -EPERM :
						  inode_want_write(inode);
	inode_unlink(inode);
	return 0;
}

/* The inode of a path, with a reference, no link followed; special: for ".". */
static struct inode *lookup_node(struct inode *start, const char *path,
				 int special, bool *slashes)
{
	struct inode *dir, *inode;
	size_t len;
	const char *name = last_name(path, &len, slashes);
	int err = lookup_parent(start, path, &dir);

	if (err)
		return ERR_PTR(err);
	inode = is_special(name, len) ? ERR_PTR(special) :
					inode_lookup(dir, name, len);
	iput(dir);
	return inode;
}

int vfs_unlink(struct inode *start, const char *path)
{
	bool slashes;
	struct inode *inode = lookup_node(start, path, -EISDIR, &slashes);
	int err;

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	err = unlink_node(inode, slashes);
	iput(inode);
	return err;
}

int vfs_rmdir(struct inode *start, const char *path)
{
	bool slashes;
	struct inode *inode = lookup_node(start, path, -EROFS, &slashes);
	int err;

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	err = S_ISDIR(inode->i_mode) ? inode_want_write(inode) : -ENOTDIR;
	iput(inode);
	return err;
}
