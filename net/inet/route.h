/* SPDX-License-Identifier: MIT */
/*
 * The routes that follow from the interfaces' addresses, as Linux would have
 * them in its tables "local" and "main". Nobody can change them.
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
	bool cloned; /* the answer to a question, not of a table */
	unsigned int oif;
	uint32_t gateway; /* 0: none */
	uint32_t source; /* preferred, 0: none */
};

/* Route number n from 0, of both tables; false: there are no more. */
bool net_route_at(unsigned int n, struct net_route *route);
/*
 * The way to dest, through interface oif unless that is 0; a link only if
 * onlink. The answer's source is always set. 0, -ENETUNREACH.
 */
int net_route_lookup(uint32_t dest, unsigned int oif, bool onlink,
		     struct net_route *route);

/*
 * Whether the way to dest is one that sk may take: SO_DONTROUTE, SO_BINDTODEVICE.
 * A packet for another interface's hosts never arrives on Linux; here it is
 * not sent at all. 0, -ENETUNREACH.
 */
struct sock;
int net_route_allowed(const struct sock *sk, uint32_t dest);

#endif
