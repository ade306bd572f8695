/* SPDX-License-Identifier: MIT */
/*
 * Frames for the tests of what is not TCP.
 */
#include "bed/packets.h"

#include <arpa/inet.h>
#include <string.h>

#include "bed/net.h"
#include "lib/tap.h"
#include "lib/wire_bytes.h"

#define OUR_MAC "\2\0\0\0\0\2"
#define PEER_MAC "\2\0\0\0\0\1"

#define PROTO_ICMP 1
#define PROTO_UDP 17

/* RFC 2131: the fixed part, and where it begins in a frame. */
#define DHCP_AT (PACKET_PAYLOAD + 8)
#define DHCP_FIXED 240
#define DHCP_SERVER_PORT 67
#define DHCP_CLIENT_PORT 68

static void put_address(uint8_t *p, const char *text)
{
	uint32_t addr = inet_addr(text);

	memcpy(p, &addr, 4);
}

uint16_t packet_checksum(const void *data, size_t len, uint32_t sum)
{
	const uint8_t *p = data;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += p[i] << 8 | p[i + 1];
	if (len & 1)
		sum += p[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

void packet_ip_checksum(struct packet *p)
{
	uint8_t *ip = p->data + PACKET_IP;

	put16(ip + 10, 0);
	put16(ip + 10, packet_checksum(ip, (ip[0] & 0xf) * 4, 0));
}

static void put_ethernet(struct packet *p, bool broadcast, uint16_t type)
{
	if (broadcast)
		memset(p->data, 0xff, 6);
	else
		memcpy(p->data, OUR_MAC, 6);
	memcpy(p->data + 6, PEER_MAC, 6);
	put16(p->data + 12, type);
}

void packet_ip(struct packet *p, const char *src, const char *dest,
	       uint8_t proto, const void *payload, size_t len)
{
	uint8_t *ip = p->data + PACKET_IP;

	if (PACKET_PAYLOAD + len > FRAME_MAX)
		bail_out("packet_ip: %zu bytes", len);
	put_ethernet(p, !strcmp(dest, "255.255.255.255"), 0x0800);
	memset(ip, 0, 20);
	ip[0] = 0x45;
	put16(ip + 2, 20 + len);
	ip[8] = 64;
	ip[9] = proto;
	put_address(ip + 12, src);
	put_address(ip + 16, dest);
	packet_ip_checksum(p);
	if (len)
		memcpy(ip + 20, payload, len);
	p->len = PACKET_PAYLOAD + len;
}

void packet_udp(struct packet *p, const char *src, uint16_t sport,
		const char *dest, uint16_t dport, const void *data, size_t len)
{
	uint8_t *udp = p->data + PACKET_PAYLOAD;
	uint8_t payload[FRAME_MAX] = { 0 };

	if (len)
		memcpy(payload + 8, data, len);
	packet_ip(p, src, dest, PROTO_UDP, payload, 8 + len);
	put16(udp, sport);
	put16(udp + 2, dport);
	put16(udp + 4, 8 + len);
	put16(udp + 6, packet_checksum(udp, 8 + len,
				       PROTO_UDP + 8 + len +
					       (uint16_t)~packet_checksum(
						       udp - 8, 8, 0)));
}

void packet_icmp(struct packet *p, uint8_t type, uint8_t code, uint32_t rest,
		 const void *data, size_t len)
{
	uint8_t message[FRAME_MAX] = { type, code };

	memcpy(message + 4, &rest, 4);
	if (len)
		memcpy(message + 8, data, len);
	put16(message + 2, packet_checksum(message, 8 + len, 0));
	packet_ip(p, PEER_ADDR, BED_ADDR, PROTO_ICMP, message, 8 + len);
}

void packet_arp(struct packet *p, uint16_t op, const char *sender,
		const char *target)
{
	static const uint8_t kinds[] = { 0, 1, 8, 0, 6, 4 };
	uint8_t *arp = p->data + 14;

	put_ethernet(p, op == 1, 0x0806);
	memcpy(arp, kinds, sizeof(kinds));
	put16(arp + 6, op);
	memcpy(arp + 8, PEER_MAC, 6);
	put_address(arp + 14, sender);
	memset(arp + 18, 0, 6);
	put_address(arp + 24, target);
	p->len = 14 + 28;
}

void packet_receive(const struct packet *p)
{
	bed_receive(p->data, p->len);
	bed_run();
}

bool dhcp_parse(struct dhcp_question *q, const uint8_t *frame, size_t len)
{
	const uint8_t *message = frame + DHCP_AT;

	if (len < DHCP_AT + DHCP_FIXED + 3 || frame[23] != PROTO_UDP ||
	    frame[PACKET_PAYLOAD + 3] != DHCP_SERVER_PORT)
		return false;
	memcpy(&q->xid, message + 4, 4);
	q->type = message[DHCP_FIXED + 2]; /* lwIP's first option */
	return true;
}

bool dhcp_take(struct dhcp_question *q)
{
	const uint8_t *frame;
	size_t len;

	while ((frame = bed_sent(&len))) {
		if (dhcp_parse(q, frame, len))
			return true;
	}
	return false;
}

void packet_dhcp(struct packet *p, uint8_t type, uint32_t xid,
		 const char *address, const void *options, size_t len)
{
	const uint8_t must[] = { 53,  1,   type, 54, 4,	 10, 99, 0, 1, 1,  4,
				 255, 255, 0,	 0,  51, 4,  0,	 0, 0, 100 };
	uint8_t m[DHCP_FIXED + sizeof(must) + 512] = { 2, 1, 6 };
	size_t n = sizeof(must);

	if (len && *(const uint8_t *)options == 51)
		n -= 6;
	memcpy(m + 4, &xid, 4);
	put_address(m + 16, address);
	memcpy(m + 28, OUR_MAC, 6);
	memcpy(m + 236, "\x63\x82\x53\x63", 4);
	memcpy(m + DHCP_FIXED, must, n);
	if (len)
		memcpy(m + DHCP_FIXED + n, options, len);
	packet_udp(p, PEER_ADDR, DHCP_SERVER_PORT, "255.255.255.255",
		   DHCP_CLIENT_PORT, m, DHCP_FIXED + n + len);
}
