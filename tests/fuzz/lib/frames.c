/* SPDX-License-Identifier: MIT */
/*
 * Frames out of an input.
 */
#include "fuzz/lib/frames.h"

#include <string.h>

#include "bed/net.h"
#include "kernel/base.h"
#include "lib/wire_bytes.h"

#define PROTO_ICMP 1
#define PROTO_IGMP 2
#define PROTO_TCP 6
#define PROTO_UDP 17

size_t take_tcp_options(struct input *in, uint8_t *options)
{
	static const struct {
		uint8_t len;
		char bytes[12];
	} known[] = {
		{ 1, "\0" },
		{ 1, "\1" },
		{ 4, "\2\4\5\264" },
		{ 4, "\2\4\0\1" },
		{ 3, "\3\3\7" },
		{ 3, "\3\3\16" },
		{ 2, "\4\2" },
		{ 10, "\5\12abcdefgh" },
		{ 10, "\10\12abcdefgh" },
		{ 2, "\2\0" },
		{ 2, "\5\2" },
		{ 4, "\376\4\371\211" },
	};
	size_t len = 0, n;

	memset(options, 0, 40);
	for (unsigned int i = take_below(in, 6); i && len < 28; i--) {
		n = take8(in);
		if (n < 0xc0) {
			n %= ARRAY_SIZE(known);
			memcpy(options + len, known[n].bytes, known[n].len);
			len += known[n].len;
		} else {
			n = 1 + n % 12;
			memset(options + len, 0, n);
			take_bytes(in, options + len, n);
			len += n;
		}
	}
	return ALIGN_UP(MIN(len, (size_t)40), (size_t)4);
}

const char *take_address(struct input *in)
{
	static const char *const some[] = {
		BED_ADDR,    PEER_ADDR,		"10.99.0.77", "10.99.255.255",
		"224.0.0.1", "239.1.2.3",	"0.0.0.0",    "127.0.0.1",
		"192.0.2.1", "255.255.255.255", BED_ADDR,     PEER_ADDR,
	};

	return some[take_below(in, ARRAY_SIZE(some))];
}

/* What a router would quote of a segment that we sent to p. */
static void take_icmp_error(struct input *in, struct packet *packet,
			    const struct peer *p)
{
	uint8_t tcp[24] = { 0 }, type = take_below(in, 20);
	struct packet quoted = { .len = 0 };
	size_t len = take_below(in, 60);
	uint32_t rest = take8(in) & 1 ? take32(in) : 0;

	if (take8(in) & 1) {
		put16(tcp, p->dport);
		put16(tcp + 2, p->port);
		put32(tcp + 4, p->ack + take_near(in));
		packet_ip(&quoted, BED_ADDR, PEER_ADDR, PROTO_TCP, tcp,
			  sizeof(tcp));
	} else {
		packet_udp(&quoted, BED_ADDR, 5000 + take_below(in, 6),
			   PEER_ADDR, 5000, tcp, 12);
	}
	packet_icmp(packet, type, take_below(in, 18), rest,
		    quoted.data + PACKET_IP, MIN(len, quoted.len - PACKET_IP));
}

static size_t take_payload(struct input *in, uint8_t *to, size_t max)
{
	size_t len = take8(in);

	if (len >= 0xe0)
		len = take16(in) % max;
	memset(to, 0x55, len);
	take_bytes(in, to, MIN(len, (size_t)24));
	return len;
}

/* Of any protocol, its sum right where there is one, in one of many pieces. */
static void take_ip(struct input *in, struct packet *packet)
{
	static const uint8_t protocols[] = { PROTO_ICMP, PROTO_IGMP, PROTO_UDP,
					     PROTO_TCP };
	uint8_t payload[1480], shape = take8(in), proto = take8(in);
	const char *from = take_address(in), *to = take_address(in);
	size_t len = take_payload(in, payload, 1400);
	uint8_t *ip = packet->data + PACKET_IP;

	if (proto < 0xc0)
		proto = protocols[proto % ARRAY_SIZE(protocols)];
	if (proto <= PROTO_IGMP && len >= 8 && !(shape & 1)) {
		put16(payload + 2, 0);
		put16(payload + 2, packet_checksum(payload, len, 0));
	}
	packet_ip(packet, from, to, proto, payload, len);
	if (shape & 2) /* an identification, and where the fragment belongs */
		put32(ip + 4, take32(in) & 0xffff3fff);
	if (shape & 4)
		ip[0] = 0x40 | (take8(in) & 0xf);
	if (shape & 8)
		ip[8] = take8(in);
	if (shape & 16)
		put16(ip + 2, 20 + len + take_near(in));
	if (!(shape & 32))
		packet_ip_checksum(packet);
	if (shape & 64) {
		len = 14 + take8(in);
		packet->len = MIN(packet->len, len);
	}
}

