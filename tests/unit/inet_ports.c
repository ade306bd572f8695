/* SPDX-License-Identifier: MIT */
/* unit: net/inet/inet_ports.c net/base/inet_hash.c kernel/lib/siphash.c */
/*
 * Who may bind where: the cases of bind(2) and listen(2) with SO_REUSEADDR
 * and SO_REUSEPORT, as Linux decides them, and random ports.
 */
#include "net/inet/inet_ports.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/mm/slab.h"
#include "kernel/random.h"
#include "lib/tap.h"

#define ANY 0
#define ONE 0x0100007f
#define TWO 0x0200007f

static struct inet_ports ports;
static struct kmem_cache bucket_cache;
static uint32_t seed = 12345;

void panic(const char *fmt, ...)
{
	bail_out("%s", fmt);
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size,
				     size_t align)
{
	bucket_cache.size = size;
	return &bucket_cache;
}

void *kmem_cache_zalloc(struct kmem_cache *c)
{
	c->active++;
	return calloc(1, c->size);
}

void kmem_cache_free(struct kmem_cache *c, void *object)
{
	c->active--;
	free(object);
}

void random_bytes(void *out, size_t len)
{
	memset(out, 7, len);
}

static uint32_t next_random(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

static bool tuple_used(uint32_t addr, uint16_t port, uint32_t daddr,
		       uint16_t dport)
{
	return dport == 80 && port < 40000;
}

static void start(bool tcp)
{
	memset(&ports, 0, sizeof(ports));
	ports.exclusive_listen = tcp;
	ports.tuple_used = tuple_used;
	ports.random = next_random;
}

struct socket_like {
	uint32_t addr;
	bool reuse;
	bool reuseport;
	bool listen;
};

/* The first binds (and listens), then the second tries to bind. */
static void pair(struct socket_like a, struct socket_like b, int want,
		 const char *name)
{
	struct inet_binding one = { .addr = a.addr,
				    .reuse = a.reuse,
				    .reuseport = a.reuseport };
	struct inet_binding two = { .addr = b.addr,
				    .reuse = b.reuse,
				    .reuseport = b.reuseport };

	start(true);
	if (inet_bind_port(&ports, &one, 80) ||
	    (a.listen && inet_listen_port(&one)))
		bail_out("the first cannot bind");
	is(inet_bind_port(&ports, &two, 80), want, "%s", name);
	is_str(inet_ports_check(&ports), NULL, "%s: invariants hold", name);
	inet_release_port(&one);
	inet_release_port(&two);
}

static void test_conflicts(void)
{
	struct socket_like plain = { ANY, false, false, false };
	struct socket_like on_one = { ONE, false, false, false };
	struct socket_like on_two = { TWO, false, false, false };
	struct socket_like reuse = { ANY, true, false, false };
	struct socket_like reuse_listen = { ANY, true, false, true };
	struct socket_like share = { ANY, false, true, false };
	struct socket_like share_listen = { ANY, false, true, true };

	pair(plain, plain, -EADDRINUSE, "one port, two sockets");
	pair(plain, on_one, -EADDRINUSE, "any address, then one");
	pair(on_one, plain, -EADDRINUSE, "one address, then any");
	pair(on_one, on_one, -EADDRINUSE, "the same address");
	pair(on_one, on_two, 0, "two addresses");
	pair(reuse, reuse, 0, "both with SO_REUSEADDR");
	pair(reuse, plain, -EADDRINUSE, "only the first with SO_REUSEADDR");
	pair(plain, reuse, -EADDRINUSE, "only the second with SO_REUSEADDR");
	pair(reuse_listen, reuse, -EADDRINUSE,
	     "SO_REUSEADDR does not share with a listener");
	pair(share, share, 0, "both with SO_REUSEPORT");
	pair(share_listen, share, 0, "SO_REUSEPORT shares with a listener");
	pair(share_listen, plain, -EADDRINUSE, "only one with SO_REUSEPORT");
}

static void test_listen(void)
{
	struct inet_binding a = { .reuse = true }, b = { .reuse = true };

	start(true);
	inet_bind_port(&ports, &a, 80);
	inet_bind_port(&ports, &b, 80);
	is(inet_listen_port(&a), 0, "two are bound, one listens");
	is(inet_listen_port(&b), -EADDRINUSE, "the other may not");
	inet_release_port(&a);
	is(inet_listen_port(&b), 0, "until the first is closed");
	inet_release_port(&b);
}

static void test_held(void)
{
	struct inet_binding gone = { .addr = ONE }, a = { 0 };
	struct inet_binding b = { .reuse = true }, c = { .addr = 0x0200000a };
	uintptr_t hold, kept;

	start(true);
	inet_bind_port(&ports, &gone, 80);
	hold = inet_hold_port(&gone, ONE, INET_SHARES_REUSE);
	kept = inet_hold_port(&gone, ONE, 0);
	inet_release_port(&gone);
	is(inet_bind_port(&ports, &b, 80), -EADDRINUSE,
	   "a connection without SO_REUSEADDR holds the port");
	is(b.port, 0, "and nothing is bound");
	inet_unhold_port(kept);
	is(inet_bind_port(&ports, &a, 80), -EADDRINUSE,
	   "one with SO_REUSEADDR holds it against who has not");
	is(inet_bind_port(&ports, &c, 80), 0, "not at another address");
	is(inet_bind_port(&ports, &b, 80), -EADDRINUSE, "which is in use then");
	inet_release_port(&c);
	is(inet_bind_port(&ports, &b, 80), 0, "but not against who has");
	inet_release_port(&b);
	ok(inet_find_bucket(&ports, 80), "the hold keeps the bucket");
	gone = (struct inet_binding){ .reuseport = true };
	is(inet_bind_port(&ports, &gone, 80), -EADDRINUSE,
	   "SO_REUSEPORT does not share with SO_REUSEADDR");
	inet_unhold_port(hold);
	is(inet_bind_port(&ports, &gone, 80), 0, "on a port of its own");
	hold = inet_hold_port(&gone, ONE, inet_shares(&gone));
	inet_release_port(&gone);
	is(inet_bind_port(&ports, &gone, 80), 0,
	   "but with a connection that had it");
	inet_release_port(&gone);
	inet_unhold_port(hold);
	ok(!inet_find_bucket(&ports, 80), "which goes with it");
}

static void test_inherit(void)
{
	struct inet_binding l = { 0 }, child = { 0 }, other = { .addr = TWO };
	struct inet_binding again = { 0 };

	start(true);
	inet_bind_port(&ports, &l, 80);
	inet_listen_port(&l);
	inet_inherit_port(&child, &l, ONE);
	inet_release_port(&l);
	is(inet_bind_port(&ports, &again, 80), -EADDRINUSE,
	   "an accepted connection holds its listener's port");
	is(inet_bind_port(&ports, &other, 80), 0, "at its own address");
	inet_release_port(&other);
	inet_release_port(&child);
	is(inet_bind_port(&ports, &again, 80), 0, "until it is closed");
	inet_release_port(&again);
}

/* Of 8 listeners at one address each gets its part of 8,000 connections. */
static void test_group(void)
{
	struct inet_binding l[8], one = { .addr = ONE, .reuseport = true };
	unsigned int got[8] = { 0 }, least = 8000, same = 0;

	start(true);
	for (int i = 0; i < 8; i++) {
		l[i] = (struct inet_binding){ .reuseport = true };
		inet_bind_port(&ports, &l[i], 80);
		inet_listen_port(&l[i]);
	}
	for (int i = 0; i < 8000; i++) {
		struct inet_binding *b;

		b = inet_lookup_listener(&ports, TWO, 1000 + i, ONE, 80);
		got[b - l]++;
		same += b ==
			inet_lookup_listener(&ports, TWO, 1000 + i, ONE, 80);
	}
	for (int i = 0; i < 8; i++)
		least = got[i] < least ? got[i] : least;
	ok(least > 800, "SO_REUSEPORT spreads connections (least %u of 8000)",
	   least);
	is(same, 8000, "the same connection goes to the same listener");
	inet_bind_port(&ports, &one, 80);
	inet_listen_port(&one);
	ok(inet_lookup_listener(&ports, TWO, 1, ONE, 80) == &one,
	   "an address of its own comes before the wildcard");
	ok(inet_lookup_listener(&ports, TWO, 1, TWO, 80) != &one,
	   "and takes no other");
	ok(!inet_lookup_listener(&ports, TWO, 1, ONE, 81), "nobody listens");
	inet_release_port(&one);
	for (int i = 0; i < 8; i++)
		inet_release_port(&l[i]);
}

static void test_udp(void)
{
	struct inet_binding a = { .reuse = true }, b = { .reuse = true };

	start(false);
	is(inet_bind_port(&ports, &a, 53), 0, "UDP binds");
	is(inet_bind_port(&ports, &b, 53), 0, "UDP shares with SO_REUSEADDR");
	inet_release_port(&a);
	inet_release_port(&b);
}

static void test_ephemeral(void)
{
	enum {
		N = INET_EPHEMERAL_LAST - INET_EPHEMERAL_FIRST + 1
	};
	struct inet_binding *all = calloc(N, sizeof(*all)), extra = { 0 };
	unsigned int in_order = 0, failed = 0, outside = 0;

	start(true);
	for (int i = 0; i < N; i++) {
		failed += inet_bind_port(&ports, &all[i], 0) != 0;
		outside += all[i].port < INET_EPHEMERAL_FIRST ||
			   all[i].port > INET_EPHEMERAL_LAST;
		in_order += i && i < 1000 && all[i].port == all[i - 1].port + 1;
	}
	is(failed, 0, "every ephemeral port can be had");
	is(outside, 0, "all are of the range");
	ok(in_order < 50, "they do not come in order (%u of 1000)", in_order);
	is(inet_bind_port(&ports, &extra, 0), -EADDRINUSE, "then none is left");
	inet_release_port(&all[77]);
	is(inet_bind_port(&ports, &extra, 0), 0, "until one is closed");
	inet_release_port(&extra);
	for (int i = 0; i < N; i++)
		inet_release_port(&all[i]);
	free(all);
}

/* All ports but one are taken by connections, some of them to this peer. */
static void test_shared(void)
{
	struct inet_binding *all = calloc(INET_EPHEMERAL_COUNT, sizeof(*all));
	struct inet_binding extra = { .addr = ONE }, server = { 0 };
	int failed = 0;

	start(true);
	inet_bind_port(&ports, &server, 0);
	for (int i = 0; i < INET_EPHEMERAL_COUNT - 1; i++)
		failed += inet_connect_port(&ports, &all[i], TWO, 80) != 0;
	is(failed, 0, "every other port can be connected from");
	is(inet_connect_port(&ports, &extra, TWO, 80), 0, "then one is shared");
	ok(extra.port >= 40000 && extra.port != server.port,
	   "whose pair with the peer is not in use (%u)", extra.port);
	inet_release_port(&extra);
	for (int i = 0; i < INET_EPHEMERAL_COUNT - 1; i++)
		inet_release_port(&all[i]);
	inet_release_port(&server);
	free(all);
}

/* IP_LOCAL_PORT_RANGE: all its ports are found, and no other. */
static void test_range(void)
{
	enum {
		FIRST = INET_EPHEMERAL_FIRST + 60,
		COUNT = 150
	};
	struct inet_binding all[COUNT] = { 0 }, extra = { 0 };
	int failed = 0, outside = 0;

	start(true);
	for (int i = 0; i < COUNT; i++) {
		all[i].port_first = FIRST;
		all[i].port_last = FIRST + COUNT - 1;
		failed += inet_bind_port(&ports, &all[i], 0) != 0;
		outside += all[i].port < FIRST || all[i].port >= FIRST + COUNT;
	}
	is(failed, 0, "range: each of its ports is found");
	is(outside, 0, "range: and no other");
	extra.port_first = FIRST;
	extra.port_last = FIRST + COUNT - 1;
	is(inet_bind_port(&ports, &extra, 0), -EADDRINUSE, "range: then none");
	is(inet_connect_port(&ports, &extra, TWO, 80), -EADDRNOTAVAIL,
	   "range: nor for a connection");
	extra.port_first = INET_EPHEMERAL_FIRST - 1;
	extra.port_last = 0;
	is(inet_bind_port(&ports, &extra, 0), 0, "range: bounds that are none");
	inet_release_port(&extra);
	for (int i = 0; i < COUNT; i++)
		inet_release_port(&all[i]);
}

static void test_connect(void)
{
	struct inet_binding a = { .addr = ONE }, b = { .addr = ONE };
	struct inet_binding server = { .addr = ANY };

	start(true);
	is(inet_connect_port(&ports, &a, TWO, 80), 0, "a port to connect from");
	ok(!a.bound, "which does not count as bound");
	is(inet_bind_port(&ports, &server, a.port), -EADDRINUSE,
	   "a server cannot have it meanwhile");
	is(inet_connect_port(&ports, &b, TWO, 81), 0, "another one");
	inet_release_port(&a);
	inet_release_port(&b);
}

/* Owners come and go while somebody walks along them. */
static void test_walk(void)
{
	struct inet_binding b[4] = { { .reuse = true },
				     { .reuse = true },
				     { .reuse = true },
				     { .reuse = true } };
	struct inet_walk walk, other;

	start(false);
	inet_walk_begin(&walk, &ports, 53);
	ok(!inet_walk_next(&walk), "walk: nobody is there");
	for (int i = 0; i < 3; i++)
		inet_bind_port(&ports, &b[i], 53);
	inet_walk_begin(&walk, &ports, 53);
	inet_walk_begin(&other, &ports, 53);
	ok(inet_walk_next(&walk) == &b[2], "walk: the youngest first");
	inet_release_port(&b[1]);
	inet_bind_port(&ports, &b[3], 53);
	is_str(inet_ports_check(&ports), NULL, "walk: invariants hold");
	b[0].port = 54;
	ok(inet_ports_check(&ports), "check: a wrong port is seen");
	b[0].port = 53;
	ok(inet_walk_next(&walk) == &b[0], "walk: over one that went");
	inet_release_port(&b[2]);
	ok(inet_walk_next(&other) == &b[0], "walk: another one too");
	inet_release_port(&b[0]);
	inet_release_port(&b[3]);
	ok(!inet_walk_next(&walk) && !inet_walk_next(&other),
	   "walk: the end is there when the port is gone");
}

int main(void)
{
	inet_ports_setup();
	test_conflicts();
	test_listen();
	test_held();
	test_inherit();
	test_group();
	test_udp();
	test_ephemeral();
	test_connect();
	test_shared();
	test_range();
	test_walk();
	is_str(inet_ports_check(&ports), NULL, "invariants hold");
	is(bucket_cache.active, 0, "all buckets are back");
	return done_testing();
}
