/* SPDX-License-Identifier: MIT */
/*
 * The table of lwIP's connections. The hash is keyed, so that peers cannot
 * choose tuples that make a chain long.
 */
#include "net/lwip/pcb_table.h"

#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"
#include "lwip/timeouts.h"

#include "kernel/base.h"
#include "kernel/check.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/task/clock.h"
#include "net/base/inet_hash.h"
#include "net/lwip/memp.h"

/* One chain for every two pcbs of the pool's limit (net/lwip/memp.c). */
#define CHAINS_MIN 256
#define CHAINS_MAX (256 * 1024)

/* One address may have this many times the pcbs left for all others. */
#define ADDRESS_SHARE 4

/* The time for timers in one run of the softirq. */
#define WALK_NS (100 * NSEC_PER_USEC)

/* More than there can be. */
#define CHECKED_MAX (1 << 24)

/* lwIP's slow ticks without a segment before a connection is parked. */
#define IDLE_TICKS 5

static struct tcp_pcb **chains;
static size_t nr_chains; /* a power of two */
static struct tcp_pcb *parked;
static struct tcp_pcb *walks[NR_NET_PCB_TIMERS]; /* the next pcb of each */

static struct tcp_pcb **chain_of(const ip_addr_t *local, u16_t lport,
				 const ip_addr_t *remote, u16_t rport)
{
	uint32_t hash = inet_hash(ip_addr_get_ip4_u32(remote), rport,
				  ip_addr_get_ip4_u32(local), lport);

	return &chains[hash & (nr_chains - 1)];
}

struct tcp_pcb *net_pcb_find(const ip_addr_t *local, u16_t lport,
			     const ip_addr_t *remote, u16_t rport)
{
	struct tcp_pcb *pcb = *chain_of(local, lport, remote, rport);

	while (pcb && (pcb->local_port != lport || pcb->remote_port != rport ||
		       !ip_addr_cmp(&pcb->local_ip, local) ||
		       !ip_addr_cmp(&pcb->remote_ip, remote)))
		pcb = pcb->hash_next;
	return pcb;
}

/* ---- The two lists ------------------------------------------------------- */

static struct tcp_pcb **list_of(const struct tcp_pcb *pcb)
{
	return pcb->parked ? &parked : &tcp_active_pcbs;
}

static void link_first(struct tcp_pcb *pcb)
{
	struct tcp_pcb **list = list_of(pcb);

	pcb->prev = NULL;
	pcb->next = *list;
	if (pcb->next)
		pcb->next->prev = pcb;
	*list = pcb;
}

static void unlink_pcb(struct tcp_pcb *pcb)
{
	for (int i = 0; i < NR_NET_PCB_TIMERS; i++) {
		if (walks[i] == pcb)
			walks[i] = pcb->next;
	}
	if (pcb->next)
		pcb->next->prev = pcb->prev;
	if (pcb->prev)
		pcb->prev->next = pcb->next;
	else
		*list_of(pcb) = pcb->next;
	pcb->next = NULL;
	pcb->prev = NULL;
}

/* ---- Addresses ----------------------------------------------------------- */

/*
 * The connections of each address, in a count-min sketch: an address has one
 * cell in each row, and at most the smaller of the two counts.
 */
#define ROWS 2
#define ROW_BITS 12

static uint32_t counts[ROWS][1 << ROW_BITS];

static uint32_t *cell(unsigned int row, const ip_addr_t *remote)
{
	uint32_t hash = inet_hash(ip_addr_get_ip4_u32(remote), 0, 0, 0);

	hash >>= row * (32 - ROW_BITS);
	return &counts[row][hash & ((1 << ROW_BITS) - 1)];
}

static void count_pcb(const struct tcp_pcb *pcb, int n)
{
	for (unsigned int row = 0; row < ROWS; row++)
		*cell(row, &pcb->remote_ip) += n;
}

