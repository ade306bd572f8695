/* SPDX-License-Identifier: MIT */
/*
 * poll(2) and ioctl(2): struct proto_ops has the contracts.
 */
#ifndef NET_TCP_TCP_POLL_H
#define NET_TCP_TCP_POLL_H

#include "net/tcp/tcp.h"

uint32_t tcp_poll_mask(struct sock *sk);
long tcp_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg);

#endif
