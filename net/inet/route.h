/* SPDX-License-Identifier: MIT */
/*
 * The routes that follow from the interfaces' addresses, as in Linux's tables
 * "local" and "main". They cannot be changed.
 */
#ifndef NET_INET_ROUTE_H
#define NET_INET_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

/* Addresses in network byte order; types, scopes, tables: rtnetlink(7). */
struct net_route {
	uint32_t dest;
	uint8_t prefix; /* bits of dest that count */
	uint8_t type;
	uint8_t scope;
	uint8_t table;
	uint8_t protocol;
	bool cloned; /* the result of a lookup, not a table's entry */
	unsigned int oif;
	uint32_t gateway; /* 0: none */
	uint32_t source; /* preferred, 0: none */
};

/* Route number n, from 0, of both tables; false: there are no more. */
bool net_route_at(unsigned int n, struct net_route *route);
/*
 * The route to dest, through interface oif unless that is 0; onlink: not
 * through a gateway. route->source is always set. 0, -ENETUNREACH.
 */
int net_route_lookup(uint32_t dest, unsigned int oif, bool onlink,
		     struct net_route *route);

/*
 * Whether SO_DONTROUTE and SO_BINDTODEVICE allow sk the route to dest. On Linux
 * a packet sent over the wrong interface never arrives; here it is not sent at
 * all. 0, -ENETUNREACH.
 */
struct sock;
int net_route_allowed(const struct sock *sk, uint32_t dest);

#endif
