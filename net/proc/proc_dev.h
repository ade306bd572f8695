/* SPDX-License-Identifier: MIT */
/* /proc/net's files about interfaces, routes and neighbours. */
#ifndef NET_PROC_PROC_DEV_H
#define NET_PROC_PROC_DEV_H

struct seq_buf;

void proc_dev_show(struct seq_buf *m);
void proc_route_show(struct seq_buf *m);
void proc_arp_show(struct seq_buf *m);
void proc_igmp_show(struct seq_buf *m);
void proc_packet_show(struct seq_buf *m);
void proc_ptype_show(struct seq_buf *m);

#endif