static void take_udp(struct input *in, struct packet *packet)
{
	static const uint16_t ports[] = { 5000, 5001, 5002, 67, 68, 9 };
	const char *from = take_address(in), *to = take_address(in);
	uint16_t sport = ports[take_below(in, ARRAY_SIZE(ports))];
	uint16_t dport = ports[take_below(in, ARRAY_SIZE(ports))];
	uint8_t payload[1472], *udp = packet->data + PACKET_PAYLOAD;
	size_t len = take_payload(in, payload, 1400);

	packet_udp(packet, from, sport, to, dport, payload, len);
	switch (take_below(in, 8)) {
	case 0:
		put16(udp + 6, 0); /* none */
		break;
	case 1:
		put16(udp + 4, 8 + len + take_near(in));
		break;
	default:
		break;
	}
}

/*
 * A piece of one of four datagrams, of 64 to 448 bytes behind their header, to
 * a port that may be bound: when all pieces of it have come it is whole.
 */
static void take_fragment(struct input *in, struct packet *packet)
{
	unsigned int which = take_below(in, 4), units = 1 + 2 * which;
	unsigned int first = take_below(in, 8), n = 1 + take_below(in, 4);
	uint8_t bytes[64 * 12] = { 0 }, *ip = packet->data + PACKET_IP;
	size_t start, end;

	put16(bytes, 5000);
	put16(bytes + 2, 5000 + which);
	put16(bytes + 4, 64 * units); /* and no sum */
	start = 64 * MIN(first, units - 1);
	end = MIN(start + 64 * n, 64UL * units);
	packet_ip(packet, PEER_ADDR, BED_ADDR, PROTO_UDP, bytes + start,
		  end - start);
	put16(ip + 4, 0x1234 + which);
	put16(ip + 6, start / 8 | (end < 64 * units ? 0x2000 : 0));
	packet_ip_checksum(packet);
}

/* A query for groups, or a neighbour's report (RFC 2236, 3376). */
static void take_igmp(struct input *in, struct packet *packet)
{
	static const uint8_t types[] = { 0x11, 0x11, 0x12, 0x16, 0x17, 0x22 };
	static const char *const groups[] = { "0.0.0.0", "239.1.2.3",
					      "224.0.0.1", "239.1.2.4" };
	const char *group = groups[take_below(in, ARRAY_SIZE(groups))];
	uint8_t bytes[16] = { types[take_below(in, ARRAY_SIZE(types))] };
	struct packet quoted = { .len = 0 };

	bytes[1] = take8(in);
	packet_ip(&quoted, PEER_ADDR, group, PROTO_IGMP, bytes, 8);
	memcpy(bytes + 4, quoted.data + PACKET_IP + 16, 4);
	put16(bytes + 2, packet_checksum(bytes, 8, 0));
	packet_ip(packet, PEER_ADDR, take8(in) & 1 ? group : "224.0.0.1",
		  PROTO_IGMP, bytes, take8(in) & 1 ? 8 : 12);
}

static void take_arp(struct input *in, struct packet *packet)
{
	uint16_t op = take_below(in, 4);
	const char *sender = take_address(in);
	size_t at, n;

	packet_arp(packet, op, sender, take_address(in));
	for (unsigned int i = take_below(in, 4); i; i--) {
		at = take8(in) % packet->len;
		n = take_below(in, 8);
		take_bytes(in, packet->data + at, MIN(n, packet->len - at));
	}
}

/* Everything but the addresses is the input's. */
static void take_frame(struct input *in, struct packet *packet)
{
	size_t len = take8(in);

	packet_arp(packet, 1, PEER_ADDR, BED_ADDR);
	memset(packet->data + 12, 0, FRAME_MAX - 12);
	take_bytes(in, packet->data + 12, len);
	packet->len = len + 1;
}

void take_packet(struct input *in, struct packet *packet, const struct peer *p)
{
	size_t at;

	switch (take_below(in, 9)) {
	case 0:
		take_icmp_error(in, packet, p);
		break;
	case 6:
		take_igmp(in, packet);
		break;
	case 7 ... 8:
		take_fragment(in, packet);
		break;
	case 1:
		take_arp(in, packet);
		break;
	case 2:
		take_frame(in, packet);
		break;
	case 3:
		take_udp(in, packet);
		break;
	default:
		take_ip(in, packet);
	}
	if (take_below(in, 8) == 1) {
		at = take8(in) % packet->len;
		packet->data[at] = take8(in);
	}
}
