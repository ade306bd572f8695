/* SPDX-License-Identifier: MIT */
/*
 * Builds a segment without a pcb, and sends it. Softirq.
 */
#include "net/tcp/tcp_reply.h"

#include <string.h>

#include "lwip/inet_chksum.h"
#include "lwip/ip.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/stats.h"
#include "lwip/tcp.h"

#include "net/base/counters.h"
#include "net/tcp/tcp_timewait.h"

static void fill_header(struct tcp_hdr *hdr, const struct tcp_tuple *id,
			const struct tcp_reply *r)
{
	hdr->src = lwip_htons(id->lport);
	hdr->dest = lwip_htons(id->rport);
	hdr->seqno = lwip_htonl(r->seq);
	hdr->ackno = lwip_htonl(r->ack);
	TCPH_HDRLEN_FLAGS_SET(hdr, (TCP_HLEN + r->optlen) / 4, r->flags);
	hdr->wnd = lwip_htons(r->window);
	hdr->chksum = 0;
	hdr->urgp = 0;
	if (r->optlen)
		memcpy(hdr + 1, r->options, r->optlen);
}

void tcp_send_reply(const struct tcp_tuple *id, const struct tcp_reply *r)
{
	ip_addr_t from = { id->laddr }, to = { id->raddr };
	struct netif *netif = ip4_route_src(&from, &to);
	struct tcp_hdr *hdr;
	struct pbuf *p;

	if (!netif)
		return;
	p = pbuf_alloc(PBUF_IP, TCP_HLEN + r->optlen, PBUF_RAM);
	if (!p) {
		net_count(drop_tx_no_memory);
		return;
	}
	hdr = p->payload;
	fill_header(hdr, id, r);
	hdr->chksum = ip_chksum_pseudo(p, IP_PROTO_TCP, p->tot_len, &from, &to);
	TCP_STATS_INC(tcp.xmit);
	ip_output_if(p, &from, &to, TCP_TTL, r->tos, IP_PROTO_TCP, netif);
	pbuf_free(p);
}
