/* SPDX-License-Identifier: MIT */
/*
 * Completes segments to send with what lwIP does not write itself. Softirq and
 * system calls.
 */
#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"

#include "kernel/base.h"
#include "net/lwip/hooks.h"
#include "net/tcp/tcp.h"
#include "net/tcp/tcp_figures.h"

/* RFC 9293 section 3.8.5: sets the pointer in all segments before its place. */
static void mark_urgent(const struct tcp_sock *tp, struct tcp_hdr *hdr)
{
	uint32_t up = tp->urg.snd_up - lwip_ntohl(hdr->seqno);

	TCPH_UNSET_FLAG(hdr, TCP_URG);
	hdr->urgp = 0;
	if (!tp->urg.sending || up - 1 >= INT32_MAX)
		return;
	TCPH_SET_FLAG(hdr, TCP_URG);
	hdr->urgp = lwip_htons(MIN(up, 0xffffU));
}

/* TCP_MAXSEG: lwIP's first option of a SYN is its segment size. */
static void announce_maxseg(const struct tcp_sock *tp, struct tcp_hdr *hdr)
{
	uint8_t *opt = (uint8_t *)(hdr + 1);

	if (!(TCPH_FLAGS(hdr) & TCP_SYN) || !tp || !tp->maxseg ||
	    tp->maxseg >= (opt[2] << 8 | opt[3]))
		return;
	opt[2] = tp->maxseg >> 8;
	opt[3] = tp->maxseg & 0xff;
}

u32_t *net_hook_tcp_output(const struct pbuf *p, struct tcp_hdr *hdr,
			   const struct tcp_pcb *pcb, u32_t *opts)
{
	struct tcp_sock *tp = pcb ? tcp_sk_of_pcb(pcb) : NULL;

	if (pcb && pcb->state == SYN_SENT)
		announce_maxseg(tp, hdr);
	else if (pcb && pcb->state == SYN_RCVD)
		announce_maxseg(tcp_listener_of_pcb(pcb), hdr);
	if (!tp)
		return opts;
	mark_urgent(tp, hdr);
	tcp_figures_out(tp, lwip_ntohl(hdr->seqno),
			p->tot_len - TCPH_HDRLEN_BYTES(hdr));
	return opts;
}
