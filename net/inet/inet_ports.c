/* SPDX-License-Identifier: MIT */
/*
 * The port table. Conflicts follow Linux's inet_csk_bind_conflict():
 *
 *	two bindings of one port conflict when their addresses overlap (are
 *	the same, or one is "any"), unless both allow reuse and the existing
 *	one does not listen, or both allow SO_REUSEPORT.
 *
 * In UDP nobody listens: two sockets that both allow reuse may share. A
 * connection without a socket holds the port like a binding that does not
 * listen; such holds distinguish only 127.0.0.0/8 and all other addresses.
 */
#include "net/inet/inet_ports.h"

#include <errno.h>
#include <stddef.h>

#include "kernel/mm/slab.h"
#include "net/base/inet_hash.h"

static struct kmem_cache *cache;

bool inet_ports_setup(void)
{
	cache = kmem_cache_create("inet_bind_bucket",
				  sizeof(struct inet_bind_bucket), 0);
	return cache;
}

/* ---- Buckets ------------------------------------------------------------- */

static struct inet_bind_bucket **chain(struct inet_ports *ports, uint16_t port)
{
	return &ports->chains[port % INET_PORT_CHAINS];
}

struct inet_bind_bucket *inet_find_bucket(struct inet_ports *ports,
					  uint16_t port)
{
	struct inet_bind_bucket *tb = *chain(ports, port);

	while (tb && tb->port != port)
		tb = tb->next;
	return tb;
}

static bool is_ephemeral(uint16_t port)
{
	return port >= INET_EPHEMERAL_FIRST && port <= INET_EPHEMERAL_LAST;
}

static void flip_used(struct inet_ports *ports, uint16_t port)
{
	unsigned int i = port - INET_EPHEMERAL_FIRST;

	if (is_ephemeral(port))
		ports->used[i / 64] ^= BIT(i % 64);
}

static struct inet_bind_bucket *get_bucket(struct inet_ports *ports,
					   uint16_t port)
{
	struct inet_bind_bucket *tb = inet_find_bucket(ports, port);

	if (tb)
		return tb;
	tb = kmem_cache_zalloc(cache);
	if (!tb)
		return NULL;
	tb->ports = ports;
	tb->port = port;
	INIT_LIST_HEAD(&tb->owners);
	INIT_LIST_HEAD(&tb->conns);
	tb->next = *chain(ports, port);
	*chain(ports, port) = tb;
	flip_used(ports, port);
	return tb;
}

static bool is_held(const struct inet_bind_bucket *tb)
{
	for (unsigned int kind = 0; kind < INET_SHARES_KINDS; kind++) {
		if (tb->holds[0][kind] || tb->holds[1][kind])
			return true;
	}
	return false;
}

static void put_bucket(struct inet_bind_bucket *tb)
{
	struct inet_bind_bucket **p = chain(tb->ports, tb->port);

	if (!list_empty(&tb->owners) || !list_empty(&tb->conns) || is_held(tb))
		return;
	while (*p != tb)
		p = &(*p)->next;
	*p = tb->next;
	flip_used(tb->ports, tb->port);
	kmem_cache_free(cache, tb);
}

/* ---- Conflicts ----------------------------------------------------------- */

static bool overlap(uint32_t a, uint32_t b)
{
	return !a || !b || a == b;
}

/* Whether b may have the port that other has. */
static bool may_share(const struct inet_ports *ports,
		      const struct inet_binding *b,
		      const struct inet_binding *other)
{
	if (b->reuseport && other->reuseport)
		return true;
	return b->reuse && other->reuse &&
	       !(ports->exclusive_listen && other->listening);
}

static bool list_conflicts(const struct inet_ports *ports,
			   const struct list_head *list,
			   const struct inet_binding *b)
{
	struct inet_binding *other;

	list_for_each_entry(other, list, node) {
		if (other != b && overlap(b->addr, other->addr) &&
		    !may_share(ports, b, other))
			return true;
	}
	return false;
}

static bool is_loopback(uint32_t addr)
{
	return (addr & 0xff) == 127;
}

