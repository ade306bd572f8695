/* SPDX-License-Identifier: MIT */
/*
 * The tree of names. Owns every inode. Those of the tree live as long as the
 * machine, except sockets; those that a lookup operation makes are counted.
 * Entered by path look-up and by the parts of the kernel that add names.
 */
#include "kernel/fs/inode.h"

#include <errno.h>
#include <linux/limits.h>
#include <string.h>

#include "kernel/fs/readdir.h"
#include "kernel/mm/slab.h"

static struct inode root = {
	.parent = &root,
	.name = "",
	.path = "/",
	.i_mode = S_IFDIR | 0755,
	.i_nlink = 2,
	.i_dev = DEV_ROOT,
	.i_ino = 1,
	.i_fop = &dir_fops,
};

static uint64_t last_ino = 1;

struct inode *vfs_root(void)
{
	return &root;
}

struct inode *inode_alloc(const char *name, size_t len, uint32_t mode)
{
	struct inode *inode = kzalloc(sizeof(*inode));

	if (!inode)
		return NULL;
	inode->name = kmalloc(len + 1);
	if (!inode->name) {
		kfree(inode);
		return NULL;
	}
	memcpy(inode->name, name, len);
	inode->name[len] = '\0';
	inode->i_count = 1;
	inode->i_mode = mode;
	inode->i_nlink = S_ISDIR(mode) ? 2 : 1;
	inode->i_ino = ++last_ino;
	if (S_ISDIR(mode))
		inode->i_fop = &dir_fops;
	return inode;
}

void iput(struct inode *inode)
{
	if (!inode->i_count || --inode->i_count)
		return;
	kfree(inode->path);
	kfree(inode->name);
	kfree(inode);
}

/* Compares as strcmp(), name having a length instead of a NUL. */
static int name_cmp(const char *name, size_t len, const char *other)
{
	int cmp = strncmp(name, other, len);

	return cmp ? cmp : -(other[len] != '\0');
}

/* The link to name's inode, or where to link it below *parent. */
static struct rb_node **find_link(struct inode *dir, const char *name,
				  size_t len, struct rb_node **parent)
{
	struct rb_node **link = &dir->children.node;

	*parent = NULL;
	while (*link) {
		struct inode *child = rb_entry(*link, struct inode, node);
		int cmp = name_cmp(name, len, child->name);

		if (!cmp)
			break;
		*parent = *link;
		link = cmp < 0 ? &(*link)->left : &(*link)->right;
	}
	return link;
}

struct inode *inode_add(struct inode *dir, const char *name, size_t len,
			uint32_t mode)
{
	struct rb_node *parent;
	struct rb_node **link = find_link(dir, name, len, &parent);
	struct inode *inode;

	if (*link)
		return ERR_PTR(-EEXIST);
	inode = inode_alloc(name, len, mode);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->i_count = 0;
	inode->parent = dir;
	inode->i_dev = dir->i_dev;
	inode->i_mtime = dir->i_mtime;
	if (S_ISDIR(mode))
		dir->i_nlink++;
	rb_link_node(&inode->node, parent, link);
	rb_insert_color(&inode->node, &dir->children);
	return inode;
}

void inode_remove(struct inode *inode)
{
	rb_erase(&inode->node, &inode->parent->children);
}

struct inode *inode_make_dir(struct inode *dir, const char *name, size_t len)
{
	struct rb_node *parent;
	struct rb_node *found = *find_link(dir, name, len, &parent);
	struct inode *inode;

	if (!found)
		return inode_add(dir, name, len, S_IFDIR | 0755);
	inode = rb_entry(found, struct inode, node);
	return S_ISDIR(inode->i_mode) ? inode : ERR_PTR(-ENOTDIR);
}

struct inode *inode_add_path(struct inode *dir, const char *path, uint32_t mode)
{
	const char *slash;

	while ((slash = strchr(path, '/'))) {
		dir = inode_make_dir(dir, path, slash - path);
		if (IS_ERR(dir))
			return dir;
		path = slash + 1;
	}
	return inode_add(dir, path, strlen(path), mode);
}

struct inode *inode_lookup(struct inode *dir, const char *name, size_t len)
{
	struct rb_node *parent;
	struct rb_node *found = *find_link(dir, name, len, &parent);

	if (found)
		return iget(rb_entry(found, struct inode, node));
	if (dir->i_op && dir->i_op->lookup)
		return dir->i_op->lookup(dir, name, len);
	return ERR_PTR(-ENOENT);
}

/* Position n is the n-th child; entries of i_op->next follow the children. */
bool inode_next(struct inode *dir, uint64_t *pos, char *name, uint64_t *ino,
		uint32_t *mode)
{
	struct rb_node *node = rb_first(&dir->children);
	uint64_t n = 0, beyond;
	struct inode *child;

	for (; node && n < *pos; n++)
		node = rb_next(node);
	if (node) {
		child = rb_entry(node, struct inode, node);
		strcpy(name, child->name);
		*ino = child->i_ino;
		*mode = child->i_mode;
		return true;
	}
	if (!dir->i_op || !dir->i_op->next)
		return false;
	beyond = *pos - n;
	if (!dir->i_op->next(dir, &beyond, name, ino, mode))
		return false;
	*pos = n + beyond;
	return true;
}

static char *build_path(const struct inode *inode)
{
	const struct inode *i;
	size_t len = 0;
	char *path, *end;

	for (i = inode; i != &root; i = i->parent)
		len += strlen(i->name) + 1;
	path = kmalloc(len + 1);
	if (!path)
		return NULL;
	end = path + len;
	*end = '\0';
	for (i = inode; i != &root; i = i->parent) {
		len = strlen(i->name);
		end -= len;
		memcpy(end, i->name, len);
		*--end = '/';
	}
	return path;
}

const char *inode_path(struct inode *inode)
{
	if (!inode->path)
		inode->path = build_path(inode);
	return inode->path ? inode->path : "?";
}
