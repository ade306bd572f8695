/* SPDX-License-Identifier: MIT */
/*
 * Between the files of /proc. Others use proc.h.
 */
#ifndef KERNEL_PROCFS_PROC_IMPL_H
#define KERNEL_PROCFS_PROC_IMPL_H

#include <stddef.h>

#include "kernel/procfs/proc.h"

struct inode;
struct inode_operations;
struct seq_buf;

struct inode *proc_root(void);
/* Makes inode a file whose text show() prints. */
void proc_set_show(struct inode *inode,
		   void (*show)(struct seq_buf *m, struct inode *inode));
/* Makes inode a file of records: proc_register_walk(). */
void proc_set_walk(struct inode *inode, proc_walk_fn walk);
extern const struct inode_operations proc_fd_ops, proc_fdinfo_ops;

struct proc_entry {
	const char *path;
	void (*show)(struct seq_buf *m);
};
int proc_register_all(const struct proc_entry *entries, size_t n);

/* 0 or -errno. */
int proc_info_init(void);
int proc_mem_init(void);
int proc_sys_init(void);
int proc_self_init(void);

#endif
