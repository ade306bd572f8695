/* SPDX-License-Identifier: MIT */
/*
 * Received IPv4 packets: their headers are validated before lwIP relies on
 * them. Whole packets for us go to their protocol; TCP and DHCP go to lwIP.
 * Softirq.
 */
#include "lwip/inet_chksum.h"
#include "lwip/ip.h"
#include "lwip/pbuf.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/udp.h"
#include "lwip/udp.h"

#include "kernel/base.h"
#include "net/base/counters.h"
#include "net/inet/icmp.h"
#include "net/inet/ip_mcast.h"
#include "net/inet/ip_pbuf.h"
#include "net/inet/ip_reass.h"
#include "net/inet/ip_route.h"
#include "net/inet/protocol.h"
#include "net/lwip/hooks.h"

/* RFC 791 3.1 */
#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_LSRR 131
#define OPTION_SSRR 137

static bool is_broadcast(const ip4_addr_t *addr, const struct netif *netif)
{
	return ip4_addr_ismulticast(addr) || ip4_addr_isbroadcast(addr, netif);
}

/*
 * RFC 1122 3.2.1.3: addresses that a packet from outside cannot have. An answer
 * would go to this machine, to a broadcast address or nowhere. 0.0.0.0 sends
 * only to broadcast addresses, to ask for an address.
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
 * RFC 1122 3.3.6: a broadcast frame with a packet to our unicast address. A
 * DHCP server may answer that way, but then the address is not set yet.
 */
static bool is_sent_to_all(const struct pbuf *p, const ip4_addr_t *dest,
			   const struct netif *netif)
{
	return (p->flags & (PBUF_FLAG_LLBCAST | PBUF_FLAG_LLMCAST)) &&
	       ip4_addr_cmp(dest, netif_ip4_addr(netif));
}

/* False for packets from net/link/loopback.c, which are copies. */
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

/*
 * RFC 791: an option is one byte, or has its length in the second. Packets with
 * source routes are dropped without an answer (RFC 7126 4.3).
 */
static bool options_are_bad(const struct ip_hdr *ip, uint16_t hlen)
{
	const uint8_t *at = (const uint8_t *)ip + IP_HLEN;
	const uint8_t *end = (const uint8_t *)ip + hlen;

	while (at < end && *at != OPTION_END) {
		if (*at == OPTION_NOP) {
			at++;
			continue;
		}
		if (*at == OPTION_LSRR || *at == OPTION_SSRR || end - at < 2 ||
		    at[1] < 2 || at[1] > end - at)
			return true;
		at += at[1];
	}
	return false;
}

/* The only UDP pcb is that of lwIP's DHCP client. */
static bool is_for_lwip(const struct pbuf *p, uint16_t hlen)
{
	const struct udp_hdr *udp = (void *)((uint8_t *)p->payload + hlen);

	if (p->len < hlen + UDP_HLEN)
		return false;
	for (const struct udp_pcb *pcb = udp_pcbs; pcb; pcb = pcb->next) {
		if (pcb->local_port == lwip_ntohs(udp->dest))
			return true;
	}
	return false;
}

/* A whole packet for us; true: consumed. */
static bool to_protocol(struct pbuf *p, const struct ip_info *ip, uint16_t hlen)
{
	const struct net_protocol *prot = inet_protocol(ip->proto);

	if (ip->proto == IP_PROTO_UDP && is_for_lwip(p, hlen))
		return false;
	if (!prot) {
		net_count(ip_unknown_protocol);
		icmp_send(p, ip, ICMP_DEST_UNREACH, ICMP_PROT_UNREACH, 0);
		pbuf_free(p);
		return true;
	}
	if (!prot->handler)
		return false;
	prot->handler(p, ip, hlen);
	return true;
}

static struct ip_info info_of(const struct ip_hdr *ip, struct netif *netif)
{
	ip4_addr_t dest;

	ip4_addr_copy(dest, ip->dest);
	return (struct ip_info){
		.saddr = ip->src.addr,
		.daddr = ip->dest.addr,
		.ifindex = netif_get_index(netif),
		.ttl = IPH_TTL(ip),
		.tos = IPH_TOS(ip),
		.proto = IPH_PROTO(ip),
		.group = is_broadcast(&dest, netif),
	};
}

/* False without an address: lwIP gets every packet then, for DHCP. */
static bool is_for_us(const struct ip_info *ip, const struct netif *netif)
{
	uint32_t own = netif_ip4_addr(netif)->addr;

	return own && (ip->daddr == own || ip->group);
}

/* lwIP reads the ports of all UDP packets, even of fragments, for DHCP. */
static bool lacks_port(const struct pbuf *p, uint16_t hlen)
{
	const struct ip_hdr *ip = p->payload;

	return IPH_PROTO(ip) == IP_PROTO_UDP && p->len < hlen + UDP_HLEN;
}

/*
 * lwIP gets a reassembled packet as a copy, all headers in its first pbuf; the
 * hook sees it again.
 */
static int to_lwip(struct pbuf *p, struct netif *netif)
{
	struct pbuf *copy = ip_payload_clone(p);

	pbuf_free(p);
	if (!copy)
		net_count(ip_reass_drop_no_memory);
	else if (ip4_input(copy, netif) != ERR_OK)
		pbuf_free(copy);
	return 1;
}

static int fragment_input(struct pbuf *p, struct netif *netif,
			  struct ip_info *ip, uint16_t hlen)
{
	p = ip_reass(p, hlen, ip);
	if (!p)
		return 1;
	hlen = IPH_HL_BYTES((struct ip_hdr *)p->payload);
	return to_protocol(p, ip, hlen) ? 1 : to_lwip(p, netif);
}

/* A packet from the wire whose lengths and addresses are valid. */
static int input(struct pbuf *p, struct netif *netif, uint16_t hlen)
{
	const struct ip_hdr *hdr = p->payload;
	struct ip_info ip = info_of(hdr, netif);

	if (inet_chksum(hdr, hlen)) {
		net_count(drop_ip_checksum);
		goto drop;
	}
	if (!is_for_us(&ip, netif)) {
		if (!lacks_port(p, hlen))
			return 0;
		net_count(drop_udp_length);
		goto drop;
	}
	if (ip_is_multicast(ip.daddr) &&
	    !ip_mcast_is_member(ip.ifindex, ip.daddr)) {
		net_count(drop_ip_no_member);
		goto drop;
	}
	if (options_are_bad(hdr, hlen)) {
		net_count(drop_ip_options);
		goto drop;
	}
	if (is_fragment(hdr))
		return fragment_input(p, netif, &ip, hlen);
	return to_protocol(p, &ip, hlen);

drop:
	pbuf_free(p);
	return 1;
}

/* Every packet that a netif received; non-zero: it was consumed. */
int net_hook_ip4_input(struct pbuf *p, struct netif *netif)
{
	const struct ip_hdr *ip = p->payload;
	uint16_t hlen = IPH_HL_BYTES(ip);
	uint16_t len = lwip_ntohs(IPH_LEN(ip));

	if (hlen < IP_HLEN || hlen > p->len || len < hlen) {
		net_count(drop_ip_header);
		goto drop;
	}
	if (len > p->tot_len) {
		net_count(drop_ip_truncated);
		goto drop;
	}
	if (!arrived_by_wire(p))
		return 0;
	if (addresses_lie(p, ip, netif)) {
		net_count(drop_ip_martian);
		goto drop;
	}
	pbuf_realloc(p, len);
	return input(p, netif, hlen);

drop:
	pbuf_free(p);
	return 1;
}
