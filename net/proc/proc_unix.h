/* SPDX-License-Identifier: MIT */
/* /proc/net/unix and netlink: walks, see seq_walk. */
#ifndef NET_PROC_PROC_UNIX_H
#define NET_PROC_PROC_UNIX_H

struct seq_buf;
struct seq_pos;

void proc_unix_walk(struct seq_buf *m, struct seq_pos *pos);
void proc_netlink_walk(struct seq_buf *m, struct seq_pos *pos);

#endif
