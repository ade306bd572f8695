/* SPDX-License-Identifier: MIT */
/*
 * The owners of ports: one table for each protocol, with a bucket for every
 * port in use, as Linux's inet_bind_bucket. Handles bindings and addresses, not
 * sockets; tested on the host.
 *
 * Invariants:
 *  1. Every binding with a port is on exactly one list of that port's bucket.
 *  2. A bucket's nr_bound is the number of its bindings that are bound.
 *  3. A bucket has a binding or a hold; an ephemeral port has its bit set
 *     exactly if it has a bucket.
 */
#ifndef NET_INET_INET_PORTS_H
#define NET_INET_INET_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/lib/list.h"

struct inet_ports;

/* Linux's net.ipv4.ip_local_port_range. */
#define INET_EPHEMERAL_FIRST 32768
#define INET_EPHEMERAL_LAST 60999
#define INET_EPHEMERAL_COUNT (INET_EPHEMERAL_LAST - INET_EPHEMERAL_FIRST + 1)

#define INET_PORT_CHAINS 1024

/* With whom a connection without a socket shares its port. */
#define INET_SHARES_REUSE 1 /* SO_REUSEADDR */
#define INET_SHARES_REUSEPORT 2
#define INET_SHARES_KINDS 4

/* A port in use. */
struct inet_bind_bucket {
	struct inet_bind_bucket *next; /* of the same chain */
	struct inet_ports *ports;
	/* Sockets that were bound: the latest first. */
	struct list_head owners;
	/* Connections opened from this port, or accepted on it. */
	struct list_head conns;
	uint32_t nr_bound; /* bindings that bind(2) or listen(2) made */
	/* Connections without a socket: [127.0.0.0/8][INET_SHARES_...]. */
	uint32_t holds[2][INET_SHARES_KINDS];
	uint16_t port;
};

/* A socket's claim on a port. Zeroed: on no list. */
struct inet_binding {
	struct list_head node;
	struct inet_bind_bucket *bucket; /* NULL: not bound */
	uint32_t addr; /* network byte order, 0: any */
	uint16_t port; /* host byte order, 0: not bound */
	/*
	 * IP_LOCAL_PORT_RANGE, ip(7): the bounds of a port that is chosen; 0,
	 * or one that is not ephemeral: the default's.
	 */
	uint16_t port_first, port_last;
	bool addr_locked; /* SOCK_BINDADDR_LOCK: bind(2) named an address */
	bool bound; /* by bind(2) or listen(2), not for connect(2) */
	bool port_asked; /* by number: kept when disconnected */
	bool reuse; /* SO_REUSEADDR */
	bool reuseport; /* SO_REUSEPORT */
	bool listening;
};

/* Starts zeroed except for random, exclusive_listen and tuple_used. */
struct inet_ports {
	struct inet_bind_bucket *chains[INET_PORT_CHAINS];
	/* Ephemeral ports in use, a bit each. */
	uint64_t used[(INET_EPHEMERAL_COUNT + 63) / 64];
	/* TCP: SO_REUSEADDR does not allow sharing a listener's port. */
	bool exclusive_listen;
	/* Whether a connection with this tuple exists. May be NULL. */
	bool (*tuple_used)(uint32_t addr, uint16_t port, uint32_t daddr,
			   uint16_t dport);
	uint32_t (*random)(void);
};

/* Creates the slab cache of all tables, once; false: no memory. */
bool inet_ports_setup(void);

/*
 * Claims b->addr:port; port 0 chooses a free one at random (RFC 6056).
 * 0, -EADDRINUSE, -ENOMEM. b must not be bound.
 */
int inet_bind_port(struct inet_ports *ports, struct inet_binding *b,
		   uint16_t port);
/*
 * A port for a connection from b->addr to the remote pair, at random; when
 * no port is free, one that other connections use to other peers. 0,
 * -EADDRNOTAVAIL, -ENOMEM.
 */
int inet_connect_port(struct inet_ports *ports, struct inet_binding *b,
		      uint32_t daddr, uint16_t dport);
/* Marks b as listening: 0, or -EADDRINUSE for a conflict. */
int inet_listen_port(struct inet_binding *b);
/* A connection accepted at addr shares its listener's port; cannot fail. */
void inet_inherit_port(struct inet_binding *b,
		       const struct inet_binding *listener, uint32_t addr);
void inet_release_port(struct inet_binding *b);
/* Back to the wildcard, unless the address is locked: SOCK_BINDADDR_LOCK. */
static inline void inet_forget_address(struct inet_binding *b)
{
	if (!b->addr_locked)
		b->addr = 0;
}

/*
 * A connection that has no socket any more (closing, TIME-WAIT) holds the
 * port of a binding that is still there against other bindings, until the
 * hold is dropped. addr: the connection's own address; shares: a sum of
 * INET_SHARES_... Cannot fail.
 */
uintptr_t inet_hold_port(const struct inet_binding *b, uint32_t addr,
			 unsigned int shares);
void inet_unhold_port(uintptr_t hold);
/* The same by port number; false: the port is unused, nothing is held. */
bool inet_hold_tuple(struct inet_ports *ports, uint16_t port, uint32_t addr,
		     unsigned int shares);
void inet_unhold_tuple(struct inet_ports *ports, uint16_t port, uint32_t addr,
		       unsigned int shares);
/* The `shares` of holds that b's connections take. */
static inline unsigned int inet_shares(const struct inet_binding *b)
{
	return (b->reuse ? INET_SHARES_REUSE : 0) |
	       (b->reuseport ? INET_SHARES_REUSEPORT : 0);
}

/*
 * A walk along the owners of a port, during which others may run: bindings
 * released or added meanwhile are not visited. inet_release_port() updates the
 * walk, so the caller must go on until inet_walk_next() returns NULL.
 */
struct inet_walk {
	struct list_head node;
	const struct list_head *at, *end;
};

void inet_walk_begin(struct inet_walk *walk, struct inet_ports *ports,
		     uint16_t port);
struct inet_binding *inet_walk_next(struct inet_walk *walk);

/* NULL: the port is unused. */
struct inet_bind_bucket *inet_find_bucket(struct inet_ports *ports,
					  uint16_t port);
/*
 * The listening binding for a connection from saddr:sport to daddr:dport, or
 * NULL. A specific address goes before the wildcard; in an SO_REUSEPORT group
 * a keyed hash of the four chooses.
 */
struct inet_binding *inet_lookup_listener(struct inet_ports *ports,
					  uint32_t saddr, uint16_t sport,
					  uint32_t daddr, uint16_t dport);

/* The invariants: kernel/check.h. */
const char *inet_ports_check(const struct inet_ports *ports);

#endif
