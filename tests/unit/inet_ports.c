/* SPDX-License-Identifier: MIT */
/* unit: net/inet_ports.c */
/*
 * Who may bind where: the cases of bind(2) and listen(2) with SO_REUSEADDR
 * and SO_REUSEPORT, as Linux decides them, and random ports.
 */
#include "net/inet_ports.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"

#define ANY 0
#define ONE 0x0100007f
#define TWO 0x0200007f

static struct inet_ports ports;
static bool held_answer;
static uint32_t seed = 12345;

void panic(const char *fmt, ...)
{
	bail_out("%s", fmt);
}

static uint32_t next_random(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

static bool held(uint32_t addr, uint16_t port, bool reuse)
{
	return held_answer && !reuse;
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
	ports.held = held;
	ports.tuple_used = tuple_used;
	ports.random = next_random;
	held_answer = false;
	inet_ports_init(&ports);
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
	    (a.listen && inet_listen_port(&ports, &one)))
		bail_out("the first cannot bind");
	is(inet_bind_port(&ports, &two, 80), want, "%s", name);
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
	is(inet_listen_port(&ports, &a), 0, "two are bound, one listens");
	is(inet_listen_port(&ports, &b), -EADDRINUSE, "the other may not");
	inet_release_port(&a);
	is(inet_listen_port(&ports, &b), 0, "until the first is closed");
	inet_release_port(&b);
}

static void test_held(void)
{
	struct inet_binding a = { 0 }, b = { .reuse = true };

	start(true);
	held_answer = true;
	is(inet_bind_port(&ports, &a, 80), -EADDRINUSE,
	   "a connection in TIME-WAIT holds the port");
	is(a.port, 0, "and nothing is bound");
	is(inet_bind_port(&ports, &b, 80), 0, "but not with SO_REUSEADDR");
	inet_release_port(&b);
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

static void test_connect(void)
{
	struct inet_binding a = { .addr = ONE }, b = { .addr = ONE };
	struct inet_binding server = { .addr = ANY };

	start(true);
	is(inet_connect_port(&ports, &a, TWO, 80), 0, "a port to connect from");
	ok(a.port >= 40000, "whose pair with the peer is not in use (%u)",
	   a.port);
	ok(!a.bound, "which does not count as bound");
	is(inet_bind_port(&ports, &server, a.port), -EADDRINUSE,
	   "a server cannot have it meanwhile");
	is(inet_connect_port(&ports, &b, TWO, 81), 0, "another one");
	inet_release_port(&a);
	inet_release_port(&b);
}

int main(void)
{
	test_conflicts();
	test_listen();
	test_held();
	test_udp();
	test_ephemeral();
	test_connect();
	return done_testing();
}
