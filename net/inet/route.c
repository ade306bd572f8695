/* SPDX-License-Identifier: MIT */
/*
 * Derives the routes, as ip-route(8) shows them, from the interfaces. Owns
 * nothing.
 */
#include "net/inet/route.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "kernel/base.h"
#include "net/link/ipconfig.h"
#include "net/link/link.h"
#include "net/socket/sock.h"

#define ROUTES_PER_LINK 6

static void to_ourselves(struct net_route *r, uint32_t dest, uint8_t prefix)
{
	r->table = RT_TABLE_LOCAL;
	r->protocol = RTPROT_KERNEL;
	r->type = RTN_LOCAL;
	r->scope = RT_SCOPE_HOST;
	r->dest = dest;
	r->prefix = prefix;
}

static void to_everybody(struct net_route *r, uint32_t dest)
{
	to_ourselves(r, dest, 32);
	r->type = RTN_BROADCAST;
	r->scope = RT_SCOPE_LINK;
}

static void to_gateway(struct net_route *r, const struct net_link *link)
{
	r->table = RT_TABLE_MAIN;
	r->protocol = RTPROT_BOOT;
	r->type = RTN_UNICAST;
	r->scope = RT_SCOPE_UNIVERSE;
	r->gateway = link->gateway;
	r->source = 0;
}

static void to_neighbours(struct net_route *r, const struct net_link *link)
{
	r->table = RT_TABLE_MAIN;
	r->protocol = RTPROT_KERNEL;
	r->type = RTN_UNICAST;
	r->scope = RT_SCOPE_LINK;
	r->dest = link->addr & link->netmask;
	r->prefix = prefix_length(link->netmask);
}

/* RFC 3021: a /31 has no broadcast address, nor has a /32. */
static bool has_broadcast(const struct net_link *link)
{
	return prefix_length(link->netmask) < 31;
}

/* Route number n of an interface, the widest of a table first. */
static bool link_route(const struct net_link *link, unsigned int n,
		       struct net_route *r)
{
	bool lo = link->index == LINK_LO;
	uint32_t net = link->addr & link->netmask;

	memset(r, 0, sizeof(*r));
	r->oif = link->index;
	r->source = link->addr;
	switch (n) {
	case 0:
		to_gateway(r, link);
		return !lo && link->gateway;
	case 1:
		to_neighbours(r, link);
		return !lo && r->prefix < 32;
	case 2:
		to_ourselves(r, net, prefix_length(link->netmask));
		return lo;
	case 3:
		to_ourselves(r, link->addr, 32);
		return true;
	case 4:
		to_everybody(r, net | ~link->netmask);
		return has_broadcast(link);
	default:
		return false;
	}
}

bool net_route_at(unsigned int n, struct net_route *route)
{
	struct net_link link;

	for (unsigned int i = LINK_LO; net_link_get(i, &link); i++) {
		for (unsigned int k = 0; link.addr && k < ROUTES_PER_LINK; k++)
			if (link_route(&link, k, route) && !n--)
				return true;
	}
	return false;
}

static uint32_t prefix_mask(uint8_t prefix)
{
	return prefix ? __builtin_bswap32(~0U << (32 - prefix)) : 0;
}

static bool leads_to(const struct net_route *r, uint32_t dest, unsigned int oif,
		     bool onlink)
{
	if (oif && r->oif != oif)
		return false;
	if (onlink && r->gateway)
		return false;
	return ((dest ^ r->dest) & prefix_mask(r->prefix)) == 0;
}

/* Table "local" comes before "main", then the longer prefix. */
static bool is_better(const struct net_route *a, const struct net_route *b)
{
	if (a->table != b->table)
		return a->table == RT_TABLE_LOCAL;
	return a->prefix > b->prefix;
}

int net_route_lookup(uint32_t dest, unsigned int oif, bool onlink,
		     struct net_route *route)
{
	struct net_route r;
	struct net_link link;

	route->oif = 0;
	for (unsigned int n = 0; net_route_at(n, &r); n++) {
		if (leads_to(&r, dest, oif, onlink) &&
		    (!route->oif || is_better(&r, route)))
			*route = r;
	}
	if (!route->oif)
		return -ENETUNREACH;
	if (!route->source && net_link_get(route->oif, &link))
		route->source = link.addr;
	if (route->type == RTN_LOCAL) {
		route->oif = LINK_LO;
		route->source = dest;
	}
	route->dest = dest;
	route->prefix = 32;
	route->cloned = true;
	return 0;
}

int net_route_allowed(const struct sock *sk, uint32_t dest)
{
	bool onlink = sock_flag(sk, SOCK_F_DONTROUTE);
	struct net_route r;
	int err;

	if (!onlink && !sk->sk_bound_dev_if)
		return 0;
	err = net_route_lookup(dest, 0, onlink, &r);
	if (err)
		return err;
	if (sk->sk_bound_dev_if && (int)r.oif != sk->sk_bound_dev_if)
		return -ENETUNREACH;
	return 0;
}
