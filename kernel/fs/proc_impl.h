/* SPDX-License-Identifier: MIT */
/*
 * Between the files of /proc. Others use proc.h.
 */
#ifndef KERNEL_FS_PROC_IMPL_H
#define KERNEL_FS_PROC_IMPL_H

struct inode;
struct seq_buf;

struct inode *proc_root(void);
/* Makes inode a file whose text show() prints. */
void proc_set_show(struct inode *inode,
		   void (*show)(struct seq_buf *m, struct inode *inode));
/* 0 or -errno. */
int proc_info_init(void);
int proc_self_init(void);

#endif
