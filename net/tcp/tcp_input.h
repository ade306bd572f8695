/* SPDX-License-Identifier: MIT */
/*
 * The segment that lwIP is about to work on.
 */
#ifndef NET_TCP_TCP_INPUT_H
#define NET_TCP_TCP_INPUT_H

#include "net/tcp/tcp.h"

/* What it says to a sock that has come into being meanwhile. */
void tcp_child_segment(struct tcp_sock *child);

#endif
