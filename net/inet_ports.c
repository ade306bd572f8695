/* SPDX-License-Identifier: MIT */
/*
 * The port table. Conflicts follow Linux's inet_csk_bind_conflict():
 *
 *	two bindings of one port conflict when their addresses overlap (are
 *	the same, or one is "any"), unless both allow reuse and the one that
 *	is there does not listen, or both allow SO_REUSEPORT.
 *
 * UDP knows no listening: two sockets that both allow reuse may share.
 */
#include "net/inet_ports.h"

#include <errno.h>

void inet_ports_init(struct inet_ports *ports)
{
	for (unsigned int i = 0; i < INET_PORT_BUCKETS; i++)
		INIT_LIST_HEAD(&ports->buckets[i]);
}

static struct list_head *bucket(struct inet_ports *ports, uint16_t port)
{
	return &ports->buckets[port % INET_PORT_BUCKETS];
}

static bool overlap(uint32_t a, uint32_t b)
{
	return !a || !b || a == b;
}

/* Whether b may have the port although other has it. */
static bool may_share(const struct inet_ports *ports,
		      const struct inet_binding *b,
		      const struct inet_binding *other)
{
	if (b->reuseport && other->reuseport)
		return true;
	return b->reuse && other->reuse &&
	       !(ports->exclusive_listen && other->listening);
}

static bool conflicts(struct inet_ports *ports, const struct inet_binding *b,
		      uint16_t port)
{
	struct inet_binding *other;

	list_for_each_entry(other, bucket(ports, port), node) {
		if (other == b || other->port != port ||
		    !overlap(b->addr, other->addr))
			continue;
		if (!may_share(ports, b, other))
			return true;
	}
	return ports->held && ports->held(b->addr, port, b->reuse);
}

static void claim(struct inet_ports *ports, struct inet_binding *b,
		  uint16_t port, bool bound)
{
	b->port = port;
	b->bound = bound;
	list_add(&b->node, bucket(ports, port));
}

/* Nobody at all is on the port: what an ephemeral choice starts with. */
static bool port_is_free(struct inet_ports *ports, uint16_t port)
{
	struct inet_binding *other;

	list_for_each_entry(other, bucket(ports, port), node) {
		if (other->port == port)
			return false;
	}
	return !ports->held || !ports->held(0, port, false);
}

/* A connection may share with other connections, not with a bound socket. */
static bool port_is_connectable(struct inet_ports *ports,
				const struct inet_binding *b, uint16_t port,
				uint32_t daddr, uint16_t dport)
{
	struct inet_binding *other;

	list_for_each_entry(other, bucket(ports, port), node) {
		if (other->port == port && other->bound)
			return false;
	}
	return !ports->tuple_used ||
	       !ports->tuple_used(b->addr, port, daddr, dport);
}

/* RFC 6056 3.3.2: start anywhere, then one after the other. */
#define EPHEMERAL_COUNT (INET_EPHEMERAL_LAST - INET_EPHEMERAL_FIRST + 1)

static uint16_t ephemeral(uint32_t start, uint32_t i)
{
	return INET_EPHEMERAL_FIRST + (start + i) % EPHEMERAL_COUNT;
}

static int bind_any(struct inet_ports *ports, struct inet_binding *b)
{
	uint32_t start = ports->random() % EPHEMERAL_COUNT;

	for (uint32_t i = 0; i < EPHEMERAL_COUNT; i++) {
		uint16_t port = ephemeral(start, i);

		if (port_is_free(ports, port)) {
			claim(ports, b, port, true);
			return 0;
		}
	}
	return -EADDRINUSE;
}

int inet_bind_port(struct inet_ports *ports, struct inet_binding *b,
		   uint16_t port)
{
	ASSERT(!b->port);
	if (!port)
		return bind_any(ports, b);
	if (conflicts(ports, b, port))
		return -EADDRINUSE;
	claim(ports, b, port, true);
	return 0;
}

int inet_connect_port(struct inet_ports *ports, struct inet_binding *b,
		      uint32_t daddr, uint16_t dport)
{
	uint32_t start = ports->random() % EPHEMERAL_COUNT;

	ASSERT(!b->port);
	for (uint32_t i = 0; i < EPHEMERAL_COUNT; i++) {
		uint16_t port = ephemeral(start, i);

		if (port_is_connectable(ports, b, port, daddr, dport)) {
			claim(ports, b, port, false);
			return 0;
		}
	}
	return -EADDRNOTAVAIL;
}

int inet_listen_port(struct inet_ports *ports, struct inet_binding *b)
{
	b->listening = true;
	if (!conflicts(ports, b, b->port))
		return 0;
	b->listening = false;
	return -EADDRINUSE;
}

void inet_release_port(struct inet_binding *b)
{
	if (!b->port)
		return;
	list_del(&b->node);
	b->port = 0;
	b->bound = false;
	b->listening = false;
}
