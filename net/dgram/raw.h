/* SPDX-License-Identifier: MIT */
/*
 * Raw sockets, raw(7), for ICMP: every message that the machine receives, with
 * its IP header, but for the types that ICMP_FILTER names.
 */
#ifndef NET_DGRAM_RAW_H
#define NET_DGRAM_RAW_H

#include "net/dgram/dgram.h"

struct icmp_error;
struct pbuf; /* lwIP's */

extern const struct proto raw_prot;

void raw_init(void);

/*
 * A packet from its IP header on; each receiver gets a reference. Others may
 * run between many of a thread's.
 */
void raw_deliver(struct pbuf *p, const struct ip_info *ip, uint16_t hlen);
/* skip: bytes of e->quoted in front of the quoted IP header. */
void raw_err(const struct icmp_error *e, uint8_t proto, uint16_t skip);

#endif
