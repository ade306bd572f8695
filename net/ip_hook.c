/* SPDX-License-Identifier: MIT */
/*
 * What lwIP asks about an IPv4 packet before it believes the lengths in it,
 * and its counters as text.
 */
#include <errno.h>
#include <string.h>

#include "lwip/ip.h"
#include "lwip/pbuf.h"
#include "lwip/prot/ip4.h"
#include "lwip/stats.h"

#include "kernel/base.h"
#include "kernel/seq_buf.h"
#include "net/counters.h"
#include "net/lwip/hooks.h"
#include "net/netif.h"
#include "net/udp.h"

#define UDP_HEADER_LEN 8
#define ICMP_HEADER_LEN 8

enum {
	ICMP_DEST_UNREACHABLE = 3
};
enum {
	ICMP_CODE_NET,
	ICMP_CODE_HOST,
	ICMP_CODE_PROTOCOL,
	ICMP_CODE_PORT
};

static uint16_t be16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

/*
 * RFC 768: the length field covers header and data, and cannot be more than
 * IP brought. lwIP reads the destination port of a datagram that has none.
 * What follows a shorter datagram is cut off where it is delivered.
 */
static bool udp_length_fits(const struct pbuf *p, uint16_t ip_len,
			    uint16_t hlen)
{
	const uint8_t *udp = (const uint8_t *)p->payload + hlen;
	uint16_t len;

	if (ip_len - hlen < UDP_HEADER_LEN || p->len < hlen + UDP_HEADER_LEN)
		return false;
	len = be16(udp + 4);
	return len >= UDP_HEADER_LEN && len <= ip_len - hlen;
}

static bool is_broadcast(const ip4_addr_t *addr, const struct netif *netif)
{
	return ip4_addr_ismulticast(addr) || ip4_addr_isbroadcast(addr, netif);
}

/*
 * RFC 1122 3.2.1.3: what nobody can have sent from outside. Its answer would
 * go round to ourselves, to everybody or to nobody. From 0.0.0.0 comes only
 * what asks for an address, and asks everybody.
 */
static bool is_martian(const ip4_addr_t *src, const ip4_addr_t *dest,
		       const struct netif *netif)
{
	if (ip4_addr_isloopback(src) || ip4_addr_isloopback(dest))
		return true;
	if (ip4_addr_isany(src))
		return !is_broadcast(dest, netif);
	return ip4_addr_cmp(src, netif_ip4_addr(netif)) ||
	       is_broadcast(src, netif);
}

/*
 * RFC 1122 3.3.6: a frame for everybody with a packet for us alone. DHCP may
 * be answered that way, but then the address is not ours yet.
 */
static bool is_sent_to_all(const struct pbuf *p, const ip4_addr_t *dest,
			   const struct netif *netif)
{
	return (p->flags & (PBUF_FLAG_LLBCAST | PBUF_FLAG_LLMCAST)) &&
	       ip4_addr_cmp(dest, netif_ip4_addr(netif));
}

/* Packets to ourselves turn round in net/lo_netif.c, in copies. */
static bool arrived_by_wire(const struct pbuf *p)
{
	return p->flags & PBUF_FLAG_IS_CUSTOM;
}

/* Addresses that a packet from the wire may not have. */
static bool addresses_lie(const struct pbuf *p, const struct ip_hdr *ip,
			  const struct netif *netif)
{
	ip4_addr_t src, dest;

	ip4_addr_copy(src, ip->src);
	ip4_addr_copy(dest, ip->dest);
	return is_martian(&src, &dest, netif) ||
	       is_sent_to_all(p, &dest, netif);
}

static bool is_fragment(const struct ip_hdr *ip)
{
	return IPH_OFFSET(ip) & PP_HTONS(IP_OFFMASK | IP_MF);
}

/* RFC 792: type 3, by code; what Linux makes of it for a datagram socket. */
static int unreachable_errno(uint8_t code)
{
	switch (code) {
	case ICMP_CODE_NET:
		return ENETUNREACH;
	case ICMP_CODE_PROTOCOL:
		return ENOPROTOOPT;
	case ICMP_CODE_PORT:
		return ECONNREFUSED;
	default:
		return EHOSTUNREACH;
	}
}

/*
 * lwIP drops the message that a datagram did not arrive; its sender wants to
 * know. What is quoted, at least the ports, is all there is to go by. The
 * packet goes on to lwIP.
 */
static void icmp_error(const struct pbuf *p, uint16_t hlen, uint16_t len)
{
	const uint8_t *icmp = (const uint8_t *)p->payload + hlen;
	const uint8_t *quoted = icmp + ICMP_HEADER_LEN;
	const uint8_t *ports;
	uint32_t src, dst;
	uint16_t quoted_hlen;

	if (len - hlen < ICMP_HEADER_LEN + IP_HLEN ||
	    icmp[0] != ICMP_DEST_UNREACHABLE ||
	    net_checksum(icmp, len - hlen) != 0xffff)
		return;
	quoted_hlen = (quoted[0] & 0xf) * 4;
	if (quoted[9] != IP_PROTO_UDP || quoted_hlen < IP_HLEN ||
	    len - hlen < ICMP_HEADER_LEN + quoted_hlen + 4)
		return;
	ports = quoted + quoted_hlen;
	memcpy(&src, quoted + 12, 4);
	memcpy(&dst, quoted + 16, 4);
	udp_error(src, be16(ports), dst, be16(ports + 2),
		  unreachable_errno(icmp[1]));
}

/* Fragments and options end in lwIP itself, with its own counters. */
int net_hook_ip4_input(struct pbuf *p, struct netif *netif)
{
	const struct ip_hdr *ip = p->payload;
	uint16_t hlen = IPH_HL_BYTES(ip);
	uint16_t len = lwip_ntohs(IPH_LEN(ip));

	if (hlen < IP_HLEN || len < hlen || len > p->tot_len || hlen > p->len) {
		net_count(drop_ip_length);
		goto drop;
	}
	if (arrived_by_wire(p) && addresses_lie(p, ip, netif)) {
		net_count(drop_ip_martian);
		goto drop;
	}
	if (IPH_PROTO(ip) == IP_PROTO_UDP && !is_fragment(ip) &&
	    !udp_length_fits(p, len, hlen)) {
		net_count(drop_udp_length);
		goto drop;
	}
	if (IPH_PROTO(ip) == IP_PROTO_ICMP && !is_fragment(ip) && p->len >= len)
		icmp_error(p, hlen, len);
	return 0;

drop:
	pbuf_free(p);
	return 1;
}

static void show_proto(struct seq_buf *m, const char *name,
		       const struct stats_proto *s)
{
	seq_printf(m, "%s_xmit %u\n%s_recv %u\n%s_drop %u\n", name, s->xmit,
		   name, s->recv, name, s->drop);
	seq_printf(m, "%s_chkerr %u\n%s_lenerr %u\n%s_memerr %u\n", name,
		   s->chkerr, name, s->lenerr, name, s->memerr);
}

void net_lwip_stats_show(struct seq_buf *m)
{
	show_proto(m, "arp", &lwip_stats.etharp);
	show_proto(m, "ip", &lwip_stats.ip);
	show_proto(m, "icmp", &lwip_stats.icmp);
	show_proto(m, "udp", &lwip_stats.udp);
	show_proto(m, "tcp", &lwip_stats.tcp);
}
