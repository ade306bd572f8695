/* SPDX-License-Identifier: MIT */
/*
 * The budget of all sockets together: what lies in receive queues, beyond
 * gaps, and in TCP's send queues may take a share of the machine's memory,
 * netmem=PERCENT on the command line. What sockets of this machine send each
 * other has a budget of the same size for itself, so that an application which
 * does not read what it writes takes nothing from its peers, nor they from it.
 *
 * One queue may hold a quarter of what is free at that moment. So the first
 * ones get much and each later one less, and some is always free: with N that
 * take all they can, each has 1/(N+4) of the budget, and so has the next.
 * Whatever is free, every queue has a floor, as Linux's tcp_rmem[0] and
 * tcp_wmem[0]: who holds nothing can queue that much, out of a reserve beyond
 * the budget. Only when the reserve has gone nothing is queued any more.
 *
 * Above half of it (pressure) no window grows, and those that are wide shrink.
 * Beyond all of it (short) only floors are left. With half of the reserve gone
 * (exhausted) connections that make no progress end: net/tcp/tcp_memory.c.
 */
#ifndef NET_BASE_MEMORY_H
#define NET_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes, of what a queue truly takes. */
#define NET_MEMORY_FLOOR 4096

/* netmem=; -EINVAL: it is no share. */
int net_memory_init(void);
size_t net_memory_limit(void);
size_t net_memory_used(void); /* without what is local */
size_t net_memory_local(void);
bool net_memory_pressure(void);
bool net_memory_exhausted(void);

/*
 * The memory that one queue may hold now: from the floor up; 0: none. While
 * the page allocator is low the floor is all, and at last not even that.
 */
size_t net_memory_share(void);
/* The same for a queue that a socket of this machine fills. */
size_t net_memory_local_share(void);

/* A queue that holds so much memory may take more. */
static inline bool net_memory_may_queue(size_t held)
{
	return held < net_memory_share();
}

/*
 * Memory of a queue that is not an rxqueue: a sender's, or one of datagrams;
 * and of one that a socket of this machine has filled.
 */
void net_memory_charge(size_t n);
void net_memory_uncharge(size_t n);
void net_memory_charge_local(size_t n);
void net_memory_uncharge_local(size_t n);

#endif
