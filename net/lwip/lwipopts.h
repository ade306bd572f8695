/* SPDX-License-Identifier: MIT */
/*
 * lwIP's configuration. Everything that the kernel does itself (names, sockets,
 * threads, UDP except for DHCP, fragments, IGMP) is off: code that is not
 * compiled in cannot be attacked.
 */
#ifndef LWIP_LWIPOPTS_H
#define LWIP_LWIPOPTS_H

/* The raw API, called from the net softirq and from system calls. */
#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_CALLBACK_API 1
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_RAW 0
#define LWIP_DNS 0
#define LWIP_IPV6 0
#define LWIP_IGMP 0
#define LWIP_AUTOIP 0
#define PPP_SUPPORT 0

void net_assert_context(void);
#define LWIP_ASSERT_CORE_LOCKED() net_assert_context()

/*
 * Memory. Pools are slab caches (net/lwip/memp.c) with limits that follow
 * the size of the machine; the MEMP_NUM_ numbers are not used.
 */
#define MEM_ALIGNMENT 8
#define MEM_LIBC_MALLOC 1
#define LWIP_DISABLE_MEMP_SANITY_CHECKS 1
#define LWIP_PBUF_REF_T uint32_t
#define LWIP_SUPPORT_CUSTOM_PBUF 1
/* Set by net/base/rxqueue.c while it holds the pbuf: what it has charged. */
#define LWIP_PBUF_CUSTOM_DATA uint16_t charged;
#define PBUF_POOL_FREE_OOSEQ 0

/* Ethernet and ARP. */
#define ETH_PAD_SIZE 0
#define ARP_TABLE_SIZE 256
#define ARP_QUEUEING 1
/* Packets that wait for one ARP reply: the longest datagram's fragments. */
#define ARP_QUEUE_LEN 48
#define LWIP_NETIF_HWADDRHINT 1
#define ETHARP_SUPPORT_STATIC_ENTRIES 0
#define LWIP_NETIF_STATUS_CALLBACK 1
#define LWIP_NETIF_LINK_CALLBACK 1
/* net/link/loopback.c handles packets to our own addresses. */
#define LWIP_NETIF_LOOPBACK 0
#define LWIP_HAVE_LOOPIF 0

/* IPv4. */
#define IP_FORWARD 0
#define IP_REASSEMBLY 0
#define IP_FRAG 0
#define IP_OPTIONS_ALLOWED 0
#define IP_SOF_BROADCAST 0
#define IP_DEFAULT_TTL 64
#define LWIP_BROADCAST_PING 0
#define LWIP_MULTICAST_PING 0

/* DHCP without the ARP probe of the offered address, which takes seconds. */
#define LWIP_DHCP 1
#define DHCP_DOES_ARP_CHECK 0
#define LWIP_DHCP_MAX_DNS_SERVERS 0

/* UDP. */
#define LWIP_UDP 1
#define UDP_TTL 64

/*
 * TCP. The window that one connection may reach, and the most that it may
 * queue for sending; the socket layer starts lower (net/tcp/tcp_window.c).
 */
#define LWIP_TCP 1
#define TCP_TTL 64
#define TCP_MSS 1460
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 3
#define TCP_WND (256 * 1024)
#define TCP_SND_BUF (256 * 1024)
#define TCP_SND_QUEUELEN 1024
#define TCP_SNDLOWAT 16384
#define TCP_OVERSIZE TCP_MSS
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1
#define TCP_QUEUE_OOSEQ 1
#define TCP_OOSEQ_MAX_BYTES TCP_WND
#define TCP_OOSEQ_MAX_PBUFS 256
#define LWIP_TCP_SACK_OUT 1
#define LWIP_TCP_MAX_SACK_NUM 4
#define LWIP_TCP_TIMESTAMPS 0
#define LWIP_TCP_KEEPALIVE 1
#define TCP_LISTEN_BACKLOG 1
#define LWIP_TCP_PCB_NUM_EXT_ARGS 1 /* the hold on a port: net/tcp/tcp.c */
#define SO_REUSE 1
#define TCP_MAXRTX 12
#define TCP_SYNMAXRTX 6
/* Fast timer 100 ms (delayed ACK), slow 200 ms; RTO is at least 3 slow. */
#define TCP_TMR_INTERVAL 100
/* TIME-WAIT, LAST-ACK and FIN-WAIT-2 of a closed socket: 60 s, as Linux. */
#define TCP_MSL 30000UL
#define TCP_FIN_WAIT_TIMEOUT 60000

/* Counters for /proc/net/snmp. */
#define LWIP_STATS 1
#define LWIP_STATS_LARGE 1
#define MIB2_STATS 1
#define LINK_STATS 0
#define MEM_STATS 0
#define MEMP_STATS 0
#define SYS_STATS 0

#define LWIP_HOOK_FILENAME "net/lwip/hooks.h"

#endif
