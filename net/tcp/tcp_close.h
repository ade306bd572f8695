/* SPDX-License-Identifier: MIT */
/*
 * close(2), shutdown(2), and connections without a socket.
 */
#ifndef NET_TCP_TCP_CLOSE_H
#define NET_TCP_TCP_CLOSE_H

#include "net/tcp/tcp.h"

void tcp_shutdown_sock(struct sock *sk, int how);
void tcp_close_sock(struct sock *sk);
/* Moves to the state in which a FIN is sent; false: it was sent before. */
bool tcp_start_closing(struct sock *sk);
/* SO_LINGER: whether close(2) waits, until when, or resets. */
bool tcp_may_linger(const struct sock *sk);
uint64_t tcp_linger_deadline(const struct sock *sk);
bool tcp_wants_reset(const struct sock *sk);
/* Whether an orphan has made no progress for too long: it is to be aborted. */
bool tcp_orphan_expired(struct tcp_sock *tp);

#endif
