/* SPDX-License-Identifier: MIT */
/*
 * lwIP's connections (its "active" pcbs) in a hash table, and on one of two
 * lists: tcp_active_pcbs, which lwIP's timers walk ten times a second, or the
 * list of parked ones, for which no timer has anything to do. Included by lwIP,
 * whose patches call these functions in place of walking or changing its list.
 *
 * Invariants, checked for panic() (2 by what a walk does):
 *  1. Every pcb in a state from SYN-SENT to LAST-ACK is in the hash table and
 *     on exactly one of the lists; no two have the same tuple.
 *  2. A walk's next pcb is on tcp_active_pcbs, also when pcbs are removed
 *     meanwhile; pcbs added meanwhile are first seen by the next walk.
 *  3. A pcb is parked only with nothing queued in either direction, and
 *     lwIP's functions that queue something wake it first.
 */
#ifndef NET_LWIP_PCB_TABLE_H
#define NET_LWIP_PCB_TABLE_H

#include <stddef.h>

#include "lwip/arch.h"
#include "lwip/ip_addr.h"

struct tcp_pcb;

/* Once. The size follows the machine's memory; panics without memory. */
void net_pcb_table_init(void);

/* The tuple is complete, and must not change while the pcb is here. */
void net_pcb_add(struct tcp_pcb *pcb);
void net_pcb_remove(struct tcp_pcb *pcb);
/* Ports in host order; NULL if there is none. */
struct tcp_pcb *net_pcb_find(const ip_addr_t *local, u16_t lport,
			     const ip_addr_t *remote, u16_t rport);

/* The number of connections with an address; may be too high, never too low. */
size_t net_pcb_count(const ip_addr_t *remote);
/*
 * Whether an address may have one more connection: it has at most four times
 * as many as there are pcbs left for all others.
 */
int net_pcb_has_share(const ip_addr_t *remote);

/* Parks the pcb if timers have nothing to do for it; non-zero: parked. */
int net_pcb_park(struct tcp_pcb *pcb);
/* Lets the timers see the pcb again. Cheap when it is not parked. */
void net_pcb_wake(struct tcp_pcb *pcb);
void net_pcb_wake_all(void);

/*
 * Between begin and end tcp_output() is deferred; the end calls it once per
 * connection, so that one acknowledgement covers a batch of frames. Batches do
 * not nest.
 */
void net_pcb_batch_begin(void);
void net_pcb_batch_end(void);
/* Installs a function that the end calls after each such tcp_output(). */
void net_pcb_set_output_done(void (*done)(struct tcp_pcb *pcb));
/* Non-zero: tcp_output() will be called at the end of the batch. */
int net_pcb_output_later(struct tcp_pcb *pcb);

/*
 * lwIP's timers: each walks tcp_active_pcbs, one walk at a time. Starting a
 * timer whose walk has not ended has no effect.
 */
enum net_pcb_timer {
	NET_PCB_FAST,
	NET_PCB_SLOW,
	NR_NET_PCB_TIMERS,
};
void net_pcb_timer_start(enum net_pcb_timer timer);
/*
 * Runs a part of the walks, bounded by time; non-zero: a walk has not ended. If
 * the clock stands still, runs all of them.
 */
int net_pcb_run_timers(void);

/*
 * The first pcb of chain n of the hash table, or NULL; hash_next links the
 * others. 0: there is no chain n.
 */
int net_pcb_chain(size_t n, struct tcp_pcb **first);

#endif
