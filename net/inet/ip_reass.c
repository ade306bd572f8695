/* SPDX-License-Identifier: MIT */
/*
 * Reassembly. Owns the fragments until all of a packet are there. To make room,
 * the oldest packet is dropped among those whose senders use the most memory.
 * Softirq.
 */
#include "net/inet/ip_reass.h"

#include <string.h>

#include "lwip/inet_chksum.h"
#include "lwip/ip.h"
#include "lwip/pbuf.h"
#include "lwip/timeouts.h"

#include "kernel/check.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/random.h"
#include "kernel/task/clock.h"
#include "net/base/counters.h"
#include "net/base/rxqueue.h"
#include "net/inet/icmp.h"
#include "net/inet/protocol.h"

#define CHAINS 64
#define MEMORY_MAX (4 * MiB) /* net.ipv4.ipfrag_high_thresh, ... */
#define RAM_SHARE 16 /* ... or this part of RAM */
#define TICK_MS 1000
#define PACKET_MAX 65535

/* A fragment: bytes start to end of the packet's payload. */
struct fragment {
	struct list_head node;
	struct pbuf *p; /* from its IP header on */
	uint16_t hlen;
	uint32_t start;
	uint32_t end;
};

/*
 * Invariants:
 *  1. The fragments are in order, and none overlaps another.
 *  2. have is the sum of their lengths; none ends behind len.
 *  3. nr_packets and memory are the sums over all packets.
 */
struct packet {
	struct list_head chain;
	struct list_head age; /* on the list of all, the oldest first */
	struct list_head fragments;
	uint32_t saddr;
	uint32_t daddr;
	uint16_t id;
	uint8_t proto;
	int ifindex;
	bool has_last;
	uint32_t len; /* of the payload, as far as known */
	uint32_t have;
	uint32_t nr_fragments;
	uint32_t memory;
	uint16_t frag_max;
	uint64_t expires;
	struct ip_info first; /* of the first fragment */
};

/* Buckets of senders, by hash; each counts the memory of its packets. */
#define SENDERS 64

static struct list_head chains[CHAINS];
static size_t memory_of[SENDERS];
static LIST_HEAD(packets);
static unsigned int nr_packets;
static size_t memory;
static uint32_t secret;
static bool ticking; /* tick() is pending: lwIP has few timers */

unsigned int ip_reass_packets(void)
{
	return nr_packets;
}

size_t ip_reass_memory(void)
{
	return memory;
}

size_t ip_reass_memory_max(void)
{
	return MIN((size_t)MEMORY_MAX,
		   nr_total_pages() * PAGE_SIZE / RAM_SHARE);
}

/* ---- Invariants ---------------------------------------------------------- */

static const char *packet_check(const struct packet *q)
{
	uint32_t end = 0, have = 0, n = 0;
	const struct fragment *f;

	if (!list_is_intact(&q->fragments))
		return "ip_reass 1: the list of fragments is damaged";
	list_for_each_entry(f, &q->fragments, node) {
		if (f->start < end || f->end <= f->start)
			return "ip_reass 1: fragments overlap";
		end = f->end;
		have += f->end - f->start;
		n++;
	}
	if (have != q->have || n != q->nr_fragments || end > q->len)
		return "ip_reass 2: a packet's fragments are not its sum";
	return NULL;
}

const char *ip_reass_check(void)
{
	const struct packet *q;
	unsigned int n = 0;
	size_t sum = 0;

	if (!list_is_intact(&packets))
		return "ip_reass 3: the list of packets is damaged";
	list_for_each_entry(q, &packets, age) {
		const char *broken = packet_check(q);

		if (broken)
			return broken;
		sum += q->memory;
		n++;
	}
	if (n != nr_packets || sum != memory)
		return "ip_reass 3: the packets are not their sum";
	return NULL;
}

/* ---- Packets ------------------------------------------------------------- */

static size_t *memory_of_sender(const struct packet *q)
{
	return &memory_of[(q->saddr ^ secret) * 0x9e3779b1 >> 26];
}

static void account(struct packet *q, size_t n)
{
	q->memory += n;
	*memory_of_sender(q) += n;
	memory += n;
}

static struct list_head *chain_of(const struct ip_hdr *ip)
{
	uint32_t h = ip->src.addr ^ ip->dest.addr ^ IPH_ID(ip) ^ IPH_PROTO(ip);

	if (!secret) {
		secret = random_u32() | 1;
		check_register("ip_reass", ip_reass_check);
		for (unsigned int i = 0; i < CHAINS; i++)
			INIT_LIST_HEAD(&chains[i]);
	}
	return &chains[(h ^ secret) * 0x9e3779b1 >> 26];
}

