/* SPDX-License-Identifier: MIT */
/*
 * lwIP's upcalls: what arrives, leaves or ends becomes the sock's state and
 * wake-ups.
 */
#ifndef NET_TCP_TCP_UPCALL_H
#define NET_TCP_TCP_UPCALL_H

#include "net/tcp/tcp.h"

void tcp_set_upcalls(struct tcp_sock *tp, struct tcp_pcb *pcb);
/* Closed by the application; what is left is to be delivered. */
bool tcp_is_orphan(const struct tcp_sock *tp);
/* The acknowledgement of our FIN has come. */
void tcp_fin_acked(struct tcp_sock *tp);
/* What a reset tells the application, by the state: positive errno or 0. */
int tcp_reset_errno(const struct sock *sk);
/* Whether a reader of target bytes is to be woken: SO_RCVLOWAT. */
bool tcp_is_readable(const struct tcp_sock *tp, size_t target);
/* Somebody may want to read what has come. */
void tcp_data_ready(struct sock *sk);
/* There was no memory for more: SO_RCVLOWAT holds nothing back now. */
void tcp_data_dropped(struct sock *sk);
/* The connection is over; err: positive errno, 0: in order. */
void tcp_done(struct tcp_sock *tp, int err);
/* Tells whoever waits for room, if there is some. */
void tcp_write_space(struct tcp_sock *tp);
/* lwIP calls back twice a second or so while somebody waits for room. */
void tcp_want_poll(struct tcp_sock *tp);

#endif
