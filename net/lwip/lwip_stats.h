/* SPDX-License-Identifier: MIT */
/* lwIP's own counters as text. */
#ifndef NET_LWIP_LWIP_STATS_H
#define NET_LWIP_LWIP_STATS_H

struct seq_buf;

void net_lwip_stats_show(struct seq_buf *m);

#endif