static bool holds_conflict(const struct inet_bind_bucket *tb,
			   const struct inet_binding *b)
{
	unsigned int shares = inet_shares(b);

	for (unsigned int kind = 0; kind < INET_SHARES_KINDS; kind++) {
		if (shares & kind)
			continue;
		if (tb->holds[0][kind] && !(b->addr && is_loopback(b->addr)))
			return true;
		if (tb->holds[1][kind] && (!b->addr || is_loopback(b->addr)))
			return true;
	}
	return false;
}

static bool conflicts(const struct inet_bind_bucket *tb,
		      const struct inet_binding *b)
{
	return list_conflicts(tb->ports, &tb->owners, b) ||
	       list_conflicts(tb->ports, &tb->conns, b) ||
	       holds_conflict(tb, b);
}

/* ---- Walks --------------------------------------------------------------- */

static LIST_HEAD(walks);

void inet_walk_begin(struct inet_walk *walk, struct inet_ports *ports,
		     uint16_t port)
{
	static LIST_HEAD(nobody);
	const struct inet_bind_bucket *tb = inet_find_bucket(ports, port);

	walk->end = tb ? &tb->owners : &nobody;
	walk->at = walk->end->next;
	list_add(&walk->node, &walks);
}

struct inet_binding *inet_walk_next(struct inet_walk *walk)
{
	const struct list_head *at = walk->at;

	if (at == walk->end) {
		list_del(&walk->node);
		return NULL;
	}
	walk->at = at->next;
	return list_entry(at, struct inet_binding, node);
}

/*
 * Moves walks past b, which is being released. After the last binding `at` may
 * point into a freed bucket, but is then only compared with `end`.
 */
static void step_over(const struct inet_binding *b)
{
	struct inet_walk *walk;

	list_for_each_entry(walk, &walks, node) {
		if (walk->at == &b->node)
			walk->at = b->node.next;
	}
}

/* ---- Claims -------------------------------------------------------------- */

static void claim(struct inet_bind_bucket *tb, struct inet_binding *b,
		  struct list_head *list, bool bound)
{
	b->bucket = tb;
	b->port = tb->port;
	b->bound = bound;
	tb->nr_bound += bound;
	list_add(&b->node, list);
}

/* The ports that may be chosen for a binding, as indices into `used`. */
struct port_range {
	uint32_t first;
	uint32_t count;
	uint32_t start; /* a random one of them: where to begin */
};

static struct port_range range_of(const struct inet_ports *ports,
				  const struct inet_binding *b)
{
	uint32_t first = INET_EPHEMERAL_FIRST, last = INET_EPHEMERAL_LAST;
	struct port_range range;

	if (is_ephemeral(b->port_first))
		first = b->port_first;
	if (is_ephemeral(b->port_last))
		last = b->port_last;
	range.first = first - INET_EPHEMERAL_FIRST;
	range.count = last >= first ? last - first + 1 : 0;
	range.start = range.count ? ports->random() % range.count : 0;
	return range;
}

/* The nth port of a range, counted from its start, as an index into `used`. */
static uint32_t nth(const struct port_range *range, uint32_t n)
{
	return range->first + (range->start + n) % range->count;
}

/* The first free port; 0: none. */
static uint16_t free_port(const struct inet_ports *ports,
			  const struct port_range *range)
{
	for (uint32_t n = 0; n < range->count;) {
		uint32_t i = nth(range, n);
		uint64_t word = ~ports->used[i / 64] >> (i % 64);
		/* to the next free bit of this word, or to the next word */
		uint32_t step = word ? (uint32_t)__builtin_ctzll(word) :
				       64 - i % 64;

		if (word & 1)
			return INET_EPHEMERAL_FIRST + i;
		n += MIN(step, range->first + range->count - i);
	}
	return 0;
}

static int bind_any(struct inet_ports *ports, struct inet_binding *b)
{
	struct port_range range = range_of(ports, b);
	uint16_t port = free_port(ports, &range);
	struct inet_bind_bucket *tb;

	if (!port)
		return -EADDRINUSE;
	tb = get_bucket(ports, port);
	if (!tb)
		return -ENOMEM;
	claim(tb, b, &tb->owners, true);
	return 0;
}

