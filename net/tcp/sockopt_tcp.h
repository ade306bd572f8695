/* SPDX-License-Identifier: MIT */
/* Options of level IPPROTO_TCP: tcp(7). */
#ifndef NET_TCP_SOCKOPT_TCP_H
#define NET_TCP_SOCKOPT_TCP_H

void sockopt_tcp_init(void); /* at the start */

#endif
