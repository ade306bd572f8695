/* SPDX-License-Identifier: MIT */
/*
 * Sending, and whether there is room for it.
 */
#ifndef NET_TCP_TCP_SEND_H
#define NET_TCP_TCP_SEND_H

#include "net/tcp/tcp.h"

ssize_t tcp_sendmsg(struct sock *sk, struct msg *msg);
/* 0 when data may be sent; -EPIPE, -EAGAIN, the handshake's error. */
int tcp_wait_connected(struct sock *sk, uint64_t deadline);
/* The result of a send that sent nothing; sends SIGPIPE for -EPIPE. */
ssize_t tcp_send_error(struct sock *sk, int err, uint32_t flags);
bool tcp_writeable(const struct tcp_sock *tp);
/*
 * Requests sk_write_space() when tcp_writeable() becomes true: after an
 * acknowledgement, a read by the peer, or when memory is there again.
 */
void tcp_want_space(struct tcp_sock *tp);
size_t tcp_unacked_bytes(const struct tcp_sock *tp);
/* Sends what may be sent now. */
void tcp_push(struct tcp_sock *tp);

#endif