int inet_bind_port(struct inet_ports *ports, struct inet_binding *b,
		   uint16_t port)
{
	struct inet_bind_bucket *tb;

	ASSERT(!b->port);
	if (!port)
		return bind_any(ports, b);
	tb = get_bucket(ports, port);
	if (!tb)
		return -ENOMEM;
	if (conflicts(tb, b))
		return -EADDRINUSE;
	claim(tb, b, &tb->owners, true);
	b->port_asked = true;
	return 0;
}

/* A connection may share with other connections, not with a bound socket. */
static struct inet_bind_bucket *shared_port(struct inet_ports *ports,
					    const struct inet_binding *b,
					    const struct port_range *range,
					    uint32_t daddr, uint16_t dport)
{
	for (uint32_t n = 0; n < range->count; n++) {
		uint16_t port = INET_EPHEMERAL_FIRST + nth(range, n);
		struct inet_bind_bucket *tb = inet_find_bucket(ports, port);

		if (tb && !tb->nr_bound &&
		    !(ports->tuple_used &&
		      ports->tuple_used(b->addr, port, daddr, dport)))
			return tb;
	}
	return NULL;
}

int inet_connect_port(struct inet_ports *ports, struct inet_binding *b,
		      uint32_t daddr, uint16_t dport)
{
	struct port_range range = range_of(ports, b);
	uint16_t port = free_port(ports, &range);
	struct inet_bind_bucket *tb;

	ASSERT(!b->port);
	tb = port ? get_bucket(ports, port) :
		    shared_port(ports, b, &range, daddr, dport);
	if (!tb)
		return port ? -ENOMEM : -EADDRNOTAVAIL;
	claim(tb, b, &tb->conns, false);
	return 0;
}

int inet_listen_port(struct inet_binding *b)
{
	b->listening = true;
	if (!conflicts(b->bucket, b))
		return 0;
	b->listening = false;
	return -EADDRINUSE;
}

void inet_inherit_port(struct inet_binding *b,
		       const struct inet_binding *listener, uint32_t addr)
{
	struct inet_bind_bucket *tb = listener->bucket;

	b->addr = addr;
	b->addr_locked = listener->addr_locked;
	b->reuse = listener->reuse;
	b->reuseport = listener->reuseport;
	claim(tb, b, &tb->conns, true);
}

void inet_release_port(struct inet_binding *b)
{
	struct inet_bind_bucket *tb = b->bucket;

	if (!tb)
		return;
	step_over(b);
	list_del(&b->node);
	tb->nr_bound -= b->bound;
	b->bucket = NULL;
	b->port = 0;
	b->bound = false;
	b->port_asked = false;
	b->listening = false;
	put_bucket(tb);
}

/*
 * A hold is the bucket's address, with the kind in its lowest bits, which are
 * 0 in the address.
 */
#define HOLD_LOOPBACK 4
#define HOLD_KIND 7

static uint32_t *hold_count(uintptr_t hold)
{
	struct inet_bind_bucket *tb = (void *)(hold & ~(uintptr_t)HOLD_KIND);

	return &tb->holds[!!(hold & HOLD_LOOPBACK)]
			 [hold & (INET_SHARES_KINDS - 1)];
}

static uintptr_t hold_of(struct inet_bind_bucket *tb, uint32_t addr,
			 unsigned int shares)
{
	return (uintptr_t)tb | (is_loopback(addr) ? HOLD_LOOPBACK : 0) | shares;
}

uintptr_t inet_hold_port(const struct inet_binding *b, uint32_t addr,
			 unsigned int shares)
{
	uintptr_t hold = hold_of(b->bucket, addr, shares);

	++*hold_count(hold);
	return hold;
}

void inet_unhold_port(uintptr_t hold)
{
	uint32_t *count = hold_count(hold);

	ASSERT(*count);
	--*count;
	put_bucket((void *)(hold & ~(uintptr_t)HOLD_KIND));
}

bool inet_hold_tuple(struct inet_ports *ports, uint16_t port, uint32_t addr,
		     unsigned int shares)
{
	struct inet_bind_bucket *tb = inet_find_bucket(ports, port);

	if (tb)
		++*hold_count(hold_of(tb, addr, shares));
	return tb;
}

