/* SPDX-License-Identifier: MIT */
/*
 * /proc/net's files about interfaces, in Linux's formats: proc(5). Owns
 * nothing. Thread context.
 */
#include "net/proc/proc_dev.h"

#include <linux/rtnetlink.h>

#include "kernel/lib/seq_buf.h"
#include "net/inet/ip_mcast.h"
#include "net/inet/route.h"
#include "net/link/eth.h"
#include "net/link/ipconfig.h"
#include "net/link/link.h"
#include "net/proc/proc_net.h"

#define ROUTE_WIDTH 127

/* route(8): RTF_*. */
#define ROUTE_UP 1
#define ROUTE_GATEWAY 2
#define ROUTE_HOST 4

#define ARP_COMPLETE 2
#define ALL_HOSTS __builtin_bswap32(0xe0000001)

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

static void show_route(struct seq_buf *m, const struct net_route *r)
{
	uint32_t mask = r->prefix ? ~0U << (32 - r->prefix) : 0;
	unsigned int flags = ROUTE_UP;
	size_t start = m->len;
	struct net_link link;

	if (r->gateway)
		flags |= ROUTE_GATEWAY;
	if (r->prefix == 32)
		flags |= ROUTE_HOST;
	net_link_get(r->oif, &link);
	seq_printf(m, "%s\t%08X\t%08X\t%04X\t%d\t%u\t%d\t%08X\t%d\t%u\t%u",
		   link.name, r->dest, r->gateway, flags, 0, 0, 0,
		   __builtin_bswap32(mask), 0, 0, 0);
	seq_pad(m, start, ROUTE_WIDTH, '\n');
}

/* Table main; addresses are hexadecimal, in network byte order. */
void proc_route_show(struct seq_buf *m)
{
	size_t start = m->len;
	struct net_route route;

	seq_printf(m, "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\t"
		      "Metric\tMask\t\tMTU\tWindow\tIRTT");
	seq_pad(m, start, ROUTE_WIDTH, '\n');
	for (unsigned int n = 0; net_route_at(n, &route); n++) {
		if (route.table == RT_TABLE_MAIN)
			show_route(m, &route);
	}
}

void proc_arp_show(struct seq_buf *m)
{
	uint8_t hw[6];
	char text[16];
	uint32_t addr;

	seq_printf(m, "IP address       HW type     Flags       HW address    "
		      "        Mask     Device\n");
	for (unsigned int n = 0; n < ETH_NEIGHBOURS; n++) {
		if (!eth_neighbour_at(n, &addr, hw))
			continue;
		seq_printf(m, "%-16s 0x%-10x0x%-10x", format_ipv4(text, addr),
			   ARPHRD_ETHER, ARP_COMPLETE);
		seq_printf(m, "%02x:%02x:%02x:%02x:%02x:%02x     *        %s\n",
			   hw[0], hw[1], hw[2], hw[3], hw[4], hw[5],
			   LINK_NAME_ETH);
	}
}

static void count_group(uint32_t group, void *arg)
{
	++*(unsigned int *)arg;
}

static void show_group(uint32_t group, void *arg)
{
	seq_printf(arg, "\t\t\t\t%08X %5d %d:%08X\t\t\n", group, 1, 0, 0);
}

void proc_igmp_show(struct seq_buf *m)
{
	struct net_link link;

	seq_printf(m, "Idx\tDevice    : Count Querier\tGroup    Users Timer\t"
		      "Reporter\n");
	for (unsigned int i = LINK_LO; net_link_get(i, &link); i++) {
		unsigned int n = 1;

		ip_mcast_for_each(i, count_group, &n);
		seq_printf(m, "%u\t%-10s: %5u %7s\n", i, link.name, n, "V2");
		show_group(ALL_HOSTS, m);
		ip_mcast_for_each(i, show_group, m);
	}
}

/* There are no packet sockets. */
void proc_packet_show(struct seq_buf *m)
{
	seq_printf(m, "sk               RefCnt Type Proto  Iface R Rmem   "
		      "User   Inode\n");
}

/* The protocols of received frames. */
void proc_ptype_show(struct seq_buf *m)
{
	seq_printf(m, "Type Device      Function\n0800          ip_rcv\n"
		      "0806          arp_rcv\n");
}
