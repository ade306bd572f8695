/* SPDX-License-Identifier: MIT */
/* Options of level SOL_SOCKET that all families have: socket(7). */
#ifndef NET_SOCKET_SOCKOPT_SOCKET_H
#define NET_SOCKET_SOCKOPT_SOCKET_H

void sockopt_socket_init(void); /* at the start, before the families */

#endif
