/* SPDX-License-Identifier: MIT */
/*
 * Who waits for memory: nothing more is queued until there is some again.
 */
#ifndef NET_TCP_MEMORY_WAIT_H
#define NET_TCP_MEMORY_WAIT_H

#include "net/tcp/tcp.h"

void tcp_wait_for_memory(struct tcp_sock *tp);
/* The sock has got some by itself, or goes away. */
void tcp_has_memory(struct tcp_sock *tp);
static inline bool tcp_waits_for_memory(const struct tcp_sock *tp)
{
	return !list_empty(&tp->memory_wait);
}

#endif
