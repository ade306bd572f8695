/* SPDX-License-Identifier: MIT */
/*
 * Routes of packets: to this machine itself, to the link, to a gateway. Two
 * interfaces and one gateway need no table. Path MTUs that routers report are
 * kept for ten minutes (RFC 1191 6.3).
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
	uint32_t daddr; /* for 0: the source asked for, or 127.0.0.1 */
	uint32_t saddr; /* source address of packets */
	uint32_t mtu; /* of the link */
	uint32_t pmtu; /* of the path, as far as is known */
};

static inline bool ip_is_multicast(uint32_t addr)
{
	return (addr & 0xf0) == 0xe0;
}

static inline bool ip_is_loopback(uint32_t addr)
{
	return (addr & 0xff) == 127;
}

/* The type of an address; ROUTE_UNICAST: another machine's. */
enum ip_route_type ip_addr_type(uint32_t addr);
/* The address of an interface; 0: no address or no interface. */
uint32_t ip_ifaddr(int ifindex);
struct netif *ip_netif(int ifindex); /* NULL: no interface */
/* The interface that has this address; 0: none. */
int ip_find_interface(uint32_t addr);

/*
 * The route to daddr; from saddr and over interface oif unless they are 0.
 * any_source: saddr need not be ours. 0, -ENETUNREACH, -ENODEV, -EINVAL.
 */
int ip_find_route(uint32_t daddr, uint32_t saddr, int oif, bool any_source,
		  struct ip_route *rt);

/* A router reports that packets to daddr may have at most mtu bytes. */
void ip_update_pmtu(uint32_t daddr, uint32_t mtu);

#endif
