/* SPDX-License-Identifier: MIT */
/*
 * Handshakes without a pcb: SYNs beyond a listener's limit of half-open
 * connections are answered with a cookie, and the ACK that brings it back gets
 * the pcb that the SYN would have had. Softirq.
 */
#include "net/tcp/tcp_synq.h"

#include "lwip/ip.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"

#include "kernel/task/clock.h"
#include "net/base/counters.h"
#include "net/lwip/memp.h"
#include "net/tcp/tcp_check.h"
#include "net/tcp/tcp_cookie.h"
#include "net/tcp/tcp_input.h"
#include "net/tcp/tcp_listen.h"
#include "net/tcp/tcp_memory.h"
#include "net/tcp/tcp_reply.h"
#include "net/tcp/tcp_timewait.h"

/* No cookie is valid longer than this. */
#define COOKIE_LIFE_NS (128 * NSEC_PER_SEC)

bool tcp_cookies_needed(const struct tcp_pcb_listen *listening)
{
	return listening->accepts_pending >= listening->backlog ||
	       listening->accepts_pending >= net_tcp_half_open_max();
}

void tcp_cookie_answer(const struct tcp_pcb_listen *listening,
		       const struct tcp_hdr *hdr, uint16_t optlen)
{
	struct tcp_sock *tp = tcp_listener_of_pcb(
		(const struct tcp_pcb *)listening);
	uint16_t own_mss = tp->maxseg ? MIN(tp->maxseg, TCP_MSS) : TCP_MSS;
	uint8_t mss_option[] = { 2, 4, own_mss >> 8, own_mss & 0xff };
	uint16_t mss = tcp_cookie_mss_option((const uint8_t *)(hdr + 1),
					     optlen);
	struct tcp_tuple id = tcp_tuple_of_segment(hdr);
	uint64_t now = ktime_get_ns();
	struct tcp_reply r = {
		.seq = tcp_cookie_make(&id, hdr->seqno, mss, now),
		.ack = hdr->seqno + 1,
		.window = TCPWND_MIN16(TCP_WND),
		.flags = TCPHDR_SYN | TCPHDR_ACK,
		.tos = listening->tos,
		.options = mss_option,
		.optlen = sizeof(mss_option),
	};

	tp->last_cookie_ns = now;
	net_count(tcp_syncookies_sent);
	tcp_send_reply(&id, &r);
}

/* Sets pcb up as if lwIP had sent the SYN|ACK and waited for its ACK. */
static bool pretend_syn_ack(struct tcp_pcb *pcb)
{
	if (tcp_enqueue_flags(pcb, TCP_SYN | TCP_ACK) != ERR_OK)
		return false;
	pcb->unacked = pcb->unsent;
	pcb->unsent = NULL;
	pcb->unsent_oversize = 0;
	pcb->snd_nxt = pcb->snd_lbb;
	pcb->rtime = 0;
	pcb->rcv_ann_right_edge = pcb->rcv_nxt + pcb->rcv_ann_wnd;
	return true;
}

/* Does from the ACK what lwIP's tcp_listen_input() does from a SYN. */
static bool make_half_open(struct tcp_pcb_listen *listening,
			   const struct tcp_hdr *hdr, uint16_t mss)
{
	uint32_t iss = hdr->ackno - 1;
	struct tcp_pcb *pcb;

	if (net_tcp_pcbs_short(0)) {
		tcp_memory_want_pcb();
		return false;
	}
	pcb = tcp_alloc(listening->prio);
	if (!pcb)
		return false;
	listening->accepts_pending++;
	tcp_set_flags(pcb, TF_BACKLOGPEND);
	ip_addr_copy(pcb->local_ip, *ip_current_dest_addr());
	ip_addr_copy(pcb->remote_ip, *ip_current_src_addr());
	pcb->local_port = listening->local_port;
	pcb->remote_port = hdr->src;
	pcb->state = SYN_RCVD;
	pcb->rcv_nxt = hdr->seqno;
	pcb->snd_wl1 = hdr->seqno - 1;
	pcb->snd_wl2 = iss;
	pcb->snd_nxt = iss;
	pcb->lastack = iss;
	pcb->snd_lbb = iss;
	pcb->snd_wnd = hdr->wnd;
	pcb->snd_wnd_max = hdr->wnd;
	pcb->callback_arg = listening->callback_arg;
	pcb->listener = listening;
	pcb->so_options = listening->so_options & SOF_INHERITED;
	TCP_REG_ACTIVE(pcb);
	pcb->mss = tcp_eff_send_mss(mss, &pcb->local_ip, &pcb->remote_ip);
	if (pretend_syn_ack(pcb))
		return true;
	tcp_abandon(pcb, 0);
	return false;
}

/*
 * The segment as it was received, for another pass through tcp_input(); a copy,
 * because the current tcp_input() frees the original.
 */
static struct pbuf *copy_of_segment(const struct tcp_hdr *hdr, struct pbuf *p)
{
	size_t header = (uint8_t *)p->payload - (uint8_t *)hdr;
	struct pbuf *copy;
	struct tcp_hdr *h;

	pbuf_add_header_force(p, header);
	copy = pbuf_clone(PBUF_RAW, PBUF_RAM, p);
	pbuf_remove_header(p, header);
	if (!copy)
		return NULL;
	h = copy->payload;
	h->src = lwip_htons(hdr->src);
	h->dest = lwip_htons(hdr->dest);
	h->seqno = lwip_htonl(hdr->seqno);
	h->ackno = lwip_htonl(hdr->ackno);
	h->wnd = lwip_htons(hdr->wnd);
	return copy;
}

bool tcp_cookie_ack(struct tcp_pcb_listen *listening, struct tcp_hdr *hdr,
		    struct pbuf *p)
{
	const struct tcp_sock *tp = tcp_listener_of_pcb(
		(const struct tcp_pcb *)listening);
	struct tcp_tuple id = tcp_tuple_of_segment(hdr);
	uint64_t now = ktime_get_ns();
	struct pbuf *again;
	uint16_t mss;

	if (!tp->last_cookie_ns || now - tp->last_cookie_ns > COOKIE_LIFE_NS)
		return false;
	mss = tcp_cookie_check(&id, hdr->seqno - 1, hdr->ackno - 1, now);
	if (!mss) {
		net_count(tcp_syncookies_failed);
		return false;
	}
	net_count(tcp_syncookies_recv);
	if (tcp_accept_queue_full(tp)) {
		net_count(tcp_drop_backlog);
		net_count(tcp_listen_overflows);
		net_count(tcp_listen_drops);
		return true;
	}
	again = copy_of_segment(hdr, p);
	if (again && make_half_open(listening, hdr, mss)) {
		tcp_input(again, ip_current_input_netif());
		return true;
	}
	if (again)
		pbuf_free(again);
	net_count(tcp_drop_no_pcb);
	net_count(tcp_listen_drops);
	return true;
}
