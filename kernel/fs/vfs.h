/* SPDX-License-Identifier: MIT */
/*
 * The one tree of names: the initramfs with /dev and /proc in it. A name and
 * what it stands for are one struct inode, because there are no hard links
 * and nothing but the nodes of sockets is ever removed (mksock.h). Read-only
 * to the application otherwise; changing calls end in -EROFS. Thread context; nothing here sleeps.
 */
#ifndef KERNEL_FS_VFS_H
#define KERNEL_FS_VFS_H

#include <linux/stat.h>
#include <sys/stat.h>

#include "kernel/base.h"
#include "kernel/lib/rbtree.h"

struct file;
struct file_operations;
struct inode;
struct seq_buf;
struct stat;

/* Device numbers that stat(2) shows for the parts. */
#define DEV_ROOT 2
#define DEV_PROC 4
#define DEV_DEV 5
#define DEV_ANON 6 /* files without a name */
#define DEV_SYS 7
#define MKDEV(major, minor) ((uint32_t)((major) << 8 | (minor)))

/*
 * For what is not in the tree but made when asked for; each may be NULL.
 *
 * lookup: a new inode with count 1, or ERR_PTR.
 * next: the first entry at or after *pos, which moves on to it: false at the
 * end. name has room for NAME_MAX + 1.
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

/* ---- inode.c: the tree itself ---- */

struct inode *vfs_root(void);
/* An inode outside the tree, with count 1; NULL: no memory. */
struct inode *inode_alloc(const char *name, size_t len, uint32_t mode);
/* Adds a name; -EEXIST, -ENOMEM. The parent's i_dev is inherited. */
struct inode *inode_add(struct inode *dir, const char *name, size_t len,
			uint32_t mode);
/* As inode_add() with directories on the way made as needed. */
struct inode *inode_add_path(struct inode *dir, const char *path,
			     uint32_t mode);
/* Takes a counted inode's name away; references to it stay good. */
void inode_remove(struct inode *inode);
/* A directory that may be there already. */
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

/* ---- namei.c: from a path to an inode ---- */

#define LOOKUP_FOLLOW BIT(0) /* a link at the end is followed */
#define LOOKUP_PARENT BIT(1) /* stop before the last name */
#define LOOKUP_CREATE BIT(2) /* only the last name missing: -EROFS */
#define LOOKUP_DIRECTORY BIT(3) /* -ENOTDIR for anything else */

/*
 * *out with a reference, or -ENOENT, -ENOTDIR, -ELOOP, -ENAMETOOLONG, -ENXIO,
 * -ENOMEM. A path that starts with '/' ignores start; an empty one -ENOENT.
 */
int path_lookup(struct inode *start, const char *path, unsigned int flags,
		struct inode **out);
/* A link's target, not terminated: the length stored, -EINVAL: no link. */
int inode_readlink(struct inode *inode, char *buf, size_t len);

/* The application's working directory. */
struct inode *vfs_cwd(void);
int vfs_chdir(struct inode *dir); /* consumes dir; -ENOTDIR */

/* ---- open.c, readdir.c, stat.c ---- */

/* open(2), O_* flags: a file with one reference, or ERR_PTR. */
struct file *vfs_open(struct inode *start, const char *path, uint32_t flags);
/* A description of inode, whose reference is consumed in any case. */
struct file *inode_open(struct inode *inode, uint32_t flags);
/*
 * access(2): mode of R_OK 4, W_OK 2, X_OK 1. 0, -EROFS, -EACCES. The
 * permissions of a socket's node are the application's own, and count.
 */
int inode_access(const struct inode *inode, int mode);

extern const struct file_operations dir_fops;

void inode_getattr(const struct inode *inode, struct stat *st);
int file_getattr(struct file *file, struct stat *st);
void stat_to_statx(const struct stat *st, struct statx *stx);

struct file_id {
	uint64_t ino;
	uint32_t dev;
	uint32_t mode;
};
void file_identify(struct file *file, struct file_id *id);

#endif
