/* SPDX-License-Identifier: MIT */
/*
 * The memory budget of all sockets: receive queues, out-of-order data and TCP's
 * send queues together may take a share of the machine's memory,
 * netmem=PERCENT on the command line. Data between sockets of this machine has
 * its own budget of the same size, so that an application that does not read
 * its own data takes nothing from remote peers, and they take nothing from it.
 *
 * One queue may hold a quarter of what is free at that moment, so each later
 * queue gets less and some memory is always free: with N queues that take all
 * they can, each has 1/(N+4) of the budget, and so much is left for the next.
 * Every queue has a floor, as Linux's tcp_rmem[0] and tcp_wmem[0]: an empty
 * queue can take that much even when nothing is free, from a reserve beyond
 * the budget. Nothing is queued once the reserve is used up.
 *
 * Above half of the budget (pressure) no window grows, and wide ones shrink.
 * With the whole budget used only floors are left. With half of the reserve
 * used (exhausted) connections without progress end: net/tcp/tcp_memory.c.
 */
#ifndef NET_BASE_MEMORY_H
#define NET_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of memory, not of data. */
#define NET_MEMORY_FLOOR 4096

/* Reads netmem=: 0, -EINVAL. */
int net_memory_init(void);
size_t net_memory_limit(void);
size_t net_memory_used(void); /* without the next */
size_t net_memory_local(void); /* of data between sockets of this machine */
bool net_memory_pressure(void);
bool net_memory_exhausted(void);

/*
 * The memory that one queue may hold now, at least the floor; 0: the reserve
 * is used up, or the machine has no page left for packets.
 */
size_t net_memory_share(void);
/* The same for a queue filled by a socket of this machine. */
size_t net_memory_local_share(void);

/* Whether a queue that holds this many bytes of memory may take more. */
static inline bool net_memory_may_queue(size_t held)
{
	return held < net_memory_share();
}

/*
 * For queues other than rxqueues (TCP's send queues, datagrams): charges n
 * bytes; _local: of data from a socket of this machine.
 */
void net_memory_charge(size_t n);
void net_memory_uncharge(size_t n);
void net_memory_charge_local(size_t n);
void net_memory_uncharge_local(size_t n);

#endif
