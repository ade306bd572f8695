/* SPDX-License-Identifier: MIT */
/*
 * Who owns which port: one table for each protocol. Portable: knows bindings
 * and addresses, nothing of sockets; tested on the host.
 *
 * Invariants:
 *  1. Every binding with a port is in exactly the bucket of that port.
 *  2. No two bindings of a bucket conflict by the rules of bind(2).
 */
#ifndef NET_INET_PORTS_H
#define NET_INET_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/list.h"

#define INET_PORT_BUCKETS 256

/* Linux's net.ipv4.ip_local_port_range. */
#define INET_EPHEMERAL_FIRST 32768
#define INET_EPHEMERAL_LAST 60999

/* A socket's claim on a port. Zeroed: on no list. */
struct inet_binding {
	struct list_head node;
	uint32_t addr; /* network byte order, 0: any */
	uint16_t port; /* host byte order, 0: not bound */
	bool bound; /* by bind(2) or listen(2), not for connect(2) */
	bool reuse; /* SO_REUSEADDR */
	bool reuseport; /* SO_REUSEPORT */
	bool listening;
};

struct inet_ports {
	struct list_head buckets[INET_PORT_BUCKETS];
	/* TCP: a listener's port is nobody else's, reuse or not. */
	bool exclusive_listen;
	/*
	 * Whether a connection without a socket (closing, TIME-WAIT) holds
	 * addr:port against a binding that may or may not reuse. May be NULL.
	 */
	bool (*held)(uint32_t addr, uint16_t port, bool reuse);
	/* Whether local port to the remote pair is taken. May be NULL. */
	bool (*tuple_used)(uint32_t addr, uint16_t port, uint32_t daddr,
			   uint16_t dport);
	uint32_t (*random)(void);
};

void inet_ports_init(struct inet_ports *ports);

/*
 * Claims b->addr:port; port 0 chooses a free one at random (RFC 6056).
 * 0, -EADDRINUSE. b must not be bound.
 */
int inet_bind_port(struct inet_ports *ports, struct inet_binding *b,
		   uint16_t port);
/*
 * A port for a connection from b->addr to the remote pair, at random; may be
 * one that other connections use to other peers. 0, -EADDRNOTAVAIL.
 */
int inet_connect_port(struct inet_ports *ports, struct inet_binding *b,
		      uint32_t daddr, uint16_t dport);
/* b is about to listen: 0, or -EADDRINUSE when another one listens there. */
int inet_listen_port(struct inet_ports *ports, struct inet_binding *b);
void inet_release_port(struct inet_binding *b);

#endif
