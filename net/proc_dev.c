/* SPDX-License-Identifier: MIT */
/*
 * /proc/net's files about interfaces, in Linux's formats: proc(5). Owns
 * nothing. Thread context.
 */
#include "kernel/seq_buf.h"
#include "net/link.h"
#include "net/proc_net.h"

static void show_dev(struct seq_buf *m, const struct net_link *link)
{
	const struct net_link_stats *s = &link->stats;

	seq_printf(m, "%6s: %7llu %7llu %4llu %4llu %4u %5llu %10u %9llu ",
		   link->name, (unsigned long long)s->rx_bytes,
		   (unsigned long long)s->rx_packets,
		   (unsigned long long)s->rx_errors,
		   (unsigned long long)s->rx_dropped, 0,
		   (unsigned long long)s->rx_frame, 0,
		   (unsigned long long)s->rx_multicast);
	seq_printf(m, "%8llu %7llu %4llu %4llu %4u %5u %7u %10u\n",
		   (unsigned long long)s->tx_bytes,
		   (unsigned long long)s->tx_packets,
		   (unsigned long long)s->tx_errors,
		   (unsigned long long)s->tx_dropped, 0, 0, 0, 0);
}

void proc_dev_show(struct seq_buf *m)
{
	struct net_link link;

	seq_printf(m, "Inter-|   Receive                            "
		      "                    |  Transmit\n"
		      " face |bytes    packets errs drop fifo frame "
		      "compressed multicast|bytes    packets errs drop "
		      "fifo colls carrier compressed\n");
	for (unsigned int i = LINK_LO; net_link_get(i, &link); i++)
		show_dev(m, &link);
}
