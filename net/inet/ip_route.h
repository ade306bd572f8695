/* SPDX-License-Identifier: MIT */
/*
 * Where a packet goes: to this machine itself, to the link, to a gateway. Two
 * interfaces and one gateway need no table. What the way's routers said about
 * its MTU is remembered for ten minutes (RFC 1191 6.3).
 */
#ifndef NET_INET_IP_ROUTE_H
#define NET_INET_IP_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/link/link.h"

struct netif; /* lwIP's */

#define LOOPBACK_MTU 65535 /* lo's 65536 is more than a packet can have */
#define IP_MIN_PMTU 552 /* net.ipv4.route.min_pmtu */

#define ADDR_LOOPBACK __builtin_bswap32(0x7f000001)
#define ADDR_BROADCAST 0xffffffffU

enum ip_route_type {
	ROUTE_UNICAST,
	ROUTE_LOCAL,
	ROUTE_BROADCAST,
	ROUTE_MULTICAST,
};

struct ip_route {
	enum ip_route_type type;
	int ifindex;
	struct netif *netif;
	uint32_t daddr; /* 0 was asked: the loopback address */
	uint32_t saddr; /* of packets that go there */
	uint32_t mtu; /* of the link */
	uint32_t pmtu; /* of the way, as far as is known */
};

static inline bool ip_is_multicast(uint32_t addr)
{
	return (addr & 0xf0) == 0xe0;
}

static inline bool ip_is_loopback(uint32_t addr)
{
	return (addr & 0xff) == 127;
}

/* What addr is to this machine: ROUTE_UNICAST is somebody else's. */
enum ip_route_type ip_addr_type(uint32_t addr);
/* The address of an interface, 0: it has none or is not there. */
uint32_t ip_ifaddr(int ifindex);
struct netif *ip_netif(int ifindex); /* NULL */
/* The interface with that very address, 0: none. */
int ip_find_interface(uint32_t addr);

/*
 * The way to daddr, from saddr if that is not 0, over interface oif if that is
 * not 0. any_source: saddr need not be ours. 0, -ENETUNREACH, -ENODEV, -EINVAL.
 */
int ip_find_route(uint32_t daddr, uint32_t saddr, int oif, bool any_source,
		  struct ip_route *rt);

/* A router says that packets to daddr may not be longer than mtu. */
void ip_update_pmtu(uint32_t daddr, uint32_t mtu);

#endif
