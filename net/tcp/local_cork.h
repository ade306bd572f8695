/* SPDX-License-Identifier: MIT */
/*
 * What a corked sender of this machine holds back.
 */
#ifndef NET_TCP_LOCAL_CORK_H
#define NET_TCP_LOCAL_CORK_H

#include <stdbool.h>
#include <stddef.h>

struct rxqueue;
struct tcp_sock;

/* What has been held back so far; NULL: no memory, so nothing can be. */
struct rxqueue *tcp_local_cork(struct tcp_sock *tp);
size_t tcp_local_corked(const struct tcp_sock *tp);
/*
 * It goes to the peer. False: that one wants no more, the connection was
 * reset, and tp is freed if nobody holds it.
 */
bool tcp_local_uncork(struct tcp_sock *tp);
/* It goes nowhere. */
void tcp_local_drop_cork(struct tcp_sock *tp);

#endif
