/* SPDX-License-Identifier: MIT */
/*
 * The protocols above IPv4, by number: whoever speaks one registers its
 * handlers here, and what IP and ICMP receive goes there.
 */
#ifndef NET_INET_PROTOCOL_H
#define NET_INET_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

struct pbuf; /* lwIP's */

/* What the header of a received packet said. */
struct ip_info {
	uint32_t saddr;
	uint32_t daddr;
	int ifindex;
	uint8_t ttl;
	uint8_t tos;
	uint8_t proto;
	bool group; /* to a broadcast or multicast address */
	uint16_t frag_max; /* of a reassembled one, the longest fragment */
};

/* What an ICMP message means to the sender of what it quotes. */
struct icmp_error {
	uint8_t type;
	uint8_t code;
	uint32_t info; /* the next hop's MTU, or where the header is bad */
	uint32_t offender; /* who sent the message */
	/* The packet that is quoted: its addresses, and all behind its header. */
	uint32_t saddr;
	uint32_t daddr;
	struct pbuf *quoted;
	struct ip_info ip; /* of the message itself */
};

struct net_protocol {
	/*
	 * A whole packet for us, from its IP header of hlen bytes on; consumed.
	 * Softirq, or a thread that sends to this machine. NULL: lwIP receives.
	 */
	void (*handler)(struct pbuf *p, const struct ip_info *ip,
			uint16_t hlen);
	/* e->quoted begins behind the IP header; may be NULL. */
	void (*err_handler)(const struct icmp_error *e);
};

/* At the start, once for each number. It is kept. */
void inet_add_protocol(const struct net_protocol *prot, uint8_t protocol);
/* NULL: nobody speaks it. */
const struct net_protocol *inet_protocol(uint8_t protocol);

#endif
