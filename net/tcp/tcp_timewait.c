/* SPDX-License-Identifier: MIT */
/*
 * The table of connections that are over. Two indexes: chains by the keyed
 * hash of the tuple, and a wheel with a list for each second in which entries
 * expire; a timer looks at the wheel once a second while there are entries.
 *
 * Invariants, checked for panic():
 *  1. Each entry is on the chain of its tuple and on the list of its second.
 *  2. No entry lives longer than the wheel has lists.
 *  3. While there are entries the timer runs.
 */
#include "net/tcp/tcp_timewait.h"

#include "kernel/base.h"
#include "kernel/check.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/task/clock.h"
#include "kernel/task/timer.h"
#include "net/base/counters.h"
#include "net/base/inet_hash.h"
#include "net/base/seq.h"
#include "net/inet/inet_ports.h"
#include "net/socket/sock.h"
#include "net/tcp/tcp.h"

#define MSEC_PER_SEC 1000

/* One entry per 2048 bytes of RAM: at most a fortieth of it. */
#define RAM_EACH 2048
#define ENTRIES_MIN 1024
#define ENTRIES_MAX (256 * 1024)
#define ENTRIES_A_CHAIN 4

#define WHEEL 128 /* seconds */
/* Entries killed in one call of the timer. */
#define KILL_AT_ONCE 1024

/* 500 ms between answers to segments without length, in 16 ms, as on Linux. */
#define ANSWER_PAUSE (500 / 16)

static struct kmem_cache *cache;
static struct tcp_time_wait **chains;
static size_t nr_chains; /* a power of two */
static size_t max_entries;
static size_t nr_entries;
static struct list_head wheel[WHEEL];
static uint64_t wheel_second; /* the lists before it are empty */
static struct timer timer;

/* In 64 bits, because the wheel cannot handle a wrap of 32. */
static uint64_t now_ms(void)
{
	return ktime_get_ns() / NSEC_PER_MSEC;
}

static struct inet_ports *ports(void)
{
	return tcp_prot.ports;
}

static struct tcp_time_wait **chain_of(const struct tcp_tuple *id)
{
	uint32_t hash = inet_hash(id->raddr, id->rport, id->laddr, id->lport);

	return &chains[hash & (nr_chains - 1)];
}

static bool same_tuple(const struct tcp_tuple *a, const struct tcp_tuple *b)
{
	return a->laddr == b->laddr && a->raddr == b->raddr &&
	       a->lport == b->lport && a->rport == b->rport;
}

size_t tcp_time_wait_count(void)
{
	return nr_entries;
}

size_t tcp_time_wait_max(void)
{
	return max_entries;
}

uint32_t tcp_time_wait_left(const struct tcp_time_wait *tw)
{
	uint32_t now = (uint32_t)now_ms();

	return before(now, tw->expires) ? tw->expires - now : 0;
}

struct tcp_time_wait *tcp_time_wait_find(const struct tcp_tuple *id)
{
	struct tcp_time_wait *tw = *chain_of(id);

	while (tw && !same_tuple(&tw->id, id))
		tw = tw->next;
	return tw;
}

/* ---- Time ---------------------------------------------------------------- */

static void start_timer(void)
{
	timer_start(&timer, ktime_get_ns() + NSEC_PER_SEC);
}

/* The list of the next second, so that an entry never expires early. */
static struct list_head *slot(uint64_t expires)
{
	return &wheel[(expires / MSEC_PER_SEC + 1) % WHEEL];
}

static void schedule_expiry(struct tcp_time_wait *tw, uint32_t ms)
{
	uint64_t expires = now_ms() + MIN(ms, (WHEEL - 2U) * MSEC_PER_SEC);

	tw->expires = (uint32_t)expires;
	list_add_tail(&tw->node, slot(expires));
}

void tcp_time_wait_restart(struct tcp_time_wait *tw)
{
	list_del(&tw->node);
	schedule_expiry(tw, TCP_TIMEWAIT_MS);
}

static unsigned int shares(const struct tcp_time_wait *tw)
{
	return (tw->flags & BIT(TCP_TW_F_REUSE) ? INET_SHARES_REUSE : 0) |
	       (tw->flags & BIT(TCP_TW_F_REUSEPORT) ? INET_SHARES_REUSEPORT :
						      0);
}

void tcp_time_wait_kill(struct tcp_time_wait *tw)
{
	struct tcp_time_wait **p = chain_of(&tw->id);

	while (*p != tw)
		p = &(*p)->next;
	*p = tw->next;
	list_del(&tw->node);
	if (tw->flags & BIT(TCP_TW_F_HELD))
		inet_unhold_tuple(ports(), tw->id.lport, tw->id.laddr,
				  shares(tw));
	kmem_cache_free(cache, tw);
	nr_entries--;
}

