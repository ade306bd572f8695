/* SPDX-License-Identifier: MIT */
/*
 * ICMP errors about segments that this machine sent.
 */
#ifndef NET_TCP_TCP_ICMP_H
#define NET_TCP_TCP_ICMP_H

#include "net/tcp/tcp.h"

void tcp_icmp_init(void);

#endif