void inet_unhold_tuple(struct inet_ports *ports, uint16_t port, uint32_t addr,
		       unsigned int shares)
{
	inet_unhold_port(hold_of(inet_find_bucket(ports, port), addr, shares));
}

/* ---- Listeners ----------------------------------------------------------- */

/* Maps a hash to 0..n-1, as Linux's reciprocal_scale(). */
static uint32_t choose(uint32_t hash, uint32_t n)
{
	return (uint64_t)hash * n >> 32;
}

static bool takes(const struct inet_binding *b, uint32_t addr)
{
	return b->listening && b->addr == addr;
}

static struct inet_binding *listener_at(struct inet_bind_bucket *tb,
					uint32_t addr, uint32_t hash)
{
	struct inet_binding *b, *first = NULL;
	uint32_t nr_members = 0, turn;

	list_for_each_entry(b, &tb->owners, node) {
		if (!takes(b, addr))
			continue;
		if (!first)
			first = b;
		nr_members += b->reuseport;
	}
	if (!first || !first->reuseport || nr_members == 1)
		return first;
	turn = choose(hash, nr_members);
	list_for_each_entry(b, &tb->owners, node) {
		if (takes(b, addr) && b->reuseport && !turn--)
			return b;
	}
	return first;
}

struct inet_binding *inet_lookup_listener(struct inet_ports *ports,
					  uint32_t saddr, uint16_t sport,
					  uint32_t daddr, uint16_t dport)
{
	struct inet_bind_bucket *tb = inet_find_bucket(ports, dport);
	struct inet_binding *b;
	uint32_t hash;

	if (!tb)
		return NULL;
	hash = inet_hash(saddr, sport, daddr, dport);
	b = listener_at(tb, daddr, hash);
	return b ? b : listener_at(tb, 0, hash);
}

/* ---- Invariants ---------------------------------------------------------- */

/* Adds to *nr_bound; false: a binding belongs to another bucket. */
static bool owners_are_right(const struct inet_bind_bucket *tb,
			     const struct list_head *list, uint32_t *nr_bound)
{
	const struct inet_binding *b;

	if (!list_is_intact(list))
		return false;
	list_for_each_entry(b, list, node) {
		if (b->bucket != tb || b->port != tb->port)
			return false;
		*nr_bound += b->bound;
	}
	return true;
}

static bool is_used(const struct inet_ports *ports, uint16_t port)
{
	unsigned int i = port - INET_EPHEMERAL_FIRST;

	return ports->used[i / 64] & BIT(i % 64);
}

static const char *bucket_check(const struct inet_bind_bucket *tb)
{
	uint32_t nr_bound = 0;

	if (!owners_are_right(tb, &tb->owners, &nr_bound) ||
	    !owners_are_right(tb, &tb->conns, &nr_bound))
		return "inet_ports 1: a binding is in the wrong bucket";
	if (nr_bound != tb->nr_bound)
		return "inet_ports 2: a bucket miscounts its bindings";
	if (list_empty(&tb->owners) && list_empty(&tb->conns) && !is_held(tb))
		return "inet_ports 3: a bucket has nobody";
	if (is_ephemeral(tb->port) && !is_used(tb->ports, tb->port))
		return "inet_ports 3: a bucket's port has no bit";
	return NULL;
}

const char *inet_ports_check(const struct inet_ports *ports)
{
	unsigned int left = UINT16_MAX + 1, nr_used = 0;
	const struct inet_bind_bucket *tb;
	const char *broken;

	for (unsigned int i = 0; i < INET_PORT_CHAINS; i++) {
		for (tb = ports->chains[i]; tb; tb = tb->next) {
			broken = bucket_check(tb);
			if (broken)
				return broken;
			if (!left--)
				return "inet_ports 1: a chain has no end";
			nr_used += is_ephemeral(tb->port);
		}
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(ports->used); i++) {
		for (uint64_t word = ports->used[i]; word; word &= word - 1)
			nr_used--;
	}
	return nr_used ? "inet_ports 3: a bit has no bucket" : NULL;
}