size_t net_pcb_count(const ip_addr_t *remote)
{
	return MIN(*cell(0, remote), *cell(1, remote));
}

int net_pcb_has_share(const ip_addr_t *remote)
{
	return net_pcb_count(remote) <= ADDRESS_SHARE * net_tcp_pcbs_left();
}

/* ---- The table ----------------------------------------------------------- */

void net_pcb_add(struct tcp_pcb *pcb)
{
	struct tcp_pcb **chain = chain_of(&pcb->local_ip, pcb->local_port,
					  &pcb->remote_ip, pcb->remote_port);

	pcb->hash_next = *chain;
	pcb->hash_pprev = chain;
	if (pcb->hash_next)
		pcb->hash_next->hash_pprev = &pcb->hash_next;
	*chain = pcb;
	pcb->parked = 0;
	count_pcb(pcb, 1);
	link_first(pcb);
	tcp_timer_needed();
}

/* ---- Batches ------------------------------------------------------------- */

/* A pcb is in later[]; lwIP does not use this flag. */
#define OUTPUT_IS_LATER 0x8000

static struct tcp_pcb *later[64]; /* NULL: the pcb was removed */
static unsigned int nr_later;
static bool in_batch;
static void (*output_done)(struct tcp_pcb *pcb) __ro_after_init;

void net_pcb_set_output_done(void (*done)(struct tcp_pcb *pcb))
{
	output_done = done;
}

void net_pcb_batch_begin(void)
{
	in_batch = true;
}

/* Only ESTABLISHED: in later states the answer may be the last one. */
int net_pcb_output_later(struct tcp_pcb *pcb)
{
	if (!in_batch || pcb->state != ESTABLISHED)
		return 0;
	if (pcb->flags & OUTPUT_IS_LATER)
		return 1;
	if (nr_later == ARRAY_SIZE(later))
		return 0;
	pcb->flags |= OUTPUT_IS_LATER;
	later[nr_later++] = pcb;
	return 1;
}

void net_pcb_batch_end(void)
{
	in_batch = false;
	for (unsigned int i = 0; i < nr_later; i++) {
		if (!later[i])
			continue;
		later[i]->flags &= ~OUTPUT_IS_LATER;
		tcp_output(later[i]);
		if (output_done)
			output_done(later[i]);
	}
	nr_later = 0;
}

static void forget_output(struct tcp_pcb *pcb)
{
	if (!(pcb->flags & OUTPUT_IS_LATER))
		return;
	pcb->flags &= ~OUTPUT_IS_LATER;
	for (unsigned int i = 0; i < nr_later; i++) {
		if (later[i] == pcb)
			later[i] = NULL;
	}
}

/* ---- Idle connections ---------------------------------------------------- */

void net_pcb_remove(struct tcp_pcb *pcb)
{
	*pcb->hash_pprev = pcb->hash_next;
	if (pcb->hash_next)
		pcb->hash_next->hash_pprev = pcb->hash_pprev;
	count_pcb(pcb, -1);
	unlink_pcb(pcb);
	pcb->parked = 0;
	forget_output(pcb);
}

static bool is_quiet(const struct tcp_pcb *pcb)
{
	const tcpflags_t busy = TF_ACK_DELAY | TF_ACK_NOW | TF_CLOSEPEND |
				TF_RXCLOSED | TF_FIN | TF_NAGLEMEMERR;

	return !pcb->unsent && !pcb->unacked && !pcb->ooseq &&
	       !pcb->refused_data && !(pcb->flags & busy);
}

int net_pcb_park(struct tcp_pcb *pcb)
{
	if ((pcb->state != ESTABLISHED && pcb->state != CLOSE_WAIT) ||
	    pcb->poll || ip_get_option(pcb, SOF_KEEPALIVE) || !is_quiet(pcb) ||
	    tcp_ticks - pcb->tmr < IDLE_TICKS)
		return 0;
	unlink_pcb(pcb);
	pcb->listener = NULL; /* used only until the accept */
	pcb->parked = 1;
	link_first(pcb);
	return 1;
}

