/* SPDX-License-Identifier: MIT */
/*
 * stat(2) and statx(2). Owns nothing. Thread context. Times are whole seconds,
 * as in the archive.
 */
#include "kernel/fs/stat.h"

#include <linux/stat.h>
#include <string.h>
#include <sys/stat.h>

#include "kernel/fs/file.h"
#include "kernel/fs/inode.h"
#include "kernel/task/process.h"

void inode_getattr(const struct inode *inode, struct stat *st)
{
	memset(st, 0, sizeof(*st));
	st->st_dev = inode->i_dev;
	st->st_ino = inode->i_ino;
	st->st_nlink = inode->i_nlink;
	st->st_mode = inode->i_mode;
	st->st_uid = inode->i_owner;
	st->st_gid = inode->i_owner;
	st->st_rdev = inode->i_rdev;
	st->st_size = inode->i_size;
	st->st_blksize = PAGE_SIZE;
	st->st_blocks = ALIGN_UP(inode->i_size, 512) / 512;
	st->st_atime = inode->i_mtime;
	st->st_mtime = inode->i_mtime;
	st->st_ctime = inode->i_mtime;
	if (S_ISSOCK(inode->i_mode)) {
		st->st_uid = APP_UID;
		st->st_gid = APP_GID;
	}
}

/*
 * Files without a name and without getattr look like Linux's anonymous inodes:
 * one inode for all, and no type.
 */
int file_getattr(struct file *file, struct stat *st)
{
	if (file->f_op->getattr)
		return file->f_op->getattr(file, st);
	if (file->f_inode) {
		inode_getattr(file->f_inode, st);
		return 0;
	}
	memset(st, 0, sizeof(*st));
	st->st_dev = DEV_ANON;
	st->st_ino = 1;
	st->st_nlink = 1;
	st->st_mode = 0600;
	st->st_blksize = PAGE_SIZE;
	return 0;
}

void stat_to_statx(const struct stat *st, struct statx *stx)
{
	memset(stx, 0, sizeof(*stx));
	stx->stx_mask = STATX_BASIC_STATS;
	stx->stx_blksize = st->st_blksize;
	stx->stx_nlink = st->st_nlink;
	stx->stx_uid = st->st_uid;
	stx->stx_gid = st->st_gid;
	stx->stx_mode = st->st_mode;
	stx->stx_ino = st->st_ino;
	stx->stx_size = st->st_size;
	stx->stx_blocks = st->st_blocks;
	stx->stx_atime.tv_sec = st->st_atime;
	stx->stx_mtime.tv_sec = st->st_mtime;
	stx->stx_ctime.tv_sec = st->st_ctime;
	stx->stx_rdev_major = st->st_rdev >> 8;
	stx->stx_rdev_minor = st->st_rdev & 0xff;
	stx->stx_dev_major = st->st_dev >> 8;
	stx->stx_dev_minor = st->st_dev & 0xff;
}

void file_identify(struct file *file, struct file_id *id)
{
	struct stat st;

	memset(id, 0, sizeof(*id));
	if (file_getattr(file, &st))
		return;
	id->ino = st.st_ino;
	id->dev = st.st_dev;
	id->mode = st.st_mode;
}
