/* SPDX-License-Identifier: MIT */
/*
 * The protocols above IPv4, by number: each registers its handlers of received
 * packets and ICMP errors.
 */
#ifndef NET_INET_PROTOCOL_H
#define NET_INET_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

struct pbuf; /* lwIP's */

/* Fields of a received packet's header. */
struct ip_info {
	uint32_t saddr;
	uint32_t daddr;
	int ifindex;
	uint8_t ttl;
	uint8_t tos;
	uint8_t proto;
	bool group; /* to a broadcast or multicast address */
	uint16_t frag_max; /* reassembled packets: the longest fragment */
};

/* A received ICMP error. */
struct icmp_error {
	uint8_t type;
	uint8_t code;
	uint32_t info; /* the next hop's MTU, or the offset of a bad byte */
	uint32_t offender; /* the sender of the error */
	/* The quoted packet: its addresses, and the bytes behind its header. */
	uint32_t saddr;
	uint32_t daddr;
	struct pbuf *quoted;
	struct ip_info ip; /* of the message itself */
};

struct net_protocol {
	/*
	 * Receives a whole packet for us, from its IP header of hlen bytes on;
	 * consumes it. Softirq, or a thread that sends to this machine. NULL:
	 * lwIP receives.
	 */
	void (*handler)(struct pbuf *p, const struct ip_info *ip,
			uint16_t hlen);
	/* e->quoted begins behind the IP header; may be NULL. */
	void (*err_handler)(const struct icmp_error *e);
};

/* At the start, once for each number. prot is kept. */
void inet_add_protocol(const struct net_protocol *prot, uint8_t protocol);
/* NULL: no handler is registered. */
const struct net_protocol *inet_protocol(uint8_t protocol);

#endif
