/* SPDX-License-Identifier: MIT */
/* /proc/net/udp, udplite, raw and icmp: walks, see seq_walk. */
#ifndef NET_PROC_PROC_DGRAM_H
#define NET_PROC_PROC_DGRAM_H

struct seq_buf;
struct seq_pos;

void proc_udp_walk(struct seq_buf *m, struct seq_pos *pos);
void proc_udplite_walk(struct seq_buf *m, struct seq_pos *pos);
void proc_raw_walk(struct seq_buf *m, struct seq_pos *pos);
void proc_icmp_walk(struct seq_buf *m, struct seq_pos *pos);

#endif