static struct tcp_time_wait *first_of(struct list_head *list)
{
	return list_first_entry(list, struct tcp_time_wait, node);
}

/* Kills up to *n entries; false: there are more. */
static bool kill_list(struct list_head *list, unsigned int *n)
{
	for (; !list_empty(list); --*n) {
		if (!*n)
			return false;
		tcp_time_wait_kill(first_of(list));
	}
	return true;
}

static void timer_fired(struct timer *t)
{
	uint64_t second = now_ms() / MSEC_PER_SEC;
	unsigned int left = KILL_AT_ONCE;

	if (second - wheel_second > WHEEL) /* after a long stop all are due */
		wheel_second = second - WHEEL;
	for (; wheel_second != second; wheel_second++) {
		if (kill_list(&wheel[(wheel_second + 1) % WHEEL], &left))
			continue;
		timer_start(&timer, ktime_get_ns() + NSEC_PER_MSEC);
		return;
	}
	if (nr_entries)
		start_timer();
}

static void kill_soonest(void)
{
	for (uint32_t i = 1; i <= WHEEL; i++) {
		struct list_head *list = &wheel[(wheel_second + i) % WHEEL];

		if (list_empty(list))
			continue;
		tcp_time_wait_kill(first_of(list));
		return;
	}
}

/* ---- Entries ------------------------------------------------------------- */

static bool is_on_its_chain(const struct tcp_time_wait *tw)
{
	const struct tcp_time_wait *p = *chain_of(&tw->id);
	size_t n = 0;

	while (p && p != tw && n++ < nr_entries)
		p = p->next;
	return p == tw;
}

static const char *check_table(void)
{
	const struct tcp_time_wait *tw;
	size_t n = 0;

	for (unsigned int i = 0; i < WHEEL; i++) {
		if (!list_is_intact(&wheel[i]))
			return "tcp_timewait: a list of the wheel is broken";
		list_for_each_entry(tw, &wheel[i], node) {
			n++;
			if (!is_on_its_chain(tw))
				return "tcp_timewait 1: not on its chain";
			if (tcp_time_wait_left(tw) > WHEEL * MSEC_PER_SEC)
				return "tcp_timewait 2: one lives too long";
		}
	}
	if (n != nr_entries)
		return "tcp_timewait 1: not all are on the wheel";
	return !n || timer_pending(&timer) ? NULL :
					     "tcp_timewait 3: no timer runs";
}

bool tcp_time_wait_setup(void)
{
	size_t n = nr_total_pages() * PAGE_SIZE / RAM_EACH;

	max_entries = MIN(MAX(n, (size_t)ENTRIES_MIN), (size_t)ENTRIES_MAX);
	for (nr_chains = 1; nr_chains * ENTRIES_A_CHAIN < max_entries;)
		nr_chains *= 2;
	for (unsigned int i = 0; i < WHEEL; i++)
		INIT_LIST_HEAD(&wheel[i]);
	timer_setup(&timer, timer_fired);
	chains = kcalloc(nr_chains, sizeof(*chains));
	cache = kmem_cache_create("tcp_time_wait", sizeof(struct tcp_time_wait),
				  0);
	check_register("tcp_timewait", check_table);
	return chains && cache;
}

struct tcp_time_wait *tcp_time_wait_add(const struct tcp_time_wait *from,
					uint32_t ms)
{
	struct tcp_time_wait **chain = chain_of(&from->id);
	struct tcp_time_wait *tw;

	if (nr_entries >= max_entries) {
		net_count(tcp_time_wait_overflow);
		kill_soonest();
	}
	tw = kmem_cache_alloc(cache);
	if (!tw) {
		net_count(tcp_time_wait_overflow);
		return NULL;
	}
	*tw = *from;
	tw->flags &= BIT(TCP_TW_F_LOCAL) | BIT(TCP_TW_F_REUSE) |
		     BIT(TCP_TW_F_REUSEPORT);
	if (inet_hold_tuple(ports(), tw->id.lport, tw->id.laddr, shares(tw)))
		tw->flags |= BIT(TCP_TW_F_HELD);
	tw->next = *chain;
	*chain = tw;
	if (!nr_entries++) {
		wheel_second = now_ms() / MSEC_PER_SEC;
		start_timer();
	}
	schedule_expiry(tw, ms);
	return tw;
}

