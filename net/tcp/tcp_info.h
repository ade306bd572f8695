/* SPDX-License-Identifier: MIT */
/*
 * TCP_INFO.
 */
#ifndef NET_TCP_TCP_INFO_H
#define NET_TCP_TCP_INFO_H

#include "net/tcp/tcp.h"

void tcp_get_info(struct sock *sk, struct tcp_info *info);
/* get_info of struct tcp_transport. */
void tcp_wire_info(const struct tcp_sock *tp, struct tcp_info *info);
void tcp_local_info(const struct tcp_sock *tp, struct tcp_info *info);

#endif
