/* SPDX-License-Identifier: MIT */
/*
 * The files below /proc/net and /proc/sys/net, between those that print them.
 */
#ifndef NET_PROC_NET_H
#define NET_PROC_NET_H

struct seq_buf;

/* Registers all of them. Thread context, once. */
void net_proc_init(void);

/* net/proc_dev.c */
void proc_dev_show(struct seq_buf *m);

#endif
