/* SPDX-License-Identifier: MIT */
/*
 * What a router does with a packet that is longer than the next link takes
 * (RFC 791, RFC 1191): cuts it, or refuses it and says how long it may be.
 */
#include <string.h>

#include "lib/wire_bytes.h"
#include "wire.h"

#define ETH 14
#define IP 20 /* without options, which hosts do not send */
#define DF 0x4000
#define MF 0x2000
#define QUOTED (IP + 8)

uint64_t router_refused, router_cut;

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint16_t checksum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += get16(p + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static void ip_checksum(uint8_t *ip)
{
	put16(ip + 10, 0);
	put16(ip + 10, checksum(ip, IP));
}

/* Destination unreachable, fragmentation needed: by the host it is for. */
static void refuse(struct host *from, const uint8_t *frame, unsigned int mtu)
{
	uint8_t answer[ETH + IP + 8 + QUOTED] = { 0 };
	uint8_t *ip = answer + ETH, *icmp = ip + IP;
	const uint8_t *refused = frame + ETH;

	memcpy(answer, frame + 6, 6);
	memcpy(answer + 6, frame, 6);
	put16(answer + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, IP + 8 + QUOTED);
	ip[8] = 64;
	ip[9] = 1;
	memcpy(ip + 12, refused + 16, 4);
	memcpy(ip + 16, refused + 12, 4);
	ip_checksum(ip);
	icmp[0] = 3;
	icmp[1] = 4;
	put16(icmp + 6, mtu);
	memcpy(icmp + 8, refused, QUOTED);
	put16(icmp + 2, checksum(icmp, 8 + QUOTED));
	router_refused++;
	wire_make(from, answer, sizeof(answer));
}

void router_take(struct host *from, const uint8_t *frame, size_t len,
		 unsigned int mtu,
		 void (*forward)(struct host *from, const uint8_t *frame,
				 size_t len))
{
	const uint8_t *ip = frame + ETH;
	unsigned int offset = get16(ip + 6) & 0x1fff, flags = get16(ip + 6);
	size_t left = get16(ip + 2) - IP, most = (mtu - IP) & ~7U, n, at = 0;
	uint8_t piece[FRAME_MAX];

	if (flags & DF) {
		refuse(from, frame, mtu);
		return;
	}
	router_cut++;
	for (; left; left -= n, at += n) {
		n = MIN(left, most);
		memcpy(piece, frame, ETH + IP);
		memcpy(piece + ETH + IP, ip + IP + at, n);
		put16(piece + ETH + 2, IP + n);
		put16(piece + ETH + 6,
		      (offset + at / 8) | (flags & MF || n < left ? MF : 0));
		ip_checksum(piece + ETH);
		wire_counts.made++;
		forward(from, piece, ETH + IP + n);
	}
	(void)len;
}
