/* SPDX-License-Identifier: MIT */
/*
 * Reassembly of IPv4 fragments (RFC 791 3.2, RFC 815) within bounds: memory,
 * packets, fragments of a packet, thirty seconds. Overlapping fragments are an
 * attack: the whole packet is dropped (RFC 5722's rule, for IPv4 too).
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
 * the header says; consumes it. If none is missing any more, returns the whole
 * packet with a valid header and sets *ip to its first fragment's values and
 * frag_max; else NULL. Softirq.
 */
struct pbuf *ip_reass(struct pbuf *p, uint16_t hlen, struct ip_info *ip);

/* Incomplete packets, the memory they take, and the limit of that memory. */
unsigned int ip_reass_packets(void);
size_t ip_reass_memory(void);
size_t ip_reass_memory_max(void);

/* The invariants: kernel/check.h. */
const char *ip_reass_check(void);

#endif
