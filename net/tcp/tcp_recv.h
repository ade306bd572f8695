/* SPDX-License-Identifier: MIT */
/*
 * Receiving.
 */
#ifndef NET_TCP_TCP_RECV_H
#define NET_TCP_TCP_RECV_H

#include "net/tcp/tcp.h"

ssize_t tcp_recvmsg(struct sock *sk, struct msg *msg);
/* The result of a read that found no data: 0 (end of the stream), -errno. */
int tcp_recv_empty(struct sock *sk);

#endif
