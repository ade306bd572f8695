/* SPDX-License-Identifier: MIT */
/*
 * Listeners, and connections that wait to be accepted.
 */
#ifndef NET_TCP_TCP_LISTEN_H
#define NET_TCP_TCP_LISTEN_H

#include "net/tcp/tcp.h"

int tcp_listen_start(struct sock *sk, int backlog);
void tcp_listen_stop(struct tcp_sock *tp);
/* Resets all that waits for a stopped listener. Others may run. */
void tcp_listen_drop(struct tcp_sock *tp);
/* Copies what an accepted sock inherits from its listener: socket(7). */
void tcp_inherit(struct tcp_sock *child, const struct tcp_sock *parent);
/* Adds a connection to the accept queue. */
void tcp_enqueue_child(struct tcp_sock *parent, struct tcp_sock *child);
bool tcp_accept_queue_full(const struct tcp_sock *listener);
/* Takes the oldest connection, waits until deadline (0: not); or ERR_PTR. */
struct sock *tcp_accept_sock(struct sock *sk, uint64_t deadline);

#endif
