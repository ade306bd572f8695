/* SPDX-License-Identifier: MIT */
/*
 * lwIP's connections (its "active" pcbs) in a hash table, and on one of two
 * lists: tcp_active_pcbs, which lwIP's timers walk ten times a second, or a
 * list of those that no timer has anything to do for. Included by lwIP, whose
 * patches call these where it used to walk or change a list.
 *
 * Invariants, checked for panic() (2 by what a walk does):
 *  1. Every pcb in a state from SYN-SENT to LAST-ACK is in the hash table and
 *     on exactly one of the lists; no two have the same tuple.
 *  2. A walk's next pcb is on tcp_active_pcbs, whatever goes meanwhile; what
 *     comes meanwhile is put before it, and its turn is the next walk.
 *  3. A pcb is parked only with nothing queued in either direction, and
 *     lwIP's functions that queue something wake it first.
 */
#ifndef NET_LWIP_PCB_TABLE_H
#define NET_LWIP_PCB_TABLE_H

#include <stddef.h>

#include "lwip/arch.h"
#include "lwip/ip_addr.h"

struct tcp_pcb;

/* Its size follows the machine's memory; panics without memory. Once. */
void net_pcb_table_init(void);

/* The tuple is complete, and must not change while the pcb is here. */
void net_pcb_add(struct tcp_pcb *pcb);
void net_pcb_remove(struct tcp_pcb *pcb);
/* Ports in host order; NULL if there is none. */
struct tcp_pcb *net_pcb_find(const ip_addr_t *local, u16_t lport,
			     const ip_addr_t *remote, u16_t rport);

/* Connections with an address, or a few more. */
size_t net_pcb_count(const ip_addr_t *remote);
/*
 * One more connection with an address is fair: it has at most four times as
 * many as there are pcbs left for all others.
 */
int net_pcb_has_share(const ip_addr_t *remote);

/* Non-zero: nothing is to be done for it, the timers need not see it. */
int net_pcb_park(struct tcp_pcb *pcb);
/* Something will be to be done. Cheap when it is awake. */
void net_pcb_wake(struct tcp_pcb *pcb);
void net_pcb_wake_all(void);

/*
 * Between the two, what connections have to send waits until the end, when
 * each is asked once: the segments of a batch of frames are acknowledged by
 * one. Batches do not nest.
 */
void net_pcb_batch_begin(void);
void net_pcb_batch_end(void);
/* Installs what is called then for each that was asked. */
void net_pcb_set_output_done(void (*done)(struct tcp_pcb *pcb));
/* Non-zero: tcp_output() will be called at the end of the batch. */
int net_pcb_output_later(struct tcp_pcb *pcb);

/*
 * lwIP's timers: each walks the awake ones, at most one walk of each at a time.
 * One that is still under way goes on instead of beginning anew.
 */
enum net_pcb_timer {
	NET_PCB_FAST,
	NET_PCB_SLOW,
	NR_NET_PCB_TIMERS,
};
void net_pcb_timer_start(enum net_pcb_timer timer);
/*
 * A part of the walks; non-zero: they are not at their ends. Where the clock
 * stands still, all of them.
 */
int net_pcb_run_timers(void);

/*
 * The first of chain n of the hash table, or NULL; the others hang on hash_next.
 * 0: there are less chains.
 */
int net_pcb_chain(size_t n, struct tcp_pcb **first);

#endif
