/* SPDX-License-Identifier: MIT */
/*
 * /proc/net/snmp, netstat, sockstat and protocols: counters, under their names
 * in the MIBs (RFC 2011, 2012, 2013) and in Linux. Names without a meaning for
 * this stack are left out. What passes between two sockets of this machine is
 * no IP packet, and is not counted here. Owns nothing. Thread context.
 */
#include "net/proc/proc_snmp.h"

#include "lwip/priv/tcp_priv.h"
#include "lwip/stats.h"

#include "kernel/base.h"
#include "kernel/lib/seq_buf.h"
#include "kernel/mm/page.h"
#include "net/base/counters.h"
#include "net/base/rxqueue.h"
#include "net/dgram/dgram.h"
#include "net/dgram/ping.h"
#include "net/dgram/raw.h"
#include "net/dgram/udp.h"
#include "net/inet/ip_reass.h"
#include "net/netlink/af_netlink.h"
#include "net/proc/proc_net.h"
#include "net/tcp/local_send.h"
#include "net/tcp/tcp.h"
#include "net/tcp/tcp_timewait.h"
#include "net/unix/unix.h"

/* A name and its value: the sum of all pointers that are not NULL. */
struct figure {
	const char *name;
	const u64_t *lwip;
	const uint64_t *ours[4];
	int64_t fixed;
};

#define MIB(a) &lwip_stats.mib2.a
#define COUNT(a) &net_counters.a

#define FIXED(n, value)                   \
	{                                 \
		.name = n, .fixed = value \
	}
#define LWIP(n, a)                        \
	{                                 \
		.name = n, .lwip = MIB(a) \
	}
#define OURS(n, ...)                               \
	{                                          \
		.name = n, .ours = { __VA_ARGS__ } \
	}
#define BOTH(n, a, ...)                                            \
	{                                                          \
		.name = n, .lwip = MIB(a), .ours = { __VA_ARGS__ } \
	}

static const struct figure ip[] = {
	FIXED("Forwarding", 2), /* RFC 2011: no */
	FIXED("DefaultTTL", 64),
	LWIP("InReceives", ipinreceives),
	BOTH("InHdrErrors", ipinhdrerrors, COUNT(drop_ip_header),
	     COUNT(drop_ip_checksum), COUNT(drop_ip_options)),
	BOTH("InAddrErrors", ipinaddrerrors, COUNT(drop_ip_martian)),
	LWIP("ForwDatagrams", ipforwdatagrams),
	BOTH("InUnknownProtos", ipinunknownprotos, COUNT(ip_unknown_protocol)),
	LWIP("InDiscards", ipindiscards),
	LWIP("InDelivers", ipindelivers),
	BOTH("OutRequests", ipoutrequests, COUNT(ip_out_requests)),
	LWIP("OutDiscards", ipoutdiscards),
	BOTH("OutNoRoutes", ipoutnoroutes, COUNT(ip_out_no_routes)),
	LWIP("ReasmReqds", ipreasmreqds),
	LWIP("ReasmOKs", ipreasmoks),
	LWIP("ReasmFails", ipreasmfails),
	OURS("FragOKs", COUNT(ip_frag_oks)),
	OURS("FragFails", COUNT(ip_frag_fails)),
	OURS("FragCreates", COUNT(ip_frags_created)),
};

static const struct figure icmp[] = {
	OURS("InMsgs", COUNT(icmp_in_msgs)),
	OURS("InErrors", COUNT(icmp_in_errors)),
	OURS("InCsumErrors", COUNT(icmp_in_csum_errors)),
	OURS("OutMsgs", COUNT(icmp_out_msgs)),
	OURS("OutRateLimitHost", COUNT(icmp_out_limited)),
};

static const struct figure udp[] = {
	OURS("InDatagrams", COUNT(udp_in_datagrams)),
	OURS("NoPorts", COUNT(udp_no_ports)),
	OURS("InErrors", COUNT(udp_drop_rcvbuf), COUNT(udp_drop_checksum),
	     COUNT(drop_udp_length), COUNT(udp_drop_no_memory)),
	OURS("OutDatagrams", COUNT(udp_out_datagrams)),
	OURS("RcvbufErrors", COUNT(udp_drop_rcvbuf)),
	OURS("SndbufErrors", COUNT(udp_sndbuf_errors)),
	OURS("InCsumErrors", COUNT(udp_drop_checksum)),
	OURS("IgnoredMulti", COUNT(udp_drop_no_member)),
	OURS("MemErrors", COUNT(udp_drop_no_memory)),
};

