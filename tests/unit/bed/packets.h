/* SPDX-License-Identifier: MIT */
/*
 * Frames as a test wants them, from the bed's peer to its device: IPv4 with
 * whatever is inside, UDP, ARP, and a DHCP server's answers. Checksums are
 * right unless the test spoils them. Each returns the length of the frame,
 * which is at most 1514.
 */
#ifndef TESTS_UNIT_BED_PACKETS_H
#define TESTS_UNIT_BED_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_MAX 1514
#define PACKET_IP 14 /* where the IPv4 header is */
#define PACKET_PAYLOAD 34 /* and what follows it */

struct packet {
	uint8_t data[FRAME_MAX];
	size_t len;
};

/* RFC 1071, as it is stored: over len bytes, starting with sum. */
uint16_t packet_checksum(const void *data, size_t len, uint32_t sum);
/* The header's sum, after a test has changed a field. */
void packet_ip_checksum(struct packet *p);

void packet_ip(struct packet *p, const char *src, const char *dest,
	       uint8_t proto, const void *payload, size_t len);
void packet_udp(struct packet *p, const char *src, uint16_t sport,
		const char *dest, uint16_t dport, const void *data, size_t len);
/* An ICMP message with its checksum, between the bed's addresses. */
void packet_icmp(struct packet *p, uint8_t type, uint8_t code, uint32_t rest,
		 const void *data, size_t len);
void packet_arp(struct packet *p, uint16_t op, const char *sender,
		const char *target);

/* Hands it to the device, and lets the stack run. */
void packet_receive(const struct packet *p);

/* What a DHCP client asked; false: the frame is no such thing. */
struct dhcp_question {
	uint8_t type; /* DISCOVER 1, REQUEST 3 */
	uint32_t xid; /* as it is in the packet */
};
bool dhcp_parse(struct dhcp_question *q, const uint8_t *frame, size_t len);
/* The next question that was sent; others are passed over. */
bool dhcp_take(struct dhcp_question *q);

/*
 * An answer: OFFER 2, ACK 5; options follow those that it must have, of
 * which the lease is 100 s unless they begin with another.
 */
void packet_dhcp(struct packet *p, uint8_t type, uint32_t xid,
		 const char *address, const void *options, size_t len);

#endif
