/* SPDX-License-Identifier: MIT */
/*
 * Connections inside the machine that wait for their listener.
 */
#ifndef NET_TCP_LOCAL_WAIT_H
#define NET_TCP_LOCAL_WAIT_H

#include <stdint.h>

struct tcp_sock;

/*
 * tp waits for listener to take it: in SYN-SENT for room in the accept queue,
 * else, as TCP_DEFER_ACCEPT wants it, for data, some seconds at most.
 */
void tcp_local_wait(struct tcp_sock *tp, struct tcp_sock *listener,
		    uint32_t seconds);
void tcp_local_wait_no_more(struct tcp_sock *tp);
/* The first data of a connection that waits for them. */
void tcp_local_accept_deferred(struct tcp_sock *tp);
/* The listener has room for one more. */
void tcp_local_room(struct tcp_sock *listener);
/* It is gone: who waits for it is refused, or reset. */
void tcp_local_listener_gone(struct tcp_sock *listener);

#endif
