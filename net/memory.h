/* SPDX-License-Identifier: MIT */
/*
 * The budget of all sockets together: what lies in receive queues, in queues
 * of local connections and datagrams, and in TCP's send queues may take a share
 * of the machine's memory, netmem=PERCENT on the command line.
 *
 * Above half of it (pressure) no window grows, and those that are wide shrink.
 * At all of it (short) payload is dropped, which TCP's peer sends again; a
 * queue that holds something takes no more, and nobody new is let in.
 */
#ifndef NET_MEMORY_H
#define NET_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* netmem=; -EINVAL: it is no share. */
int net_memory_init(void);
size_t net_memory_limit(void);
size_t net_memory_used(void);
bool net_memory_pressure(void);
bool net_memory_short(void);

/* Bytes that a sender has queued. */
void net_memory_charge(size_t n);
void net_memory_uncharge(size_t n);

#endif
