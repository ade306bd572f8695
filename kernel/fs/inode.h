/* SPDX-License-Identifier: MIT */
/*
 * The one tree of names: the initramfs with /dev and /proc in it. A name and
 * its file are one struct inode, because there are no hard links and nothing
 * but nodes of sockets is ever removed (mksock.h). The application cannot
 * change anything else (modify.h). Thread context; nothing here sleeps.
 */
#ifndef KERNEL_FS_INODE_H
#define KERNEL_FS_INODE_H

#include <sys/stat.h>

#include "kernel/base.h"
#include "kernel/lib/rbtree.h"

struct file_operations;
struct inode;
struct seq_buf;

/* Device numbers of the tree's parts, for stat(2). */
#define DEV_ROOT 2
#define DEV_PROC 4
#define DEV_DEV 5
#define DEV_ANON 6 /* files without a name */
#define DEV_SYS 7
#define MKDEV(major, minor) ((uint32_t)((major) << 8 | (minor)))

/*
 * For entries that are not in the tree but made on request; each may be NULL.
 *
 * lookup: a new inode with count 1, or ERR_PTR.
 * next: the first entry at or after *pos, and its position in *pos; false at
 * the end. name has room for NAME_MAX + 1.
 * readlink: the target's length, without a NUL.
 */
struct inode_operations {
	struct inode *(*lookup)(struct inode *dir, const char *name,
				size_t len);
	bool (*next)(struct inode *dir, uint64_t *pos, char *name,
		     uint64_t *ino, uint32_t *mode);
	int (*readlink)(struct inode *inode, char *buf, size_t len);
};

struct inode {
	struct rb_node node; /* among the parent's children, by name */
	struct rb_root children; /* of a directory */
	struct inode *parent; /* the root's is itself */
	char *name;
	char *path; /* inode_path() */
	uint32_t i_count; /* 0: part of the tree for ever */
	uint32_t i_mode;
	uint32_t i_nlink;
	uint32_t i_dev;
	uint32_t i_rdev;
	uint32_t i_owner; /* user and group */
	uint64_t i_ino;
	uint64_t i_size;
	int64_t i_mtime;
	/* A regular file's contents, a link's target; kept by reference. */
	const uint8_t *i_data;
	const struct file_operations *i_fop;
	const struct inode_operations *i_op;
	void (*i_show)(struct seq_buf *m, struct inode *inode); /* /proc */
	uintptr_t i_private;
};

struct inode *vfs_root(void);
/* An inode outside the tree, with count 1; NULL: no memory. */
struct inode *inode_alloc(const char *name, size_t len, uint32_t mode);
/* Adds a name; -EEXIST, -ENOMEM. The parent's i_dev is inherited. */
struct inode *inode_add(struct inode *dir, const char *name, size_t len,
			uint32_t mode);
/* As inode_add() with directories on the way made as needed. */
struct inode *inode_add_path(struct inode *dir, const char *path,
			     uint32_t mode);
/* Removes a counted inode's name; references to the inode stay valid. */
void inode_remove(struct inode *inode);
/* Adds a directory, or returns the one that is there; -ENOTDIR. */
struct inode *inode_make_dir(struct inode *dir, const char *name, size_t len);
/* With a reference; -ENOENT. */
struct inode *inode_lookup(struct inode *dir, const char *name, size_t len);
bool inode_next(struct inode *dir, uint64_t *pos, char *name, uint64_t *ino,
		uint32_t *mode);
/* Absolute path, kept for the inode's life; "?" when memory is short. */
const char *inode_path(struct inode *inode);
static inline struct inode *iget(struct inode *inode)
{
	if (inode->i_count)
		inode->i_count++;
	return inode;
}
void iput(struct inode *inode);

#endif