static void free_fragment(struct packet *q, struct fragment *f)
{
	list_del(&f->node);
	if (f->p)
		pbuf_free(f->p);
	q->nr_fragments--;
	kfree(f);
}

static void free_packet(struct packet *q)
{
	while (!list_empty(&q->fragments))
		free_fragment(q, list_first_entry(&q->fragments,
						  struct fragment, node));
	list_del(&q->chain);
	list_del(&q->age);
	*memory_of_sender(q) -= q->memory;
	memory -= q->memory;
	nr_packets--;
	kfree(q);
}

static void fail(struct packet *q)
{
	net_count(ip_reass_fails);
	free_packet(q);
}

/* RFC 1122 3.3.2: the sender gets an ICMP error if the first fragment came. */
static void expire(struct packet *q)
{
	struct fragment *f = list_first_entry(&q->fragments, struct fragment,
					      node);

	net_count(ip_reass_timeouts);
	if (!f->start)
		icmp_send(f->p, &q->first, ICMP_TIME_EXCEEDED,
			  ICMP_EXC_FRAGTIME, 0);
	fail(q);
}

static void tick(void *arg);

static void tick_later(void)
{
	if (ticking)
		return;
	ticking = true;
	sys_timeout(TICK_MS, tick, NULL);
}

static void tick(void *arg)
{
	uint64_t now = ktime_get_ns();

	ticking = false;

	while (!list_empty(&packets)) {
		struct packet *q = list_first_entry(&packets, struct packet,
						    age);

		if (q->expires > now)
			break;
		expire(q);
	}
	if (!list_empty(&packets))
		tick_later();
}

/* Drops the oldest packet of the largest sender bucket, but not `but`. */
static bool evict(const struct list_head *but)
{
	struct packet *q, *victim = NULL;

	list_for_each_entry(q, &packets, age) {
		if (&q->age != but &&
		    (!victim ||
		     *memory_of_sender(q) > *memory_of_sender(victim)))
			victim = q;
	}
	if (!victim)
		return false;
	net_count(ip_reass_evicted);
	fail(victim);
	return true;
}

static struct packet *new_packet(const struct ip_hdr *ip, int ifindex)
{
	struct packet *q;

	if (nr_packets == IP_REASS_PACKETS_MAX)
		evict(&packets);
	q = kmalloc(sizeof(*q));
	if (!q)
		return NULL;
	*q = (struct packet){ .saddr = ip->src.addr,
			      .daddr = ip->dest.addr,
			      .id = IPH_ID(ip),
			      .proto = IPH_PROTO(ip),
			      .ifindex = ifindex,
			      .expires = ktime_get_ns() +
					 IP_REASS_SECONDS * NSEC_PER_SEC };
	INIT_LIST_HEAD(&q->fragments);
	list_add(&q->chain, chain_of(ip));
	tick_later();
	list_add_tail(&q->age, &packets);
	account(q, sizeof(*q));
	nr_packets++;
	return q;
}

static struct packet *find_packet(const struct ip_hdr *ip, int ifindex)
{
	struct list_head *chain = chain_of(ip);
	struct packet *q;

	list_for_each_entry(q, chain, chain) {
		if (q->id == IPH_ID(ip) && q->saddr == ip->src.addr &&
		    q->daddr == ip->dest.addr && q->proto == IPH_PROTO(ip) &&
		    q->ifindex == ifindex)
			return q;
	}
	return new_packet(ip, ifindex);
}

/* ---- Fragments ----------------------------------------------------------- */

enum verdict {
	FITS,
	DUPLICATE, /* contained in a fragment that is there: ignored */
	CONTRADICTS
};

/*
 * Where f goes: *before is the entry that it follows. Most fragments come in
 * order, so the search starts at the end.
 */
static enum verdict find_place(struct packet *q, const struct fragment *f,
			       struct list_head **before)
{
	struct list_head *at = q->fragments.prev;
	const struct fragment *prev = NULL, *next = NULL;

	for (; at != &q->fragments; at = at->prev) {
		prev = list_entry(at, struct fragment, node);
		if (prev->start <= f->start)
			break;
		next = prev;
		prev = NULL;
	}
	if (prev && f->start >= prev->start && f->end <= prev->end)
		return DUPLICATE;
	if ((prev && prev->end > f->start) || (next && next->start < f->end))
		return CONTRADICTS;
	*before = at;
	return FITS;
}

