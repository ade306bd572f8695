/* SPDX-License-Identifier: MIT */
/*
 * lwIP's upcalls, which change the sock's state and wake its waiters.
 */
#ifndef NET_TCP_TCP_UPCALL_H
#define NET_TCP_TCP_UPCALL_H

#include "net/tcp/tcp.h"

void tcp_set_upcalls(struct tcp_sock *tp, struct tcp_pcb *pcb);
/* Whether the application has closed the socket. */
bool tcp_is_orphan(const struct tcp_sock *tp);
/* Our FIN was acknowledged. */
void tcp_fin_acked(struct tcp_sock *tp);
/* The error of a reset, by the sock's state: positive errno or 0. */
int tcp_reset_errno(const struct sock *sk);
/* Whether a reader of target bytes is to be woken: SO_RCVLOWAT. */
bool tcp_is_readable(const struct tcp_sock *tp, size_t target);
/* Wakes readers if there is enough to read. */
void tcp_data_ready(struct sock *sk);
/* The same, whatever SO_RCVLOWAT: there was no memory for more data. */
void tcp_data_dropped(struct sock *sk);
/* The connection is over; err: positive errno, 0: closed in order. */
void tcp_done(struct tcp_sock *tp, int err);
/* Wakes those that wait for room, if there is some. */
void tcp_write_space(struct tcp_sock *tp);
/* Starts lwIP's poll upcall, every slow tick (200 ms). */
void tcp_want_poll(struct tcp_sock *tp);

#endif
