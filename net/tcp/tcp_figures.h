/* SPDX-License-Identifier: MIT */
/*
 * Counts TCP_INFO's figures of a connection over the wire.
 */
#ifndef NET_TCP_TCP_FIGURES_H
#define NET_TCP_TCP_FIGURES_H

#include "net/tcp/tcp.h"

void tcp_figures_start(struct tcp_sock *tp);
void tcp_figures_in(struct tcp_sock *tp, size_t len);
void tcp_figures_out(struct tcp_sock *tp, uint32_t seq, size_t len);
void tcp_figures_acked(struct tcp_sock *tp, uint32_t ack, size_t n);

#endif
