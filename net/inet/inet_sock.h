/* SPDX-License-Identifier: MIT */
/*
 * What every AF_INET socket has besides its struct sock.
 */
#ifndef NET_INET_INET_SOCK_H
#define NET_INET_INET_SOCK_H

#include "net/inet/inet_ports.h"
#include "net/socket/sock.h"

struct ip_membership;

#ifndef IP_PMTUDISC_DONT /* <linux/in.h>, which does not go with lwIP */
#define IP_PMTUDISC_DONT 0
#define IP_PMTUDISC_WANT 1
#define IP_PMTUDISC_DO 2
#define IP_PMTUDISC_PROBE 3
#define IP_PMTUDISC_OMIT 5
#endif

/* Addresses are in network, ports in host byte order. */
struct inet_sock {
	struct sock sk;
	struct inet_binding binding; /* addr: as bound */
	uint32_t saddr; /* what getsockname(2) shows */
	uint32_t daddr;
	uint16_t sport;
	uint16_t dport;

	/* Options of level IPPROTO_IP: sockopt_ip.c */
	uint8_t tos;
	uint8_t ttl;
	uint8_t min_ttl;
	uint8_t mc_ttl; /* of multicasts */
	uint8_t pmtudisc; /* IP_PMTUDISC_... */
	uint32_t ip_flags; /* BIT(IP_F_...) */
	int uc_index; /* interfaces; 0: the route's */
	int mc_index;
	uint32_t mc_addr; /* source address of multicasts, 0: any */
	struct ip_membership *memberships; /* net/inet/ip_mcast.c */
};

/* Bits of ip_flags, named as the options of ip(7). */
#define IP_F_PKTINFO 0
#define IP_F_RECVTTL 1
#define IP_F_RECVTOS 2
#define IP_F_RECVOPTS 3
#define IP_F_RETOPTS 4
#define IP_F_RECVORIGDSTADDR 5
#define IP_F_RECVFRAGSIZE 6
#define IP_F_RECVERR 7
#define IP_F_FREEBIND 8
#define IP_F_TRANSPARENT 9
#define IP_F_HDRINCL 10
#define IP_F_MULTICAST_LOOP 11
#define IP_F_MULTICAST_ALL 12
#define IP_F_BIND_ADDRESS_NO_PORT 13

static inline struct inet_sock *inet_sk(struct sock *sk)
{
	return container_of(sk, struct inet_sock, sk);
}

static inline bool ip_flag(const struct inet_sock *inet, unsigned int bit)
{
	return inet->ip_flags & BIT(bit);
}

/* The defaults of ip(7). */
void inet_sock_init(struct inet_sock *inet);

#endif
