/* SPDX-License-Identifier: MIT */
/*
 * Routes, decided in the order of Linux's ip_route_output_key(), for a machine
 * with lo and at most one other interface. Softirq and system calls.
 */
#include "net/inet/ip_route.h"

#include <errno.h>

#include "lwip/netif.h"

#include "kernel/base.h"
#include "kernel/task/clock.h"

#define LOOPBACK_BROADCAST __builtin_bswap32(0x7fffffff)

#define PMTU_ENTRIES 64
#define PMTU_EXPIRES_NS (600 * NSEC_PER_SEC) /* net.ipv4.route.mtu_expires */

struct pmtu {
	uint32_t daddr;
	uint32_t mtu;
	uint64_t expires;
};

static struct pmtu pmtus[PMTU_ENTRIES];

/* ---- Interfaces ---------------------------------------------------------- */

struct netif *ip_netif(int ifindex)
{
	if (ifindex < LINK_LO || ifindex > LINK_ETH)
		return NULL;
	return netif_get_by_index(ifindex);
}

uint32_t ip_ifaddr(int ifindex)
{
	const struct netif *netif = ip_netif(ifindex);

	return netif ? netif_ip4_addr(netif)->addr : 0;
}

int ip_find_interface(uint32_t addr)
{
	if (ip_is_loopback(addr))
		return LINK_LO;
	return addr && addr == ip_ifaddr(LINK_ETH) ? LINK_ETH : 0;
}

static bool is_broadcast_of_eth(uint32_t addr)
{
	const struct netif *eth = ip_netif(LINK_ETH);
	uint32_t mask;

	if (!eth || !netif_ip4_addr(eth)->addr)
		return false;
	mask = netif_ip4_netmask(eth)->addr;
	return mask != ADDR_BROADCAST && (addr | mask) == ADDR_BROADCAST &&
	       !((addr ^ netif_ip4_addr(eth)->addr) & mask);
}

enum ip_route_type ip_addr_type(uint32_t addr)
{
	if (!addr || addr == ADDR_BROADCAST || addr == LOOPBACK_BROADCAST)
		return ROUTE_BROADCAST;
	if (ip_is_multicast(addr))
		return ROUTE_MULTICAST;
	if (ip_find_interface(addr))
		return ROUTE_LOCAL;
	if (is_broadcast_of_eth(addr))
		return ROUTE_BROADCAST;
	return ROUTE_UNICAST;
}

/* ---- Path MTU ------------------------------------------------------------ */

static struct pmtu *pmtu_slot(uint32_t daddr)
{
	uint32_t h = daddr ^ daddr >> 16;

	return &pmtus[(h ^ h >> 8) % PMTU_ENTRIES];
}

void ip_update_pmtu(uint32_t daddr, uint32_t mtu)
{
	struct pmtu *e = pmtu_slot(daddr);
	const struct netif *eth = ip_netif(LINK_ETH);

	mtu = MAX(mtu, (uint32_t)IP_MIN_PMTU);
	if (!eth || mtu >= eth->mtu)
		return;
	*e = (struct pmtu){ daddr, mtu, ktime_get_ns() + PMTU_EXPIRES_NS };
}

static uint32_t known_pmtu(uint32_t daddr, uint32_t mtu)
{
	const struct pmtu *e = pmtu_slot(daddr);

	if (e->daddr != daddr || e->expires <= ktime_get_ns())
		return mtu;
	return MIN(e->mtu, mtu);
}

/* ---- Routes -------------------------------------------------------------- */

/* The source for all of 127.0.0.0/8 is 127.0.0.1, as in Linux's table. */
static uint32_t local_source(uint32_t daddr)
{
	return ip_is_loopback(daddr) ? ADDR_LOOPBACK : daddr;
}

static int use(struct ip_route *rt, enum ip_route_type type, int ifindex)
{
	rt->type = type;
	rt->ifindex = ifindex;
	rt->netif = ip_netif(ifindex);
	if (!rt->netif)
		return -ENODEV;
	rt->mtu = ifindex == LINK_LO ? LOOPBACK_MTU : rt->netif->mtu;
	rt->pmtu = type == ROUTE_UNICAST ? known_pmtu(rt->daddr, rt->mtu) :
					   rt->mtu;
	if (!rt->saddr)
		rt->saddr = type == ROUTE_LOCAL ? local_source(rt->daddr) :
						  ip_ifaddr(ifindex);
	if (type != ROUTE_LOCAL && ifindex != LINK_LO &&
	    ip_is_loopback(rt->saddr))
		return -EINVAL;
	return 0;
}

/* On the link, or through a gateway. */
static bool is_reachable(uint32_t daddr)
{
	const struct netif *eth = ip_netif(LINK_ETH);

	if (!eth || !netif_is_up(eth) || !netif_ip4_addr(eth)->addr)
		return false;
	if (netif_ip4_gw(eth)->addr)
		return true;
	return !((daddr ^ netif_ip4_addr(eth)->addr) &
		 netif_ip4_netmask(eth)->addr);
}

/* To a group: over the interface of the source address, else over eth0. */
static int route_group(struct ip_route *rt, enum ip_route_type type)
{
	int source = rt->saddr ? ip_find_interface(rt->saddr) : 0;

	if (source)
		return use(rt, type, source);
	return is_reachable(rt->daddr) ? use(rt, type, LINK_ETH) : -ENETUNREACH;
}

static int route_over(struct ip_route *rt, int oif)
{
	enum ip_route_type type = ip_addr_type(rt->daddr);

	if (!ip_netif(oif))
		return -ENODEV;
	if (oif != LINK_LO && !ip_ifaddr(oif))
		return -ENETUNREACH;
	if (type == ROUTE_LOCAL)
		return use(rt, type, LINK_LO);
	return use(rt, type, oif);
}

int ip_find_route(uint32_t daddr, uint32_t saddr, int oif, bool any_source,
		  struct ip_route *rt)
{
	enum ip_route_type type;

	*rt = (struct ip_route){ .daddr = daddr, .saddr = saddr };
	if (ip_is_multicast(saddr) || saddr == ADDR_BROADCAST)
		return -EINVAL;
	if (saddr && !any_source && !ip_find_interface(saddr))
		return -ENETUNREACH;
	if (!daddr)
		rt->daddr = saddr ? saddr : ADDR_LOOPBACK;
	if (oif)
		return route_over(rt, oif);
	type = ip_addr_type(rt->daddr);
	switch (type) {
	case ROUTE_LOCAL:
		return use(rt, type, LINK_LO);
	case ROUTE_BROADCAST:
		if (rt->daddr == LOOPBACK_BROADCAST)
			return use(rt, type, LINK_LO);
		return route_group(rt, type);
	case ROUTE_MULTICAST:
		return route_group(rt, type);
	default:
		return is_reachable(rt->daddr) ? use(rt, type, LINK_ETH) :
						 -ENETUNREACH;
	}
}
