/* SPDX-License-Identifier: MIT */
/*
 * Local connections that wait for their listener.
 */
#ifndef NET_TCP_LOCAL_WAIT_H
#define NET_TCP_LOCAL_WAIT_H

#include <stdint.h>

struct tcp_sock;

/*
 * Lets tp wait: in SYN-SENT for room in listener's accept queue, else for its
 * first data (TCP_DEFER_ACCEPT), for at most so many seconds.
 */
void tcp_local_wait(struct tcp_sock *tp, struct tcp_sock *listener,
		    uint32_t seconds);
void tcp_local_wait_no_more(struct tcp_sock *tp);
/* A waiting connection has got its first data. */
void tcp_local_accept_deferred(struct tcp_sock *tp);
/* The listener's accept queue has room for one more. */
void tcp_local_room(struct tcp_sock *listener);
/* The listener is gone: connectors are refused, deferred connections reset. */
void tcp_local_listener_gone(struct tcp_sock *listener);

#endif
