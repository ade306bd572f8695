/* SPDX-License-Identifier: MIT */
/*
 * connect(2): struct proto has the contracts.
 */
#ifndef NET_TCP_TCP_CONNECT_H
#define NET_TCP_TCP_CONNECT_H

#include "net/tcp/tcp.h"

int tcp_connect_sock(struct sock *sk, uint32_t daddr, uint16_t dport);
int tcp_disconnect(struct sock *sk);

#endif
