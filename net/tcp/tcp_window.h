/* SPDX-License-Identifier: MIT */
/*
 * The receive window.
 */
#ifndef NET_TCP_TCP_WINDOW_H
#define NET_TCP_TCP_WINDOW_H

#include "net/tcp/tcp.h"

void tcp_window_init(struct tcp_sock *tp);
/* n bytes were read: opens the window. */
void tcp_window_read(struct sock *sk, size_t n);
/* Sends a delayed acknowledgement now. */
void tcp_ack_delayed(struct tcp_sock *tp);

#endif
