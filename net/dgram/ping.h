/* SPDX-License-Identifier: MIT */
/*
 * Ping sockets, icmp(7): SOCK_DGRAM with IPPROTO_ICMP. They send echo requests
 * and receive the replies; the identifier of both is the socket's port.
 */
#ifndef NET_DGRAM_PING_H
#define NET_DGRAM_PING_H

#include "net/dgram/dgram.h"

extern const struct proto ping_prot;

void ping_init(void);

#endif
