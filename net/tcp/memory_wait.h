/* SPDX-License-Identifier: MIT */
/*
 * Senders that wait for memory: not writeable until there is some again.
 */
#ifndef NET_TCP_MEMORY_WAIT_H
#define NET_TCP_MEMORY_WAIT_H

#include "net/tcp/tcp.h"

void tcp_wait_for_memory(struct tcp_sock *tp);
/* tp waits no longer: it has got memory, or is being freed. */
void tcp_has_memory(struct tcp_sock *tp);
static inline bool tcp_waits_for_memory(const struct tcp_sock *tp)
{
	return !list_empty(&tp->memory_wait);
}

#endif
