/* SPDX-License-Identifier: MIT */
/*
 * What connections hold of the budget (net/base/memory.h), and who has to go
 * when it is out.
 */
#ifndef NET_TCP_TCP_MEMORY_H
#define NET_TCP_TCP_MEMORY_H

#include "net/tcp/tcp.h"

void tcp_memory_init(void);
/* What lwIP has queued for tp, which has a pcb, has changed. */
void tcp_memory_update(struct tcp_sock *tp);
/* Nothing is queued any more. */
void tcp_memory_release(struct tcp_sock *tp);
/* Payload, in whole segments, that memory lets tp queue for sending now. */
size_t tcp_memory_room(const struct tcp_sock *tp);
/* Payload that comes can be kept; NULL: of a connection to be. */
bool tcp_memory_may_receive(const struct tcp_sock *tp);
/* So can payload beyond a gap. */
bool tcp_memory_may_keep_gap(const struct tcp_sock *tp);
/* Everything before gone has left a queue that ends at end now. */
void tcp_progress(struct tcp_progress *p, uint32_t gone, uint32_t end);
/* A connection could not be opened for want of a pcb. */
void tcp_memory_want_pcb(void);

#endif
