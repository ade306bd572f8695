/* SPDX-License-Identifier: MIT */
/*
 * /proc: files whose text is made when they are read. The owner of the state
 * registers a function; kernel/procfs/proc.c knows only names.
 */
#ifndef KERNEL_PROCFS_PROC_H
#define KERNEL_PROCFS_PROC_H

#include <stdint.h>

struct seq_buf;
struct seq_pos;

/* path: without "/proc/", e.g. "net/dev"; the pointers are kept. */
int proc_register(const char *path, void (*show)(struct seq_buf *m));

/*
 * A file of records that is never in memory as a whole: walk prints the
 * records from pos on that fit, and advances pos: struct seq_walk.
 */
typedef void (*proc_walk_fn)(struct seq_buf *m, struct seq_pos *pos);
int proc_register_walk(const char *path, proc_walk_fn walk);

/* As proc_register(), for a path without "/sys/". */
int sysfs_register(const char *path, void (*show)(struct seq_buf *m));
/* The same in the root file system: -EEXIST if that has its own. */
int rootfs_register(const char *path, void (*show)(struct seq_buf *m));
/* A link in the root file system; the pointer to target is kept. -EEXIST. */
int rootfs_symlink(const char *path, const char *target);

void proc_init(void); /* meminfo, slabinfo, buddyinfo, uptime, self/... */

#endif
