/* SPDX-License-Identifier: MIT */
/*
 * stat(2) and statx(2). Thread context; nothing here sleeps.
 */
#ifndef KERNEL_FS_STAT_H
#define KERNEL_FS_STAT_H

#include "kernel/base.h"

struct file;
struct inode;
struct stat;
struct statx;

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