static const struct figure tcp_ext[] = {
	OURS("SyncookiesSent", COUNT(tcp_syncookies_sent)),
	OURS("SyncookiesRecv", COUNT(tcp_syncookies_recv)),
	OURS("SyncookiesFailed", COUNT(tcp_syncookies_failed)),
	OURS("TW", COUNT(tcp_time_waits)),
	OURS("TWRecycled", COUNT(tcp_time_wait_recycled)),
	OURS("ListenOverflows", COUNT(tcp_listen_overflows)),
	OURS("ListenDrops", COUNT(tcp_listen_drops)),
	OURS("TCPMemoryPressures", COUNT(tcp_memory_pressures)),
	OURS("PruneCalled", COUNT(tcp_prune_called)),
	OURS("OfoPruned", COUNT(tcp_ofo_pruned)),
	OURS("TCPAbortOnMemory", COUNT(tcp_aborted_memory)),
	OURS("TCPTimeWaitOverflow", COUNT(tcp_time_wait_overflow)),
	OURS("TCPChallengeACK", COUNT(tcp_challenge_acks)),
	OURS("TCPACKSkippedChallenge", COUNT(tcp_challenge_throttled)),
	OURS("TCPRcvQDrop", COUNT(tcp_drop_memory)),
};

static const struct figure ip_ext[] = {
	FIXED("InNoRoutes", 0),
	OURS("InTruncatedPkts", COUNT(drop_ip_truncated)),
	OURS("InCsumErrors", COUNT(drop_ip_checksum)),
};

static int64_t value_of(const struct figure *f)
{
	int64_t value = f->fixed;

	if (f->lwip)
		value += *f->lwip;
	for (size_t i = 0; i < ARRAY_SIZE(f->ours) && f->ours[i]; i++)
		value += *f->ours[i];
	return value;
}

static void show_group(struct seq_buf *m, const char *group,
		       const struct figure *figures, size_t n)
{
	seq_printf(m, "%s:", group);
	for (size_t i = 0; i < n; i++)
		seq_printf(m, " %s", figures[i].name);
	seq_printf(m, "\n%s:", group);
	for (size_t i = 0; i < n; i++)
		seq_printf(m, " %lld", (long long)value_of(&figures[i]));
	seq_putc(m, '\n');
}

static bool is_established(const struct sock *sk)
{
	return sk->sk_state == TCP_ESTABLISHED ||
	       sk->sk_state == TCP_CLOSE_WAIT;
}

static unsigned int count_socks(const struct sock_list *list,
				bool (*is_meant)(const struct sock *sk))
{
	unsigned int n = 0;
	struct sock *sk;

	list_for_each_entry(sk, &list->socks, sk_node)
		n += is_meant(sk);
	return n;
}

static void show_tcp(struct seq_buf *m)
{
	const struct figure tcp[] = {
		FIXED("RtoAlgorithm", 4), /* RFC 4022: vanj, RFC 2988's */
		FIXED("RtoMin", TCP_SLOW_INTERVAL),
		FIXED("RtoMax", 120000),
		FIXED("MaxConn", -1),
		BOTH("ActiveOpens", tcpactiveopens,
		     COUNT(tcp_local_active_opens)),
		BOTH("PassiveOpens", tcppassiveopens,
		     COUNT(tcp_local_passive_opens)),
		BOTH("AttemptFails", tcpattemptfails, COUNT(tcp_local_refused)),
		LWIP("EstabResets", tcpestabresets),
		FIXED("CurrEstab", count_socks(&tcp_socks, is_established)),
		LWIP("InSegs", tcpinsegs),
		LWIP("OutSegs", tcpoutsegs),
		LWIP("RetransSegs", tcpretranssegs),
		LWIP("InErrs", tcpinerrs),
		LWIP("OutRsts", tcpoutrsts),
		{ .name = "InCsumErrors", .lwip = &lwip_stats.tcp.chkerr },
	};

	show_group(m, "Tcp", tcp, ARRAY_SIZE(tcp));
}