void net_pcb_wake(struct tcp_pcb *pcb)
{
	if (!pcb->parked)
		return;
	unlink_pcb(pcb);
	pcb->parked = 0;
	link_first(pcb);
	tcp_active_pcbs_changed = 1;
	tcp_timer_needed();
}

void net_pcb_wake_all(void)
{
	while (parked)
		net_pcb_wake(parked);
}

/* ---- The timers' walks --------------------------------------------------- */

void net_pcb_timer_start(enum net_pcb_timer timer)
{
	if (!walks[timer])
		walks[timer] = tcp_active_pcbs;
}

static struct tcp_pcb *walk_on(enum net_pcb_timer timer)
{
	struct tcp_pcb *pcb = walks[timer];

	if (pcb)
		walks[timer] = pcb->next;
	return pcb;
}

int net_pcb_run_timers(void)
{
	uint64_t end = ktime_get_ns() + WALK_NS;
	struct tcp_pcb *pcb;

	do {
		if ((pcb = walk_on(NET_PCB_FAST)))
			tcp_fasttmr_pcb(pcb);
		else if ((pcb = walk_on(NET_PCB_SLOW)))
			tcp_slowtmr_pcb(pcb);
		else
			return 0;
	} while (ktime_get_ns() < end);
	return 1;
}

int net_pcb_chain(size_t n, struct tcp_pcb **first)
{
	if (n >= nr_chains)
		return 0;
	*first = chains[n];
	return 1;
}

static const char *list_check(const struct tcp_pcb *first, bool is_parked,
			      size_t *n)
{
	const struct tcp_pcb *prev = NULL;

	for (const struct tcp_pcb *pcb = first; pcb; pcb = pcb->next) {
		if (++*n > CHECKED_MAX || pcb->prev != prev)
			return "pcb_table 1: a list is broken";
		if (pcb->parked != is_parked)
			return "pcb_table 1: a pcb is on the wrong list";
		if (!pcb->hash_pprev || *pcb->hash_pprev != pcb)
			return "pcb_table 1: a pcb is not in the table";
		if (is_parked && !is_quiet(pcb))
			return "pcb_table 3: a parked pcb has something to do";
		prev = pcb;
	}
	return NULL;
}

/* left: pcbs of the lists that have not been seen in the table. */
static const char *chain_check(struct tcp_pcb *const *chain, size_t *left)
{
	const struct tcp_pcb *pcb;

	for (pcb = *chain; pcb; pcb = pcb->hash_next) {
		if (!(*left)--)
			return "pcb_table 1: a pcb is on no list";
		if (chain_of(&pcb->local_ip, pcb->local_port, &pcb->remote_ip,
			     pcb->remote_port) != chain)
			return "pcb_table 1: a pcb is in the wrong chain";
	}
	for (pcb = *chain; pcb; pcb = pcb->hash_next) {
		if (net_pcb_find(&pcb->local_ip, pcb->local_port,
				 &pcb->remote_ip, pcb->remote_port) != pcb)
			return "pcb_table 1: two pcbs have the same tuple";
	}
	return NULL;
}

static const char *check_table(void)
{
	size_t n = 0;
	const char *broken = list_check(tcp_active_pcbs, false, &n);

	if (!broken)
		broken = list_check(parked, true, &n);
	for (size_t i = 0; i < nr_chains && !broken; i++)
		broken = chain_check(&chains[i], &n);
	return broken || !n ? broken : "pcb_table 1: one is not in the table";
}

void net_pcb_table_init(void)
{
	for (nr_chains = CHAINS_MIN;
	     nr_chains < CHAINS_MAX && nr_chains < nr_total_pages() / 2;)
		nr_chains *= 2;
	chains = kcalloc(nr_chains, sizeof(*chains));
	if (!chains)
		panic("no memory for the table of connections");
	check_register("pcb_table", check_table);
}
