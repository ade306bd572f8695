/* SPDX-License-Identifier: MIT */
/*
 * Ping sockets, icmp(7): SOCK_DGRAM with IPPROTO_ICMP. They send echo requests
 * and receive the replies; the identifier of both is the socket's port.
 */
#ifndef NET_DGRAM_PING_H
#define NET_DGRAM_PING_H

#include "net/dgram/dgram.h"

struct icmp_error;
struct icmp_header;
struct pbuf; /* lwIP's */

extern const struct proto ping_prot;

void ping_init(void);
/* An echo reply; each receiver gets a reference. */
void ping_rcv(struct pbuf *p, const struct ip_info *ip,
	      const struct icmp_header *icmp);
void ping_err(const struct icmp_error *e);

#endif