void proc_snmp_show(struct seq_buf *m)
{
	show_group(m, "Ip", ip, ARRAY_SIZE(ip));
	show_group(m, "Icmp", icmp, ARRAY_SIZE(icmp));
	show_tcp(m);
	show_group(m, "Udp", udp, ARRAY_SIZE(udp));
}

void proc_netstat_show(struct seq_buf *m)
{
	show_group(m, "TcpExt", tcp_ext, ARRAY_SIZE(tcp_ext));
	show_group(m, "IpExt", ip_ext, ARRAY_SIZE(ip_ext));
}

/* ---- Sockets ------------------------------------------------------------- */

static bool is_in_use(const struct sock *sk)
{
	return sk->sk_state != TCP_CLOSE;
}

static bool is_orphan(const struct sock *sk)
{
	return !sk->sk_socket && !tcp_sk((struct sock *)sk)->listener;
}

static unsigned int count_bound(struct inet_ports *ports)
{
	struct inet_bind_bucket *bucket;
	struct inet_binding *b;
	unsigned int n = 0;

	for (unsigned int i = 0; i < INET_PORT_CHAINS; i++) {
		for (bucket = ports->chains[i]; bucket; bucket = bucket->next) {
			list_for_each_entry(b, &bucket->owners, node)
				n++;
			list_for_each_entry(b, &bucket->conns, node)
				n++;
		}
	}
	return n;
}

void proc_sockstat_show(struct seq_buf *m)
{
	seq_printf(m, "sockets: used %zu\n", nr_sockets());
	seq_printf(m, "TCP: inuse %u orphan %u tw %zu alloc %u mem %zu\n",
		   count_socks(&tcp_socks, is_in_use),
		   count_socks(&tcp_socks, is_orphan), tcp_time_wait_count(),
		   tcp_socks.count,
		   ALIGN_UP(rxqueue_memory(), PAGE_SIZE) / PAGE_SIZE);
	seq_printf(m, "UDP: inuse %u mem %zu\n", count_bound(udp_prot.ports),
		   ALIGN_UP(dgram_memory(), PAGE_SIZE) / PAGE_SIZE);
	seq_printf(m, "UDPLITE: inuse 0\nRAW: inuse %u\n", raw_socks.count);
	seq_printf(m, "FRAG: inuse %u memory %lu\n", ip_reass_packets(),
		   (unsigned long)ip_reass_memory());
}

/* operations: a column for each operation, 'y' or 'n'. */
static void show_protocol(struct seq_buf *m, const char *name, size_t size,
			  unsigned int count, const char *operations)
{
	seq_printf(m, "%-9s %4zu %6u  %6d   %-3s %6u   %-3s  %-10s ", name,
		   size, count, -1, "NI", 0, "yes", "kernel");
	for (; *operations; operations++)
		seq_printf(m, "%2c%s", *operations, operations[1] ? " " : "");
	seq_putc(m, '\n');
}

void proc_protocols_show(struct seq_buf *m)
{
	seq_printf(m, "protocol  size sockets  memory press maxhdr  slab module"
		      "     cl co di ac io in de sh ss gs se re bi br ha uh "
		      "gp em\n");
	show_protocol(m, "UNIX", sizeof(struct unix_sock), unix_socks.count,
		      "ynnnnnnnnnnnnnnnnn");
	show_protocol(m, "PING", sizeof(struct dgram_sock),
		      count_bound(ping_prot.ports), "yyynnynnyyyyyynyyn");
	show_protocol(m, "RAW", sizeof(struct dgram_sock), raw_socks.count,
		      "yyynyyynyyyyyyyynn");
	show_protocol(m, "UDP", sizeof(struct dgram_sock),
		      count_bound(udp_prot.ports), "yyynyyynyyyynnyyyn");
	show_protocol(m, "TCP", sizeof(struct tcp_sock), tcp_socks.count,
		      "yyyyyyyyyyyynyyyyy");
	show_protocol(m, "NETLINK", sizeof(struct netlink_sock),
		      netlink_socks.count, "nnnnnnnnnnnnnnnnnn");
}
