/* SPDX-License-Identifier: MIT */
/*
 * The memory that connections hold of the budget (net/base/memory.h), and which
 * are dropped when it is used up. Memory is charged, not payload: a segment of
 * one byte takes a header and a block like any other, and an out-of-order byte
 * a whole receive buffer.
 *
 * The shares admit new connections as long as all the floors fit. Beyond that
 * memory is taken back where it is of no use: first out-of-order data, which
 * the peer sends again; then from orphans; then from connections with the most
 * memory and the longest time without progress (as Linux's
 * tcp_prune_ofo_queue(), tcp_check_oom()). Progress means that all data queued
 * at some moment has left, not a byte now and then. Pcbs are taken from
 * orphans, and then from the addresses that have the most. Softirq; the
 * accounts also system calls.
 */
#include "net/tcp/tcp_memory.h"

#include "net/base/rx_buffers.h"
#include "net/base/seq.h"
#include "net/softirq.h"
#include "net/tcp/tcp.h"

#include <errno.h>

#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"

#include "kernel/mm/page.h"
#include "kernel/task/clock.h"
#include "net/base/counters.h"
#include "net/base/memory.h"
#include "net/lwip/memp.h"
#include "net/lwip/pcb_table.h"
#include "net/tcp/tcp_send.h"
#include "net/tcp/tcp_upcall.h"
#include "net/tcp/wire_send.h"

/* A connection that has made progress within that time is left alone. */
#define STALLED_NS NSEC_PER_SEC
/* Pause between two walks through all connections. */
#define PAUSE_NS (100 * NSEC_PER_MSEC)
/* Connections visited in one run of the softirq. */
#define LOOKED_AT_ONCE 2048
/* Factor for connections that never received a byte. */
#define SILENT_WEIGHT 4

/* An upper bound of the memory that kmalloc(n) takes. */
static size_t block_for(size_t n)
{
	size_t size = 64;

	while (size < n)
		size *= 2;
	return size;
}

/* The memory of a full entry of lwIP's send queue. */
static size_t entry_size(const struct tcp_pcb *pcb)
{
	return sizeof(struct tcp_seg) +
	       block_for(sizeof(struct pbuf) + PBUF_TRANSPORT +
			 tcp_segment_size(pcb));
}

static size_t held_to_send(const struct tcp_sock *tp)
{
	return tp->pcb->snd_queuelen * entry_size(tp->pcb);
}

/* The walk is short: lwIP bounds the number of out-of-order pbufs. */
static size_t held_beyond_gap(const struct tcp_pcb *pcb)
{
	size_t sum = 0;

	for (const struct tcp_seg *seg = pcb->ooseq; seg; seg = seg->next) {
		sum += sizeof(*seg);
		for (const struct pbuf *p = seg->p; p; p = p->next)
			sum += pbuf_truesize(p);
	}
	return sum;
}

static void set_charge(struct tcp_sock *tp, size_t n)
{
	net_memory_uncharge(tp->charged);
	net_memory_charge(n);
	tp->charged = n;
}

void tcp_memory_release(struct tcp_sock *tp)
{
	set_charge(tp, 0);
	tp->beyond_gap = 0;
}

void tcp_memory_update(struct tcp_sock *tp)
{
	if (tp->beyond_gap || tp->pcb->ooseq)
		tp->beyond_gap = held_beyond_gap(tp->pcb);
	set_charge(tp, held_to_send(tp) + tp->beyond_gap);
}

size_t tcp_memory_room(const struct tcp_sock *tp)
{
	size_t most = MIN((size_t)tp->inet.sk.sk_sndbuf, net_memory_share());
	size_t held = held_to_send(tp);
	size_t entry = entry_size(tp->pcb);

	if (held >= most)
		return 0;
	return (most - held + entry - 1) / entry * tcp_segment_size(tp->pcb);
}

bool tcp_memory_may_receive(const struct tcp_sock *tp)
{
	size_t held = tp ? tp->sk_receive_queue.truesize + tp->beyond_gap : 0;

	return net_memory_may_queue(held);
}

/* 2 * window: full segments take less than twice their payload. */
bool tcp_memory_may_keep_gap(const struct tcp_sock *tp)
{
	size_t most = MAX(tp->inet.sk.sk_rcvbuf, 2 * tp->window);

	return tp->beyond_gap < most && !rx_buffers_short();
}

/* ---- Progress ------------------------------------------------------------ */

void tcp_progress(struct tcp_progress *p, uint32_t gone, uint32_t end)
{
	if (before(gone, p->mark))
		return;
	p->mark = end;
	p->since_ns = ktime_get_ns();
}

static uint64_t age(const struct tcp_progress *p)
{
	return ktime_get_ns() - p->since_ns;
}

/* ---- What is dropped ----------------------------------------------------- */

/* The weight of a connection, 0: it stays. */
typedef uint64_t weigh_fn(const struct tcp_sock *tp);

/* Memory times the time without progress, in units that do not overflow. */
static uint64_t use(size_t bytes, uint64_t ns)
{
	return ns < STALLED_NS ? 0 : bytes / 64 * (ns / NSEC_PER_MSEC);
}

static uint64_t weigh_memory(const struct tcp_sock *tp)
{
	const struct rxqueue *q = &tp->sk_receive_queue;

	return use(held_to_send(tp), age(&tp->sending)) +
	       use(q->truesize, age(&tp->reading));
}

