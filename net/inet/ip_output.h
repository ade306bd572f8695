/* SPDX-License-Identifier: MIT */
/*
 * IPv4 packets to the wire: the header, and fragments of what is longer than
 * the link takes (RFC 791).
 */
#ifndef NET_INET_IP_OUTPUT_H
#define NET_INET_IP_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/inet/ip_route.h"

struct pbuf; /* lwIP's */

#define IP_HEADER_LEN 20
#define IP_PACKET_MAX 65535

struct ip_out {
	uint32_t saddr;
	uint32_t daddr;
	uint16_t id; /* 0: one is chosen, where RFC 6864 wants one */
	uint8_t tos;
	uint8_t ttl;
	uint8_t proto;
	bool df; /* don't fragment: the caller has checked that it fits */
	uint32_t mtu; /* 0: of the route's link */
	/*
	 * Allocates a fragment of len bytes, with room for headers, and charges
	 * the owner. NULL: fragments are not charged.
	 */
	struct pbuf *(*alloc)(void *owner, size_t len);
	void *owner;
};

/*
 * Sends p, a packet without its IP header, and consumes it. 0, -ENOBUFS; a
 * packet that the link cannot take is dropped and counted there.
 */
int ip_output_packet(const struct ip_route *rt, const struct ip_out *out,
		     struct pbuf *p);
/* Puts the header in front of p, which has room for it: ->payload moves. */
void ip_fill_header(const struct ip_out *out, struct pbuf *p, uint16_t id,
		    uint16_t frag_off);
/* Room for len more bytes in front of p: returns p or a longer chain; without
 * memory frees p and returns NULL.
 */
struct pbuf *ip_push_header(struct pbuf *p, uint16_t len);

#endif