/* Whether f agrees with the packet's length. more: f is not the last. */
static bool length_fits(struct packet *q, const struct fragment *f, bool more)
{
	if (f->end + IP_HLEN > PACKET_MAX || f->end <= f->start)
		return false;
	if (more)
		return f->end <= q->len || !q->has_last;
	return f->end >= q->len && (!q->has_last || f->end == q->len);
}

static void insert(struct packet *q, struct fragment *f, bool more,
		   struct list_head *before)
{
	list_add(&f->node, before);
	q->nr_fragments++;
	q->have += f->end - f->start;
	q->len = MAX(q->len, f->end);
	q->has_last |= !more;
	q->frag_max = MAX(q->frag_max, f->p->tot_len);
}

static void charge(struct packet *q, const struct fragment *f)
{
	account(q, sizeof(*f) + pbuf_truesize(f->p));
	while (memory > ip_reass_memory_max() && evict(&q->age))
		continue;
}

/* Joins the payloads of all fragments behind the header of the first. */
static struct pbuf *join(struct packet *q)
{
	struct pbuf *whole = NULL;
	struct fragment *f;
	struct ip_hdr *ip;

	list_for_each_entry(f, &q->fragments, node) {
		if (!whole) {
			whole = f->p;
		} else {
			pbuf_remove_header(f->p, f->hlen);
			pbuf_cat(whole, f->p);
		}
		f->p = NULL;
	}
	ip = whole->payload;
	IPH_LEN_SET(ip, lwip_htons(whole->tot_len));
	IPH_OFFSET_SET(ip, 0);
	IPH_CHKSUM_SET(ip, 0);
	IPH_CHKSUM_SET(ip, inet_chksum(ip, IPH_HL_BYTES(ip)));
	return whole;
}

static struct pbuf *finish(struct packet *q, struct ip_info *ip)
{
	struct fragment *first = list_first_entry(&q->fragments,
						  struct fragment, node);
	struct pbuf *p;

	/* Options in the first header can still make it too long. */
	if (q->len + first->hlen > PACKET_MAX) {
		net_count(ip_reass_drop_length);
		fail(q);
		return NULL;
	}
	p = join(q);
	*ip = q->first;
	ip->frag_max = q->frag_max;
	net_count(ip_reass_oks);
	free_packet(q);
	return p;
}

static struct fragment *new_fragment(struct pbuf *p, uint16_t hlen)
{
	const struct ip_hdr *ip = p->payload;
	uint16_t offset = lwip_ntohs(IPH_OFFSET(ip));
	struct fragment *f = kmalloc(sizeof(*f));
	uint32_t n = p->tot_len - hlen;

	if (!f)
		return NULL;
	if (offset & IP_MF && n % 8) {
		n -= n % 8;
		pbuf_realloc(p, hlen + n);
	}
	f->hlen = hlen;
	f->start = (offset & IP_OFFMASK) * 8;
	f->end = f->start + n;
	return f;
}

/* Takes f, whose pbuf is set; false: f stays the caller's, q may be freed. */
static bool add(struct packet *q, struct fragment *f, bool more)
{
	struct list_head *before;

	if (!length_fits(q, f, more)) {
		net_count(ip_reass_drop_length);
		goto drop_all;
	}
	switch (find_place(q, f, &before)) {
	case FITS:
		break;
	case DUPLICATE:
		net_count(ip_reass_duplicates);
		return false;
	case CONTRADICTS:
		net_count(ip_reass_drop_overlap);
		goto drop_all;
	}
	if (q->nr_fragments == IP_REASS_FRAGMENTS_MAX) {
		net_count(ip_reass_drop_number);
		goto drop_all;
	}
	insert(q, f, more, before);
	return true;

drop_all:
	fail(q);
	return false;
}

struct pbuf *ip_reass(struct pbuf *p, uint16_t hlen, struct ip_info *ip)
{
	bool more = IPH_OFFSET((struct ip_hdr *)p->payload) & PP_HTONS(IP_MF);
	struct packet *q = find_packet(p->payload, ip->ifindex);
	struct fragment *f = q ? new_fragment(p, hlen) : NULL;

	net_count(ip_reass_reqds);
	if (!f) {
		net_count(ip_reass_drop_no_memory);
		if (q && list_empty(&q->fragments))
			fail(q);
		pbuf_free(p);
		return NULL;
	}
	f->p = pbuf_right_size(p);
	if (!add(q, f, more)) {
		pbuf_free(f->p);
		kfree(f);
		return NULL;
	}
	if (!f->start)
		q->first = *ip;
	charge(q, f);
	if (q->has_last && q->have == q->len)
		return finish(q, ip);
	return NULL;
}