bool tcp_time_wait_reusable(const struct tcp_time_wait *tw, bool has_port)
{
	uint32_t left_max = TCP_TIMEWAIT_MS;

	if (!has_port)
		left_max -= MSEC_PER_SEC;
	return tw->state == TCP_TIME_WAIT &&
	       (tw->flags & BIT(TCP_TW_F_LOCAL)) &&
	       tcp_time_wait_left(tw) <= left_max;
}

bool tcp_time_wait_chain(size_t n, struct tcp_time_wait **first)
{
	if (n >= nr_chains)
		return false;
	*first = chains[n];
	return true;
}

struct tcp_time_wait *tcp_time_wait_next(const struct tcp_time_wait *tw)
{
	size_t i = tw ? chain_of(&tw->id) - chains + 1 : 0;
	struct tcp_time_wait *next = tw ? tw->next : NULL;

	while (!next && i < nr_chains)
		next = chains[i++];
	return next;
}

/* ---- Segments ------------------------------------------------------------ */

static uint32_t end_of(const struct tcp_check_seg *seg)
{
	return seg->seq + seg->len + !!(seg->flags & TCPHDR_SYN) +
	       !!(seg->flags & TCPHDR_FIN);
}

/* Only answers to segments without length are limited: they could loop. */
static enum tcp_tw_verdict answer(struct tcp_time_wait *tw,
				  const struct tcp_check_seg *seg)
{
	uint16_t now = (uint16_t)(now_ms() / 16);

	if (end_of(seg) != seg->seq && !(seg->flags & TCPHDR_SYN))
		return TCP_TW_ACK;
	if ((tw->flags & BIT(TCP_TW_F_ANSWERED)) &&
	    (uint16_t)(now - tw->answered) < ANSWER_PAUSE) {
		net_count(tcp_challenge_throttled);
		return TCP_TW_SUCCESS;
	}
	tw->flags |= BIT(TCP_TW_F_ANSWERED);
	tw->answered = now;
	return TCP_TW_ACK;
}

static bool in_window(const struct tcp_time_wait *tw,
		      const struct tcp_check_seg *seg)
{
	uint32_t right = tw->rcv_nxt + ((uint32_t)tw->window << tw->scale);

	if (seg->seq == tw->rcv_nxt)
		return true;
	if (before(tw->rcv_nxt, end_of(seg)) && before(seg->seq, right))
		return true;
	return seg->seq == right && end_of(seg) == right;
}

/* Only the peer's FIN is expected; data causes a reset. */
static enum tcp_tw_verdict fin_wait_2(struct tcp_time_wait *tw,
				      const struct tcp_check_seg *seg)
{
	uint32_t end = end_of(seg);

	if (!in_window(tw, seg))
		return answer(tw, seg);
	if (seg->flags & TCPHDR_RST)
		return seg->seq == tw->rcv_nxt ? TCP_TW_GONE : answer(tw, seg);
	if (seg->flags & TCPHDR_SYN)
		return answer(tw, seg); /* RFC 5961 4.2 */
	if (!(seg->flags & TCPHDR_ACK) || !before(tw->rcv_nxt, end) ||
	    end == seg->seq)
		return TCP_TW_SUCCESS;
	if (!(seg->flags & TCPHDR_FIN) || end != tw->rcv_nxt + 1)
		return TCP_TW_RST;
	tw->state = TCP_TIME_WAIT;
	tw->rcv_nxt = end;
	tcp_time_wait_restart(tw);
	return TCP_TW_ACK;
}

static bool starts_anew(const struct tcp_time_wait *tw,
			const struct tcp_check_seg *seg)
{
	return (seg->flags & (TCPHDR_SYN | TCPHDR_ACK | TCPHDR_FIN)) ==
		       TCPHDR_SYN &&
	       before(tw->rcv_nxt, seg->seq);
}

enum tcp_tw_verdict tcp_time_wait_segment(struct tcp_time_wait *tw,
					  const struct tcp_check_seg *seg)
{
	if (tw->state == TCP_FIN_WAIT2)
		return fin_wait_2(tw, seg);
	if (seg->flags & TCPHDR_RST) {
		net_count(tcp_drop_rst);
		return TCP_TW_SUCCESS;
	}
	if (starts_anew(tw, seg))
		return TCP_TW_SYN;
	if (seg->seq == tw->rcv_nxt && end_of(seg) == seg->seq) {
		tcp_time_wait_restart(tw);
		return TCP_TW_SUCCESS;
	}
	/* A segment without ACK, such as an old SYN, does not extend it. */
	if (seg->flags & TCPHDR_ACK)
		tcp_time_wait_restart(tw);
	return answer(tw, seg);
}
