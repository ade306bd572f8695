/* SPDX-License-Identifier: MIT */
/*
 * Named counters of the stack; each place that can drop a packet has its own.
 * All are in /proc/net/pollux, some also in /proc/net/snmp and netstat under
 * Linux's names.
 */
#ifndef NET_BASE_COUNTERS_H
#define NET_BASE_COUNTERS_H

#include <stdint.h>

/* The list: X(name). */
#define NET_COUNTERS(X)                             \
	/* received frames that end before lwIP */  \
	X(drop_runt)                                \
	X(drop_oversize)                            \
	X(drop_foreign)                             \
	X(drop_unknown_type)                        \
	/* IPv4 packets */                          \
	X(drop_ip_header)                           \
	X(drop_ip_truncated)                        \
	X(drop_udp_length)                          \
	X(drop_ip_martian)                          \
	X(drop_ip_checksum)                         \
	X(drop_ip_options)                          \
	X(drop_ip_no_member)                        \
	X(ip_unknown_protocol)                      \
	X(ip_out_requests)                          \
	X(ip_out_no_routes)                         \
	X(ip_frag_oks)                              \
	X(ip_frag_fails)                            \
	X(ip_frags_created)                         \
	X(ip_reass_reqds)                           \
	X(ip_reass_oks)                             \
	X(ip_reass_fails)                           \
	X(ip_reass_timeouts)                        \
	X(ip_reass_evicted)                         \
	X(ip_reass_duplicates)                      \
	X(ip_reass_drop_length)                     \
	X(ip_reass_drop_overlap)                    \
	X(ip_reass_drop_number)                     \
	X(ip_reass_drop_no_memory)                  \
	/* TCP segments, by enum tcp_drop_reason */ \
	X(tcp_drop_options)                         \
	X(tcp_drop_flags)                           \
	X(tcp_drop_old)                             \
	X(tcp_drop_window)                          \
	X(tcp_drop_no_ack)                          \
	X(tcp_drop_bad_ack)                         \
	X(tcp_drop_syn)                             \
	X(tcp_drop_rst)                             \
	X(tcp_drop_backlog)                         \
	X(tcp_drop_memory)                          \
	X(tcp_drop_no_pcb)                          \
	X(tcp_drop_share)                           \
	X(tcp_memory_pressures)                     \
	X(tcp_prune_called)                         \
	X(tcp_ofo_pruned)                           \
	X(tcp_aborted_memory)                       \
	X(tcp_listen_overflows)                     \
	X(tcp_listen_drops)                         \
	X(tcp_syncookies_sent)                      \
	X(tcp_syncookies_recv)                      \
	X(tcp_syncookies_failed)                    \
	X(tcp_challenge_acks)                       \
	X(tcp_challenge_throttled)                  \
	X(tcp_reset_throttled)                      \
	X(tcp_cut)                                  \
	X(tcp_time_waits)                           \
	X(tcp_path_mtu)                             \
	X(tcp_icmp_out_of_window)                   \
	X(tcp_time_wait_recycled)                   \
	X(tcp_time_wait_overflow)                   \
	/* sockets */                               \
	X(tcp_accepted)                             \
	X(tcp_accept_no_memory)                     \
	X(tcp_rx_copied)                            \
	X(tcp_local_active_opens)                   \
	X(tcp_local_passive_opens)                  \
	X(tcp_local_refused)                        \
	X(tcp_orphans_aborted)                      \
	/* UDP, ICMP, IGMP */                       \
	X(udp_in_datagrams)                         \
	X(udp_out_datagrams)                        \
	X(udp_no_ports)                             \
	X(udp_drop_rcvbuf)                          \
	X(udp_drop_no_memory)                       \
	X(udp_drop_no_member)                       \
	X(udp_drop_checksum)                        \
	X(udp_sndbuf_errors)                        \
	X(raw_drop_rcvbuf)                          \
	X(raw_drop_no_memory)                       \
	X(ping_drop_rcvbuf)                         \
	X(ping_drop_no_memory)                      \
	X(icmp_in_msgs)                             \
	X(icmp_in_errors)                           \
	X(icmp_in_csum_errors)                      \
	X(icmp_out_msgs)                            \
	X(icmp_out_limited)                         \
	X(icmp_drop_no_memory)                      \
	X(igmp_in_queries)                          \
	X(igmp_in_errors)                           \
	X(igmp_out_reports)                         \
	/* frames to send */                        \
	X(tx_copied)                                \
	X(tx_queued)                                \
	X(drop_tx_queue_full)                       \
	X(drop_tx_no_memory)                        \
	X(drop_tx_device)                           \
	X(drop_tx_no_route)                         \
	X(drop_loop_queue_full)                     \
	X(drop_loop_no_memory)

struct net_counters {
#define X(name) uint64_t name;
	NET_COUNTERS(X)
#undef X
};

extern struct net_counters net_counters;

#define net_count(name) (net_counters.name++)

struct seq_buf;

void net_counters_show(struct seq_buf *m);

#endif
