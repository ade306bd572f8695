/* SPDX-License-Identifier: MIT */
/*
 * ICMP (RFC 792, RFC 1122 3.2.2): answers to echo requests, errors in both
 * directions, and what raw and ping sockets send and receive.
 */
#ifndef NET_INET_ICMP_H
#define NET_INET_ICMP_H

#include <stdbool.h>
#include <stdint.h>

#include "net/inet/protocol.h"

struct ip_out;
struct ip_route;
struct pbuf; /* lwIP's */

/* Types, and codes of ICMP_DEST_UNREACH. <linux/icmp.h> needs a C library. */
#define ICMP_ECHOREPLY 0
#define ICMP_DEST_UNREACH 3
#define ICMP_SOURCE_QUENCH 4
#define ICMP_REDIRECT 5
#define ICMP_ECHO 8
#define ICMP_TIME_EXCEEDED 11
#define ICMP_PARAMETERPROB 12
#define ICMP_TIMESTAMP 13
#define ICMP_TIMESTAMPREPLY 14
#define ICMP_TYPE_MAX 18

#define ICMP_NET_UNREACH 0
#define ICMP_HOST_UNREACH 1
#define ICMP_PROT_UNREACH 2
#define ICMP_PORT_UNREACH 3
#define ICMP_FRAG_NEEDED 4
#define ICMP_SR_FAILED 5
#define ICMP_NET_UNKNOWN 6
#define ICMP_HOST_UNKNOWN 7
#define ICMP_HOST_ISOLATED 8
#define ICMP_NET_ANO 9
#define ICMP_HOST_ANO 10
#define ICMP_NET_UNR_TOS 11
#define ICMP_HOST_UNR_TOS 12
#define ICMP_PKT_FILTERED 13
#define ICMP_PREC_VIOLATION 14
#define ICMP_PREC_CUTOFF 15

#define ICMP_EXC_FRAGTIME 1 /* of ICMP_TIME_EXCEEDED */

struct icmp_header {
	uint8_t type;
	uint8_t code;
	uint16_t checksum;
	union {
		struct {
			uint16_t id;
			uint16_t sequence;
		} echo;
		struct {
			uint16_t unused;
			uint16_t mtu;
		} frag;
		uint32_t rest;
	};
};

#define ICMP_HEADER_LEN 8
/* An error with its own headers is at most 576 bytes (RFC 1812 4.3.2.3). */
#define ICMP_QUOTE_MAX (576 - 20 - ICMP_HEADER_LEN)

/*
 * Receivers of messages: raw and ping sockets register one each. Any function
 * may be NULL. p stays the caller's.
 */
struct icmp_listener {
	/* Every message, from its IP header of hlen bytes on. */
	void (*message)(struct pbuf *p, const struct ip_info *ip,
			uint16_t hlen);
	/* An echo reply, p from its ICMP header on. */
	void (*reply)(struct pbuf *p, const struct ip_info *ip,
		      const struct icmp_header *icmp);
	/*
	 * Every error, about a packet of that protocol; skip: bytes of
	 * e->quoted in front of the quoted IP header.
	 */
	void (*error)(const struct icmp_error *e, uint8_t proto, uint16_t skip);
	/* An error about an ICMP message that this machine sent. */
	void (*own_error)(const struct icmp_error *e);
	struct icmp_listener *next;
};
void icmp_listen(struct icmp_listener *listener);

void icmp_init(void);
/*
 * Receives a whole packet with an ICMP message, from its IP header of hlen
 * bytes on, addressed to us; consumes it. Softirq; thread context if this
 * machine sent it.
 */
void icmp_rcv(struct pbuf *p, const struct ip_info *ip, uint16_t hlen);
/*
 * Sends p, an ICMP message without its IP header, and consumes it; a message
 * to this machine is delivered at once. 0, -ENOBUFS.
 */
int icmp_output(const struct ip_route *rt, const struct ip_out *out,
		struct pbuf *p);
/*
 * Sends an ICMP error to the sender of packet, which begins with its IP header,
 * unless RFC 1122 3.2.2 or the rate limit forbids it. rest: bytes 4 to 7 of the
 * ICMP header, in network byte order.
 */
void icmp_send(const struct pbuf *packet, const struct ip_info *ip,
	       uint8_t type, uint8_t code, uint32_t rest);

/* The errno of an error; *fatal: sockets without IP_RECVERR get it too. */
int icmp_errno(const struct icmp_error *e, bool *fatal);

#endif
