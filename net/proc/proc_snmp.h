/* SPDX-License-Identifier: MIT */
/* /proc/net/snmp, netstat, sockstat and protocols. */
#ifndef NET_PROC_PROC_SNMP_H
#define NET_PROC_PROC_SNMP_H

struct seq_buf;

void proc_sockstat_show(struct seq_buf *m);
void proc_protocols_show(struct seq_buf *m);
void proc_snmp_show(struct seq_buf *m);
void proc_netstat_show(struct seq_buf *m);

#endif
