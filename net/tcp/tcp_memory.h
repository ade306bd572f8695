/* SPDX-License-Identifier: MIT */
/*
 * The memory that connections hold of the budget (net/base/memory.h), and which
 * are dropped when it is used up.
 */
#ifndef NET_TCP_TCP_MEMORY_H
#define NET_TCP_TCP_MEMORY_H

#include "net/tcp/tcp.h"

void tcp_memory_init(void);
/* Recomputes tp's charge after a change of lwIP's queues; tp has a pcb. */
void tcp_memory_update(struct tcp_sock *tp);
/* Uncharges all: lwIP has nothing queued for tp any more. */
void tcp_memory_release(struct tcp_sock *tp);
/* How much payload, in whole segments, tp may queue for sending now. */
size_t tcp_memory_room(const struct tcp_sock *tp);
/* Whether received payload can be kept; NULL: of a new connection. */
bool tcp_memory_may_receive(const struct tcp_sock *tp);
/* The same for out-of-order payload. */
bool tcp_memory_may_keep_gap(const struct tcp_sock *tp);
/* A queue now begins at number gone and ends at number end. */
void tcp_progress(struct tcp_progress *p, uint32_t gone, uint32_t end);
/* No pcb was left for a new connection: some are to be freed. */
void tcp_memory_want_pcb(void);

#endif
