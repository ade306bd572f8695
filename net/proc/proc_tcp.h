/* SPDX-License-Identifier: MIT */
/* /proc/net/tcp: walks, see seq_walk. */
#ifndef NET_PROC_PROC_TCP_H
#define NET_PROC_PROC_TCP_H

struct seq_buf;
struct seq_pos;

void proc_tcp_walk(struct seq_buf *m, struct seq_pos *pos);

#endif
