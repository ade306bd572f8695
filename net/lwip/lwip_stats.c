/* SPDX-License-Identifier: MIT */
/* lwIP's own counters, as /proc/net/pollux shows them. */
#include "net/lwip/lwip_stats.h"

#include "lwip/stats.h"

#include "kernel/lib/seq_buf.h"

static void show_count(struct seq_buf *m, const char *name, const char *what,
		       u64_t count)
{
	seq_printf(m, "%s_%s %llu\n", name, what, (unsigned long long)count);
}

static void show_proto(struct seq_buf *m, const char *name,
		       const struct stats_proto *s)
{
	show_count(m, name, "xmit", s->xmit);
	show_count(m, name, "recv", s->recv);
	show_count(m, name, "drop", s->drop);
	show_count(m, name, "chkerr", s->chkerr);
	show_count(m, name, "lenerr", s->lenerr);
	show_count(m, name, "memerr", s->memerr);
}

void net_lwip_stats_show(struct seq_buf *m)
{
	show_proto(m, "arp", &lwip_stats.etharp);
	show_proto(m, "ip", &lwip_stats.ip);
	show_proto(m, "icmp", &lwip_stats.icmp);
	show_proto(m, "udp", &lwip_stats.udp);
	show_proto(m, "tcp", &lwip_stats.tcp);
}
