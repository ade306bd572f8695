/* SPDX-License-Identifier: MIT */
/*
 * Paths: path_resolution(7) over the tree of inode.c. Owns the working
 * directory. Entered by system calls with a path in kernel memory, and by
 * the ELF loader. Thread context, no sleep.
 */
#include "kernel/fs/namei.h"

#include <errno.h>
#include <linux/limits.h>
#include <string.h>

#include "kernel/fs/inode.h"
#include "kernel/fs/modify.h"
#include "kernel/mm/slab.h"

#define MAX_LINKS 40 /* followed in one look-up; then ELOOP */

/*
 * A look-up in progress. rest is the remaining path, in the caller's string
 * or, once a link was followed, at the end of buf.
 */
struct nameidata {
	struct inode *inode; /* reached so far, with a reference */
	const char *rest;
	char *buf; /* PATH_MAX bytes, NULL until the first link */
	char *target; /* PATH_MAX bytes for a link's target */
	unsigned int flags;
	unsigned int links;
};

static struct inode *cwd;

struct inode *vfs_cwd(void)
{
	return cwd ? cwd : vfs_root();
}

int vfs_chdir(struct inode *dir)
{
	if (!S_ISDIR(dir->i_mode)) {
		iput(dir);
		return -ENOTDIR;
	}
	iput(vfs_cwd());
	cwd = dir;
	return 0;
}

int inode_readlink(struct inode *inode, char *buf, size_t len)
{
	if (!S_ISLNK(inode->i_mode))
		return -EINVAL;
	if (inode->i_op && inode->i_op->readlink)
		return inode->i_op->readlink(inode, buf, len);
	len = MIN(len, inode->i_size);
	memcpy(buf, inode->i_data, len);
	return len;
}

static void nd_move(struct nameidata *nd, struct inode *to)
{
	iput(nd->inode);
	nd->inode = to;
}

/*
 * Puts the link's target in front of the rest. A target that is no path
 * ("socket:[7]") cannot be followed: ENXIO, as for opening a socket by name.
 */
static int follow_link(struct nameidata *nd, struct inode *link)
{
	size_t rest = strlen(nd->rest) + 1;
	char *target;
	int len;

	if (++nd->links > MAX_LINKS)
		return -ELOOP;
	if (rest > PATH_MAX)
		return -ENAMETOOLONG;
	if (!nd->buf) {
		nd->buf = kmalloc(PATH_MAX);
		nd->target = kmalloc(PATH_MAX);
		if (!nd->buf || !nd->target)
			return -ENOMEM;
		memcpy(nd->buf + PATH_MAX - rest, nd->rest, rest);
		nd->rest = nd->buf + PATH_MAX - rest;
	}
	target = nd->target;
	len = inode_readlink(link, target, PATH_MAX);
	if (len < 0)
		return len;
	if (!len)
		return -ENOENT;
	if (len + rest > PATH_MAX)
		return -ENAMETOOLONG;
	if (link->i_op && target[0] != '/' && memchr(target, ':', len))
		return -ENXIO;
	nd->rest -= len;
	memcpy((char *)nd->rest, target, len);
	if (target[0] == '/')
		nd_move(nd, vfs_root());
	return 0;
}

static struct inode *lookup_one(struct inode *dir, const char *name, size_t len)
{
	if (len > NAME_MAX)
		return ERR_PTR(-ENAMETOOLONG);
	if (len == 1 && name[0] == '.')
		return iget(dir);
	if (len == 2 && name[0] == '.' && name[1] == '.')
		return iget(dir->parent);
	return inode_lookup(dir, name, len);
}

/* Follows one name of the path. */
static int walk_one(struct nameidata *nd)
{
	const char *name = nd->rest;
	size_t len = strcspn(name, "/");
	size_t slashes = strspn(name + len, "/");
	bool is_last = !name[len + slashes];
	struct inode *child;
	int err = 0;

	child = lookup_one(nd->inode, name, len);
	if (IS_ERR(child)) {
		err = PTR_ERR(child);
		if (err == -ENOENT && is_last && (nd->flags & LOOKUP_CREATE))
			return inode_want_write(nd->inode);
		return err;
	}
	nd->rest += len;
	if (S_ISLNK(child->i_mode) &&
	    (!is_last || slashes || (nd->flags & LOOKUP_FOLLOW))) {
		err = follow_link(nd, child);
		iput(child);
		return err;
	}
	nd_move(nd, child);
	if (slashes && !S_ISDIR(child->i_mode))
		return -ENOTDIR;
	return 0;
}

static bool is_last_name(const char *path)
{
	path += strcspn(path, "/");
	return !path[strspn(path, "/")];
}

static int walk(struct nameidata *nd)
{
	int err;

	for (;;) {
		nd->rest += strspn(nd->rest, "/");
		if (!*nd->rest)
			return 0;
		if (!S_ISDIR(nd->inode->i_mode))
			return -ENOTDIR;
		if ((nd->flags & LOOKUP_PARENT) && is_last_name(nd->rest))
			return 0;
		err = walk_one(nd);
		if (err)
			return err;
	}
}

int path_lookup(struct inode *start, const char *path, unsigned int flags,
		struct inode **out)
{
	struct nameidata nd = { .rest = path, .flags = flags };
	int err;

	if (!*path)
		return -ENOENT;
	nd.inode = iget(*path == '/' ? vfs_root() : start);
	err = walk(&nd);
	kfree(nd.buf);
	kfree(nd.target);
	if (!err && (flags & LOOKUP_DIRECTORY) && !S_ISDIR(nd.inode->i_mode))
		err = -ENOTDIR;
	if (err)
		iput(nd.inode);
	else
		*out = nd.inode;
	return err;
}
