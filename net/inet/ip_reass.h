/* SPDX-License-Identifier: MIT */
/*
 * Reassembly of IPv4 fragments (RFC 791 3.2, RFC 815) within bounds: memory,
 * packets at a time, fragments of one, thirty seconds. Fragments that overlap
 * are an attack: all of the packet is dropped (RFC 5722's rule, for IPv4 too).
 */
#ifndef NET_INET_IP_REASS_H
#define NET_INET_IP_REASS_H

#include <stddef.h>
#include <stdint.h>

struct ip_info;
struct pbuf; /* lwIP's */

#define IP_REASS_SECONDS 30 /* net.ipv4.ipfrag_time */
#define IP_REASS_PACKETS_MAX 256
#define IP_REASS_FRAGMENTS_MAX 1024

/*
 * Takes a fragment, from its IP header of hlen bytes on, exactly as long as
 * that says; consumed. Returns the whole packet when this was the last that
 * was missing, with a header that is right, and sets ip->frag_max; else NULL.
 * Softirq.
 */
struct pbuf *ip_reass(struct pbuf *p, uint16_t hlen, struct ip_info *ip);

/* How many packets are incomplete, and the memory they take, and may take. */
unsigned int ip_reass_packets(void);
size_t ip_reass_memory(void);
size_t ip_reass_memory_max(void);

/* The invariants: kernel/check.h. */
const char *ip_reass_check(void);

#endif
