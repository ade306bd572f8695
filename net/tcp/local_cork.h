/* SPDX-License-Identifier: MIT */
/*
 * Data that a corked sender of a local connection holds back.
 */
#ifndef NET_TCP_LOCAL_CORK_H
#define NET_TCP_LOCAL_CORK_H

#include <stdbool.h>
#include <stddef.h>

struct rxqueue;
struct tcp_sock;

/* The queue of held-back data, created if need be; NULL: no memory. */
struct rxqueue *tcp_local_cork(struct tcp_sock *tp);
size_t tcp_local_corked(const struct tcp_sock *tp);
/*
 * Sends held-back data to the peer. False: the peer refuses data, the
 * connection was reset, and tp is freed if nobody holds it.
 */
bool tcp_local_uncork(struct tcp_sock *tp);
/* Discards held-back data. */
void tcp_local_drop_cork(struct tcp_sock *tp);

#endif
