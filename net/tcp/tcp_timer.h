/* SPDX-License-Identifier: MIT */
/*
 * Data that a cork holds back.
 */
#ifndef NET_TCP_TCP_TIMER_H
#define NET_TCP_TCP_TIMER_H

#include "net/tcp/tcp.h"

void tcp_hold(struct tcp_sock *tp);

#endif
