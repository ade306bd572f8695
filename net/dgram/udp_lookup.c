/* SPDX-License-Identifier: MIT */
/*
 * The lookup of a datagram's socket, as on Linux: among the sockets on the
 * port the one with the most specific address, peer and interface; among
 * equals the one bound last, or, in an SO_REUSEPORT group, one chosen by a
 * keyed hash of both ends. Softirq and system calls.
 */
#include "kernel/lib/siphash.h"
#include "kernel/random.h"
#include "net/dgram/udp.h"
#include "net/inet/inet_sock.h"
#include "net/inet/ip_mcast.h"
#include "net/inet/ip_route.h"

/* Sockets visited before others may run. */
#define MEMBERS_AT_ONCE 512

static struct dgram_sock *owner_of(struct inet_binding *b)
{
	return container_of(b, struct dgram_sock, inet.binding);
}

static const struct list_head *owners_of(uint16_t port)
{
	static LIST_HEAD(nobody);
	struct inet_bind_bucket *bucket = inet_find_bucket(&udp_ports, port);

	return bucket ? &bucket->owners : &nobody;
}

static bool interface_fits(const struct sock *sk, int ifindex)
{
	return !sk->sk_bound_dev_if || sk->sk_bound_dev_if == ifindex;
}

/* Linux's compute_score(); -1: does not match. */
static int score_of(const struct dgram_sock *ds, uint32_t addr,
		    const struct udp_tuple *t)
{
	const struct inet_sock *inet = &ds->inet;
	int score = 2;

	if (inet->binding.addr != addr ||
	    !interface_fits(&inet->sk, t->ifindex))
		return -1;
	if (inet->daddr) {
		if (inet->daddr != t->saddr)
			return -1;
		score += 4;
	}
	if (inet->dport) {
		if (inet->dport != t->sport)
			return -1;
		score += 4;
	}
	return inet->sk.sk_bound_dev_if ? score + 4 : score;
}

static bool is_connected(const struct dgram_sock *ds)
{
	return ds->inet.sk.sk_state == TCP_ESTABLISHED;
}

static uint32_t hash_of(const struct udp_tuple *t)
{
	static struct siphash_key key;
	const struct udp_tuple plain = { t->saddr, t->daddr, t->sport, t->dport,
					 0 };

	if (!key.k[0])
		random_bytes(&key, sizeof(key));
	return siphash(&plain, sizeof(plain), &key);
}

static bool same_group(const struct dgram_sock *a, const struct dgram_sock *b)
{
	return b->inet.binding.reuseport &&
	       a->inet.binding.addr == b->inet.binding.addr &&
	       a->inet.sk.sk_bound_dev_if == b->inet.sk.sk_bound_dev_if;
}

/* A member of first's group by hash; NULL if a member is connected. */
static struct dgram_sock *choose(const struct list_head *owners,
				 const struct dgram_sock *first,
				 const struct udp_tuple *t)
{
	struct inet_binding *b;
	uint32_t n = 0;

	list_for_each_entry(b, owners, node) {
		if (!same_group(first, owner_of(b)))
			continue;
		if (is_connected(owner_of(b)))
			return NULL;
		n++;
	}
	n = (uint64_t)hash_of(t) * n >> 32;
	list_for_each_entry(b, owners, node) {
		if (same_group(first, owner_of(b)) && !n--)
			return owner_of(b);
	}
	return NULL;
}

static struct dgram_sock *lookup_at(const struct list_head *owners,
				    uint32_t addr, const struct udp_tuple *t)
{
	struct dgram_sock *best = NULL, *chosen;
	struct inet_binding *b;
	int best_score = -1;

	list_for_each_entry(b, owners, node) {
		struct dgram_sock *ds = owner_of(b);
		int score = score_of(ds, addr, t);

		if (score <= best_score)
			continue;
		best_score = score;
		best = ds;
		if (is_connected(ds) || !b->reuseport)
			continue;
		chosen = choose(owners, ds, t);
		if (chosen)
			return chosen;
	}
	return best;
}

struct dgram_sock *udp_lookup(const struct udp_tuple *t)
{
	const struct list_head *owners = owners_of(t->dport);
	struct dgram_sock *ds = lookup_at(owners, t->daddr, t);

	return ds ? ds : lookup_at(owners, 0, t);
}

/* As Linux's __udp_is_mcast_sock(). */
static bool is_member(const struct dgram_sock *ds, const struct udp_tuple *t)
{
	const struct inet_sock *inet = &ds->inet;

	if (inet->daddr && inet->daddr != t->saddr)
		return false;
	if (inet->dport && inet->dport != t->sport)
		return false;
	if (inet->binding.addr && inet->binding.addr != t->daddr)
		return false;
	return interface_fits(&inet->sk, t->ifindex) &&
	       ip_mcast_allows(inet, t->daddr, t->saddr, t->ifindex);
}

bool udp_next_members(struct inet_walk *walk, const struct udp_tuple *t,
		      void (*fn)(struct dgram_sock *ds, void *arg), void *arg)
{
	for (unsigned int n = 0; n < MEMBERS_AT_ONCE; n++) {
		struct inet_binding *b = inet_walk_next(walk);

		if (!b)
			return false;
		if (is_member(owner_of(b), t))
			fn(owner_of(b), arg);
	}
	return true;
}
