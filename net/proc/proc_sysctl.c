/* SPDX-License-Identifier: MIT */
/*
 * /proc/sys/net: this stack's settings, read-only, for servers that read them
 * to choose sizes: tcp(7), udp(7), ip(7), socket(7). Owns nothing. Thread
 * context.
 */
#include "net/proc/proc_sysctl.h"

#include "lwip/tcp.h"

#include "kernel/base.h"
#include "kernel/lib/seq_buf.h"
#include "kernel/mm/page.h"
#include "kernel/procfs/proc.h"
#include "net/base/memory.h"
#include "net/inet/inet_ports.h"
#include "net/proc/proc_net.h"
#include "net/socket/sock.h"
#include "net/tcp/tcp_timewait.h"
#include "net/unix/unix.h"

#define SETTING(fn, ...)                         \
	static void show_##fn(struct seq_buf *m) \
	{                                        \
		seq_printf(m, __VA_ARGS__);      \
	}

SETTING(zero, "0\n")
SETTING(one, "1\n")
SETTING(somaxconn, "%d\n", SOMAXCONN_LIMIT)
SETTING(dgram_buf, "%d\n", SOCK_DGRAM_BUF)
SETTING(max_buf, "%d\n", SOCK_MAX_BUF)
SETTING(ports, "%d\t%d\n", INET_EPHEMERAL_FIRST, INET_EPHEMERAL_LAST)
SETTING(ttl, "%d\n", TCP_TTL)
SETTING(rmem, "%d\t%d\t%d\n", 4096, SOCK_DEFAULT_RCVBUF, SOCK_TCP_MAX_BUF)
SETTING(wmem, "%d\t%d\t%d\n", 4096, SOCK_DEFAULT_SNDBUF, SOCK_TCP_MAX_BUF)
SETTING(fin_timeout, "%d\n", TCP_TIMEWAIT_MS / 1000)
SETTING(keepalive_time, "7200\n")
SETTING(keepalive_intvl, "75\n")
SETTING(keepalive_probes, "9\n")
SETTING(tw_buckets, "%zu\n", tcp_time_wait_max())
SETTING(tw_reuse, "2\n")
SETTING(syn_retries, "%d\n", TCP_SYNMAXRTX)
SETTING(retries, "%d\n", TCP_MAXRTX)
SETTING(congestion, "reno\n")
SETTING(ping_group, "0\t2147483647\n")
SETTING(memberships, "20\n")
SETTING(dgram_qlen, "%d\n", UNIX_MAX_DGRAM_QLEN)

/* Pages: low and pressure, where windows stop growing; high: they close. */
static void show_mem(struct seq_buf *m)
{
	size_t pages = net_memory_limit() / PAGE_SIZE;

	seq_printf(m, "%zu\t%zu\t%zu\n", pages / 2, pages / 2, pages);
}

static const struct {
	const char *path;
	void (*show)(struct seq_buf *m);
} settings[] = {
	{ "sys/net/core/busy_poll", show_zero },
	{ "sys/net/core/busy_read", show_zero },
	{ "sys/net/core/rmem_default", show_dgram_buf },
	{ "sys/net/core/rmem_max", show_max_buf },
	{ "sys/net/core/somaxconn", show_somaxconn },
	{ "sys/net/core/wmem_default", show_dgram_buf },
	{ "sys/net/core/wmem_max", show_max_buf },
	{ "sys/net/ipv4/igmp_max_memberships", show_memberships },
	{ "sys/net/ipv4/ip_default_ttl", show_ttl },
	{ "sys/net/ipv4/ip_forward", show_zero },
	{ "sys/net/ipv4/ip_local_port_range", show_ports },
	{ "sys/net/ipv4/ip_nonlocal_bind", show_zero },
	{ "sys/net/ipv4/ip_unprivileged_port_start", show_zero },
	{ "sys/net/ipv4/ping_group_range", show_ping_group },
	{ "sys/net/ipv4/tcp_abort_on_overflow", show_zero },
	{ "sys/net/ipv4/tcp_available_congestion_control", show_congestion },
	{ "sys/net/ipv4/tcp_allowed_congestion_control", show_congestion },
	{ "sys/net/ipv4/tcp_congestion_control", show_congestion },
	{ "sys/net/ipv4/tcp_ecn", show_zero },
	{ "sys/net/ipv4/tcp_fastopen", show_zero },
	{ "sys/net/ipv4/tcp_fin_timeout", show_fin_timeout },
	{ "sys/net/ipv4/tcp_keepalive_intvl", show_keepalive_intvl },
	{ "sys/net/ipv4/tcp_keepalive_probes", show_keepalive_probes },
	{ "sys/net/ipv4/tcp_keepalive_time", show_keepalive_time },
	{ "sys/net/ipv4/tcp_max_tw_buckets", show_tw_buckets },
	{ "sys/net/ipv4/tcp_mem", show_mem },
	{ "sys/net/ipv4/tcp_moderate_rcvbuf", show_one },
	{ "sys/net/ipv4/tcp_retries2", show_retries },
	{ "sys/net/ipv4/tcp_rfc1337", show_one },
	{ "sys/net/ipv4/tcp_rmem", show_rmem },
	{ "sys/net/ipv4/tcp_sack", show_one },
	{ "sys/net/ipv4/tcp_syn_retries", show_syn_retries },
	{ "sys/net/ipv4/tcp_syncookies", show_one },
	{ "sys/net/ipv4/tcp_timestamps", show_zero },
	{ "sys/net/ipv4/tcp_tw_reuse", show_tw_reuse },
	{ "sys/net/ipv4/tcp_window_scaling", show_one },
	{ "sys/net/ipv4/tcp_wmem", show_wmem },
	{ "sys/net/ipv4/udp_mem", show_mem },
	{ "sys/net/unix/max_dgram_qlen", show_dgram_qlen },
};

int net_sysctl_init(void)
{
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(settings) && !err; i++)
		err = proc_register(settings[i].path, settings[i].show);
	return err;
}
