/* SPDX-License-Identifier: MIT */
/*
 * The list of /proc/net's files, and the short ones. Owns nothing.
 */
#include "net/proc/proc_net.h"

#include <errno.h>
#include <string.h>

#include "kernel/base.h"
#include "kernel/lib/seq_buf.h"
#include "kernel/printk.h"
#include "kernel/procfs/proc.h"
#include "kernel/task/wait.h"
#include "kernel/utsname.h"
#include "net/base/counters.h"
#include "net/link/dhcp.h"
#include "net/link/eth.h"
#include "net/link/ipconfig.h"
#include "net/link/link.h"
#include "net/lwip/lwip_stats.h"
#include "net/proc/proc_dev.h"
#include "net/proc/proc_dgram.h"
#include "net/proc/proc_snmp.h"
#include "net/proc/proc_sysctl.h"
#include "net/proc/proc_tcp.h"
#include "net/proc/proc_unix.h"

struct sock_queues sock_get_queues(struct sock *sk)
{
	struct sock_queues queues = { 0 };

	if (sk->sk_prot->queues)
		sk->sk_prot->queues(sk, &queues);
	return queues;
}

/* This kernel's own counters: a name and a number on each line. */
static void show_pollux(struct seq_buf *m)
{
	net_counters_show(m);
	seq_printf(m, "wait_in_vain %llu\nwait_tripped %llu\n",
		   (unsigned long long)wait_counts.in_vain,
		   (unsigned long long)wait_counts.tripped);
	net_device_show(m);
	net_lwip_stats_show(m);
}

static const struct {
	const char *path;
	void (*show)(struct seq_buf *m);
} files[] = {
	{ "net/arp", proc_arp_show },
	{ "net/dev", proc_dev_show },
	{ "net/igmp", proc_igmp_show },
	{ "net/netstat", proc_netstat_show },
	{ "net/packet", proc_packet_show },
	{ "net/pnp", net_pnp_show },
	{ "net/pollux", show_pollux },
	{ "net/protocols", proc_protocols_show },
	{ "net/ptype", proc_ptype_show },
	{ "net/route", proc_route_show },
	{ "net/snmp", proc_snmp_show },
	{ "net/sockstat", proc_sockstat_show },
};

static const struct {
	const char *path;
	proc_walk_fn walk;
} walks[] = {
	{ "net/icmp", proc_icmp_walk }, { "net/netlink", proc_netlink_walk },
	{ "net/raw", proc_raw_walk },	{ "net/tcp", proc_tcp_walk },
	{ "net/udp", proc_udp_walk },	{ "net/udplite", proc_udplite_walk },
	{ "net/unix", proc_unix_walk },
};

/*
 * Files of name resolution: hosts(5), nsswitch.conf(5), resolv.conf(5). Those
 * of the root file system take precedence.
 */
static void show_hosts(struct seq_buf *m)
{
	struct net_link link;
	char text[16];

	seq_printf(m, "127.0.0.1\tlocalhost\n");
	if (net_link_get(LINK_ETH, &link) && link.addr)
		format_ipv4(text, link.addr);
	else
		strcpy(text, "127.0.1.1");
	seq_printf(m, "%s\t" UTS_NODENAME "\n", text);
}

static void show_nsswitch(struct seq_buf *m)
{
	seq_printf(m, "passwd:\tfiles\ngroup:\tfiles\nhosts:\tfiles dns\n"
		      "services:\tfiles\nprotocols:\tfiles\n");
}

static int names_init(void)
{
	int errors[] = { rootfs_register("etc/hosts", show_hosts),
			 rootfs_register("etc/nsswitch.conf", show_nsswitch),
			 rootfs_symlink("etc/resolv.conf", "/proc/net/pnp") };

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		if (errors[i] && errors[i] != -EEXIST)
			return errors[i];
	}
	return 0;
}

void net_proc_init(void)
{
	int err = net_sysctl_init();

	if (!err)
		err = names_init();

	for (size_t i = 0; i < ARRAY_SIZE(files) && !err; i++)
		err = proc_register(files[i].path, files[i].show);
	for (size_t i = 0; i < ARRAY_SIZE(walks) && !err; i++)
		err = proc_register_walk(walks[i].path, walks[i].walk);
	if (err)
		pr_err("net: /proc/net is not whole: error %d", -err);
}
