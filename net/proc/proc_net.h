/* SPDX-License-Identifier: MIT */
/*
 * The files below /proc/net and /proc/sys/net, between those that print them.
 * The formats are Linux's, to the column: proc(5), and what it prints.
 */
#ifndef NET_PROC_PROC_NET_H
#define NET_PROC_PROC_NET_H

#include <stdint.h>

#include "net/socket/sock.h"
#include "net/socket/socket.h"

struct seq_buf;
struct seq_pos;

/* Registers all of them. Thread context, once. */
void net_proc_init(void);
int net_sysctl_init(void); /* net/proc/proc_sysctl.c: /proc/sys/net */

/* net/proc/proc_net.c: what lines about Internet sockets have in common. */
static inline uint64_t sock_ino(const struct sock *sk)
{
	return sk->sk_socket ? sk->sk_socket->ino : 0;
}

struct sock_queues sock_get_queues(struct sock *sk);

/* net/proc/proc_tcp.c, net/proc/proc_dgram.c, net/proc/proc_unix.c: see seq_walk. */
void proc_tcp_walk(struct seq_buf *m, struct seq_pos *pos);
void proc_udp_walk(struct seq_buf *m, struct seq_pos *pos);
void proc_udplite_walk(struct seq_buf *m, struct seq_pos *pos);
void proc_raw_walk(struct seq_buf *m, struct seq_pos *pos);
void proc_icmp_walk(struct seq_buf *m, struct seq_pos *pos);
void proc_unix_walk(struct seq_buf *m, struct seq_pos *pos);
void proc_netlink_walk(struct seq_buf *m, struct seq_pos *pos);

/* net/proc/proc_dev.c */
void proc_dev_show(struct seq_buf *m);
void proc_route_show(struct seq_buf *m);
void proc_arp_show(struct seq_buf *m);
void proc_igmp_show(struct seq_buf *m);
void proc_packet_show(struct seq_buf *m);
void proc_ptype_show(struct seq_buf *m);

/* net/proc/proc_snmp.c */
void proc_sockstat_show(struct seq_buf *m);
void proc_protocols_show(struct seq_buf *m);
void proc_snmp_show(struct seq_buf *m);
void proc_netstat_show(struct seq_buf *m);

#endif
