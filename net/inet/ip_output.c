/* SPDX-License-Identifier: MIT */
/*
 * IPv4 packets to the wire. Packets with DF have the identification 0 (RFC 6864
 * 4.1: atomic); others a number that third parties cannot predict. Softirq and
 * system calls.
 */
#include "net/inet/ip_output.h"

#include <errno.h>
#include <string.h>

#include "lwip/inet_chksum.h"
#include "lwip/ip.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"

#include "kernel/base.h"
#include "kernel/random.h"
#include "net/base/counters.h"

/* The next identification of each hash of addresses and protocol. */
#define ID_BUCKETS 256

static uint16_t ids[ID_BUCKETS];
static uint32_t id_secret;
static uint32_t id_epoch;

static uint16_t next_id(const struct ip_out *out)
{
	uint32_t h = out->daddr ^ out->saddr ^ out->proto;

	if (id_epoch != random_epoch()) {
		id_epoch = random_epoch();
		id_secret = random_u32();
		random_bytes(ids, sizeof(ids));
	}
	h = (h ^ id_secret) * 0x9e3779b1;
	return ids[h >> 24]++;
}

struct pbuf *ip_push_header(struct pbuf *p, uint16_t len)
{
	struct pbuf *head;

	if (!pbuf_add_header(p, len))
		return p;
	head = pbuf_alloc(PBUF_IP, len, PBUF_RAM);
	if (!head) {
		pbuf_free(p);
		return NULL;
	}
	pbuf_cat(head, p);
	return head;
}

void ip_fill_header(const struct ip_out *out, struct pbuf *p, uint16_t id,
		    uint16_t frag_off)
{
	struct ip_hdr *ip = p->payload;

	IPH_VHL_SET(ip, 4, IP_HEADER_LEN / 4);
	IPH_TOS_SET(ip, out->tos);
	IPH_LEN_SET(ip, lwip_htons(p->tot_len));
	IPH_ID_SET(ip, lwip_htons(id));
	IPH_OFFSET_SET(ip, lwip_htons(frag_off));
	IPH_TTL_SET(ip, out->ttl);
	IPH_PROTO_SET(ip, out->proto);
	ip->src.addr = out->saddr;
	ip->dest.addr = out->daddr;
	IPH_CHKSUM_SET(ip, 0);
	IPH_CHKSUM_SET(ip, inet_chksum(ip, IP_HEADER_LEN));
}

static int one_packet(const struct ip_route *rt, const struct ip_out *out,
		      struct pbuf *p, uint16_t id, uint16_t frag_off)
{
	p = ip_push_header(p, IP_HEADER_LEN);
	if (!p)
		return -ENOBUFS;
	ip_fill_header(out, p, id, frag_off);
	ip4_output_if(p, NULL, LWIP_IP_HDRINCL, 0, 0, 0, rt->netif);
	pbuf_free(p);
	return 0;
}

/* Each fragment is a copy: the pbufs of p need not end where it does. */
static int fragment(const struct ip_route *rt, const struct ip_out *out,
		    struct pbuf *p, uint32_t mtu)
{
	uint16_t room = (mtu - IP_HEADER_LEN) & ~7;
	uint16_t id = next_id(out);
	int err = 0;

	for (uint32_t at = 0; at < p->tot_len && !err; at += room) {
		uint16_t n = MIN((uint32_t)room, p->tot_len - at);
		uint16_t more = at + n < p->tot_len ? IP_MF : 0;
		struct pbuf *f = out->alloc ? out->alloc(out->owner, n) :
					      pbuf_alloc(PBUF_IP, n, PBUF_RAM);

		if (!f) {
			err = -ENOBUFS;
			break;
		}
		pbuf_copy_partial(p, f->payload, n, at);
		err = one_packet(rt, out, f, id, more | at / 8);
		net_count(ip_frags_created);
	}
	net_counters.ip_frag_oks += !err;
	net_counters.ip_frag_fails += !!err;
	pbuf_free(p);
	return err;
}

int ip_output_packet(const struct ip_route *rt, const struct ip_out *out,
		     struct pbuf *p)
{
	uint32_t mtu = out->mtu ? out->mtu : rt->mtu;
	bool fits = (uint32_t)p->tot_len + IP_HEADER_LEN <= mtu;
	uint16_t id = out->id;

	net_count(ip_out_requests);
	if (!fits)
		return fragment(rt, out, p, mtu);
	if (!id && !out->df)
		id = next_id(out);
	return one_packet(rt, out, p, id, out->df ? IP_DF : 0);
}
