/* SPDX-License-Identifier: MIT */
/*
 * Receiving.
 */
#ifndef NET_TCP_TCP_RECV_H
#define NET_TCP_TCP_RECV_H

#include "net/tcp/tcp.h"

ssize_t tcp_recvmsg(struct sock *sk, struct msg *msg);
/* What a read finds that got nothing: 0 is the end of the stream. */
int tcp_recv_empty(struct sock *sk);

#endif
