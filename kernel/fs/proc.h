/* SPDX-License-Identifier: MIT */
/*
 * /proc: files whose text is made when they are opened. The owner of the
 * state registers a function; kernel/fs/proc.c knows only names.
 */
#ifndef KERNEL_FS_PROC_H
#define KERNEL_FS_PROC_H

struct seq_buf;

/* path without "/proc/", e.g. "net/dev". Both are kept by reference. */
int proc_register(const char *path, void (*show)(struct seq_buf *m));

void proc_init(void); /* meminfo, slabinfo, buddyinfo, uptime, self/... */

#endif
