/* SPDX-License-Identifier: MIT */
/*
 * AF_INET's datagram sockets (UDP, raw, ping): names, states, and the order of
 * checks.
 */
#ifndef NET_DGRAM_INET_DGRAM_H
#define NET_DGRAM_INET_DGRAM_H

#include "net/socket/socket.h"

struct sock;

extern const struct proto_ops inet_dgram_ops;

void inet_dgram_init(void); /* at the start: SO_PEEK_OFF */

/* connect(2), and connect(2) with AF_UNSPEC: struct proto. */
int inet_dgram_connect_sock(struct sock *sk, uint32_t daddr, uint16_t dport);
int inet_dgram_disconnect(struct sock *sk);
/* A free port for a socket without one; -EAGAIN: no port or no memory. */
int inet_dgram_autobind(struct sock *sk);

#endif