static uint64_t weigh_orphan(const struct tcp_sock *tp)
{
	uint64_t ns = age(&tp->sending);

	return tcp_is_orphan(tp) && ns >= STALLED_NS ? ns / NSEC_PER_MSEC : 0;
}

static uint64_t weigh_gap(const struct tcp_sock *tp)
{
	return tp->beyond_gap;
}

/* Idle connections, by the number that their address has. */
static uint64_t weigh_idle(const struct tcp_sock *tp)
{
	const struct tcp_pcb *pcb = tp->pcb;
	uint64_t idle = (uint64_t)(tcp_ticks - pcb->tmr) * TCP_SLOW_INTERVAL;

	if (idle * NSEC_PER_MSEC < STALLED_NS)
		return 0;
	return net_pcb_count(&pcb->remote_ip) *
	       (tp->figures.bytes_received ? 1 : SILENT_WEIGHT);
}

static void drop_gap(struct tcp_sock *tp)
{
	net_count(tcp_ofo_pruned);
	tcp_free_ooseq(tp->pcb);
	tcp_memory_update(tp);
}

static void drop_connection(struct tcp_sock *tp)
{
	struct tcp_pcb *pcb = tcp_detach(tp);

	net_count(tcp_aborted_memory);
	rxqueue_purge(&tp->sk_receive_queue);
	tcp_abort(pcb);
	tcp_done(tp, ETIMEDOUT);
}

/*
 * The budget or the machine's memory is used up: others may have taken all
 * pages except those reserved for the network, and connections the latter.
 */
static bool pages_are_out(void)
{
	return net_memory_exhausted() || pages_are_low(0);
}

static bool memory_is_out(void)
{
	return pages_are_out() || rx_buffers_short();
}

static bool is_connection(const struct tcp_sock *tp)
{
	return tp->pcb && tp->inet.sk.sk_state != TCP_LISTEN;
}

/*
 * Two walks: the first finds the heaviest connection, the second drops those
 * with at least half its weight, while out().
 */
struct measure {
	bool (*out)(void);
	weigh_fn *weigh;
	void (*drop)(struct tcp_sock *tp);
};

static const struct measure measures[] = {
	{ memory_is_out, weigh_gap, drop_gap },
	{ pages_are_out, weigh_orphan, drop_connection },
	{ pages_are_out, weigh_memory, drop_connection },
	{ net_tcp_pcbs_scarce, weigh_orphan, drop_connection },
	{ net_tcp_pcbs_scarce, weigh_idle, drop_connection },
	{ net_tcp_pcbs_scarce, weigh_memory, drop_connection },
};

#define NR_FOR_MEMORY 3 /* then those for pcbs */

/* The state of the walk; connections added meanwhile are still visited. */
static struct {
	unsigned int at, end; /* equal: nothing to do */
	bool drops; /* the second walk */
	uint64_t serial; /* of the next connection */
	uint64_t weight; /* the heaviest so far; then the least to be dropped */
} relief;

static void look_at(const struct measure *m, struct tcp_sock *tp)
{
	uint64_t weight = is_connection(tp) ? m->weigh(tp) : 0;

	if (!relief.drops)
		relief.weight = MAX(relief.weight, weight);
	else if (weight >= relief.weight)
		m->drop(tp);
}

/* The next part of a walk; false: the walk has ended. */
static bool walk_on(const struct measure *m, unsigned int *left)
{
	struct sock *next = sock_list_seek(&tcp_socks, relief.serial);

	while (next && m->out()) {
		struct sock *sk = next;

		if (!*left)
			return true;
		--*left;
		relief.serial = sk->sk_serial + 1;
		next = sock_list_next(&tcp_socks, sk);
		look_at(m, tcp_sk(sk));
	}
	return false;
}

static void next_walk(void)
{
	relief.serial = 0;
	relief.drops = !relief.drops && relief.weight;
	relief.weight = relief.drops ? (relief.weight + 1) / 2 : 0;
	relief.at += !relief.drops;
}

static bool go_on(void)
{
	unsigned int left = LOOKED_AT_ONCE;

	while (relief.at < relief.end) {
		if (walk_on(&measures[relief.at], &left))
			return true;
		next_walk();
	}
	return false;
}

static bool waits_for_pcb;

void tcp_memory_want_pcb(void)
{
	waits_for_pcb = true;
}

/* Counts how often pressure begins, as Linux does. */
static void count_pressure(void)
{
	static bool before;
	bool now = net_memory_pressure();

	if (now && !before)
		net_count(tcp_memory_pressures);
	before = now;
}

/* Takes back memory or pcbs when they are used up; true: call again. */
static bool relieve(void)
{
	static uint64_t last;
	uint64_t now;

	count_pressure();
	if (unlikely(relief.at < relief.end))
		return go_on();
	if (likely(!waits_for_pcb && !memory_is_out()))
		return false;
	now = ktime_get_ns();
	if (now - last < PAUSE_NS)
		return false;
	last = now;
	net_count(tcp_prune_called);
	relief.at = 0;
	relief.end = waits_for_pcb ? ARRAY_SIZE(measures) : NR_FOR_MEMORY;
	waits_for_pcb = false;
	return go_on();
}

void tcp_memory_init(void)
{
	static struct net_poller poller __ro_after_init_data = {
		.stage = NET_STAGE_MEMORY,
		.poll = relieve,
	};

	net_poller_register(&poller);
}
