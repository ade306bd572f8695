/* SPDX-License-Identifier: MIT */
/* What the liar says when it says something. */
#include "frames.h"

#include <arpa/inet.h>
#include <err.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>

#define GUEST 0x0a630002
#define OURS 0x0a630707
#define PORT 7777
#define ECHO_PORT 7
#define LONGEST 1472

static uint8_t guest_mac[6];
static const uint8_t our_mac[6] = { 2, 0, 0, 0, 7, 7 };

void frames_init(const char *mac)
{
	uint8_t *m = guest_mac;

	if (sscanf(mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &m[0], &m[1], &m[2],
		   &m[3], &m[4], &m[5]) != 6)
		errx(1, "%s is no address", mac);
}

/* RFC 1071, of a multiple of two bytes. */
static uint16_t checksum(const void *data, size_t len)
{
	const uint8_t *at = data;
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += at[i] << 8 | at[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

static void ethernet(uint8_t *f, uint16_t type)
{
	memcpy(f, guest_mac, 6);
	memcpy(f + 6, our_mac, 6);
	f[12] = type >> 8;
	f[13] = type;
}

/* Ethernet and IP headers in front of len bytes; where these are. */
static uint8_t *packet(uint8_t *f, uint8_t proto, size_t len)
{
	struct iphdr ip = { .version = 4,
			    .ihl = 5,
			    .ttl = 64,
			    .frag_off = htons(IP_DF),
			    .tot_len = htons(sizeof(ip) + len),
			    .protocol = proto,
			    .saddr = htonl(OURS),
			    .daddr = htonl(GUEST) };

	ip.check = checksum(&ip, sizeof(ip));
	ethernet(f, ETHERTYPE_IP);
	memcpy(f + ETH_HLEN, &ip, sizeof(ip));
	return f + ETH_HLEN + sizeof(ip);
}

static uint32_t mix(uint32_t x)
{
	x = (x ^ x >> 16) * 0x7feb352d;
	x = (x ^ x >> 15) * 0x846ca68b;
	return x ^ x >> 16;
}

/* The payload of datagram n begins with n. */
static size_t payload(uint8_t *to, uint32_t n)
{
	size_t len = 4 + mix(n) % (LONGEST - 4);
	uint32_t x = n;

	memcpy(to, &n, 4);
	for (size_t i = 4; i < len; i++)
		to[i] = (x = x * 1664525 + 1013904223) >> 24;
	return len;
}

size_t frame_datagram(uint8_t *f, uint32_t n)
{
	struct udphdr udp = { .source = htons(PORT), .dest = htons(ECHO_PORT) };
	size_t data = ETH_HLEN + sizeof(struct iphdr) + sizeof(udp);
	size_t len = sizeof(udp) + payload(f + data, n);
	uint8_t *at = packet(f, IPPROTO_UDP, len);

	udp.len = htons(len);
	memcpy(at, &udp, sizeof(udp));
	return data + len - sizeof(udp);
}

static size_t echo_request(uint8_t *f, uint32_t random)
{
	size_t len = 8 + (random >> 8) % 1400 / 2 * 2;
	uint8_t *at = packet(f, IPPROTO_ICMP, len);
	uint16_t sum;

	memset(at, 0, len);
	at[0] = 8;
	memcpy(at + 4, &random, 4);
	sum = checksum(at, len);
	memcpy(at + 2, &sum, 2);
	return at + len - f;
}

static size_t arp_request(uint8_t *f)
{
	static const uint8_t head[8] = { 0, 1, 8, 0, 6, 4, 0, 1 };
	uint32_t ours = htonl(OURS), guest = htonl(GUEST);

	ethernet(f, ETHERTYPE_ARP);
	memcpy(f + 14, head, 8);
	memcpy(f + 22, our_mac, 6);
	memcpy(f + 28, &ours, 4);
	memset(f + 32, 0, 6);
	memcpy(f + 38, &guest, 4);
	memset(f + 42, 0, 18);
	return 60;
}

/* To a port where nobody listens: a reset is the answer. */
static size_t syn(uint8_t *f, uint32_t random)
{
	struct tcphdr tcp = { .source = htons(random | 1024),
			      .dest = htons(1),
			      .seq = random,
			      .doff = 5,
			      .syn = 1,
			      .window = 0xffff };
	uint32_t pseudo[3 + sizeof(tcp) / 4] = { htonl(OURS), htonl(GUEST),
						 htonl(IPPROTO_TCP << 16 |
						       sizeof(tcp)) };
	uint8_t *at = packet(f, IPPROTO_TCP, sizeof(tcp));

	memcpy(&pseudo[3], &tcp, sizeof(tcp));
	tcp.check = checksum(pseudo, sizeof(pseudo));
	memcpy(at, &tcp, sizeof(tcp));
	return at + sizeof(tcp) - f;
}

size_t frame_other(uint8_t *f, uint32_t random)
{
	switch (random % 4) {
	case 0:
		return arp_request(f);
	case 1:
		return syn(f, random);
	default:
		return echo_request(f, random);
	}
}

bool frame_is_ours(const uint8_t *f, size_t len)
{
	uint32_t ours = htonl(OURS);

	return len >= 34 && f[12] == 8 && !f[13] && !memcmp(f + 30, &ours, 4);
}

int frame_is_echo(const uint8_t *f, size_t len)
{
	uint8_t should[LONGEST];
	uint16_t port = htons(PORT);
	size_t data = ETH_HLEN + sizeof(struct iphdr) + sizeof(struct udphdr);
	size_t size;
	uint32_t n;

	if (!frame_is_ours(f, len) || f[23] != IPPROTO_UDP || len < data + 4 ||
	    memcmp(f + 36, &port, 2))
		return 0;
	memcpy(&n, f + data, 4);
	size = payload(should, n);
	return len >= data + size && !memcmp(f + data, should, size) ? 1 : -1;
}
