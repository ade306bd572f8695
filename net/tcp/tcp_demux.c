/* SPDX-License-Identifier: MIT */
/*
 * Moves connections in TIME-WAIT, and in FIN-WAIT-2 without a socket, from lwIP
 * to the table of net/tcp/tcp_timewait.c, and handles segments for its entries.
 * Softirq, and close(2).
 */
#include "net/tcp/tcp_demux.h"

#include "lwip/ip.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"

#include "net/base/counters.h"
#include "net/inet/inet_ports.h"
#include "net/link/link.h"
#include "net/lwip/hooks.h"
#include "net/tcp/tcp_check.h"
#include "net/tcp/tcp_input.h"
#include "net/tcp/tcp_memory.h"
#include "net/tcp/tcp_reply.h"
#include "net/tcp/tcp_timewait.h"
#include "net/tcp/tcp_upcall.h"

static struct tcp_sock *find_listener(const struct tcp_tuple *id)
{
	struct inet_binding *b = inet_lookup_listener(
		tcp_prot.ports, id->raddr, id->rport, id->laddr, id->lport);

	return b ? tcp_listener_on(b, LINK_ETH) : NULL;
}

struct tcp_pcb_listen *net_hook_tcp_find_listener(const struct tcp_hdr *hdr)
{
	struct tcp_tuple id = tcp_tuple_of_segment(hdr);
	struct tcp_sock *tp = find_listener(&id);

	return tp ? (struct tcp_pcb_listen *)tp->pcb : NULL;
}

static void send_ack(const struct tcp_time_wait *tw)
{
	tcp_send_reply(&tw->id, &(struct tcp_reply){
					.seq = tw->snd_nxt,
					.ack = tw->rcv_nxt,
					.flags = TCPHDR_ACK,
					.window = tw->window,
					.tos = tw->tos,
				});
}

static void send_reset(const struct tcp_time_wait *tw,
		       const struct tcp_check_seg *seg)
{
	tcp_send_reply(&tw->id, &(struct tcp_reply){
					.seq = seg->ack,
					.flags = TCPHDR_RST,
				});
}

int net_hook_tcp_no_connection(const struct tcp_hdr *hdr, u16_t len)
{
	struct tcp_tuple id = tcp_tuple_of_segment(hdr);
	struct tcp_time_wait *tw = tcp_time_wait_find(&id);
	struct tcp_check_seg seg = {
		.seq = hdr->seqno,
		.ack = hdr->ackno,
		.len = len,
		.flags = TCPH_FLAGS(hdr),
	};
	enum tcp_tw_verdict verdict;

	if (!tw)
		return 0;
	verdict = tcp_time_wait_segment(tw, &seg);
	if (verdict == TCP_TW_SYN && !find_listener(&id))
		verdict = TCP_TW_ACK;
	switch (verdict) {
	case TCP_TW_SUCCESS:
		return 1;
	case TCP_TW_ACK:
		send_ack(tw);
		return 1;
	case TCP_TW_RST:
		send_reset(tw, &seg);
		break;
	case TCP_TW_GONE:
		break;
	case TCP_TW_SYN:
		net_count(tcp_time_wait_recycled);
		tcp_rx_follows(&id, tcp_time_wait_isn(tw));
		break;
	}
	tcp_time_wait_kill(tw);
	return verdict != TCP_TW_SYN;
}

/* ---- The end of a pcb ---------------------------------------------------- */

static void remember(const struct tcp_pcb *pcb, uint32_t ms)
{
	struct tcp_time_wait tw = {
		.id = { .laddr = ip_addr_get_ip4_u32(&pcb->local_ip),
			.raddr = ip_addr_get_ip4_u32(&pcb->remote_ip),
			.lport = pcb->local_port,
			.rport = pcb->remote_port },
		.snd_nxt = pcb->snd_nxt,
		.rcv_nxt = pcb->rcv_nxt,
		.window = RCV_WND_SCALE(pcb, pcb->rcv_ann_wnd),
		.scale = pcb->rcv_scale,
		.state = tcp_state_of_pcb(pcb),
		.tos = pcb->tos,
	};

	if (pcb->so_options & SOF_REUSEADDR)
		tw.flags |= BIT(TCP_TW_F_REUSE);
	if (pcb->so_options & TCP_SOF_REUSEPORT)
		tw.flags |= BIT(TCP_TW_F_REUSEPORT);
	net_count(tcp_time_waits);
	tcp_time_wait_add(&tw, ms);
}

/* Milliseconds that FIN-WAIT-2 may last without a socket: TCP_LINGER2. */
static uint32_t fin_wait_2_time(const struct tcp_sock *tp)
{
	return tp->linger2 ? tp->linger2 * 1000U : TCP_FIN_WAIT_TIMEOUT;
}

bool tcp_retire(struct tcp_sock *tp)
{
	struct tcp_pcb *pcb = tp->pcb;

	if (pcb->state == TIME_WAIT)
		remember(pcb, TCP_TIMEWAIT_MS);
	else if (pcb->state != FIN_WAIT_2 || !tcp_is_orphan(tp))
		return false;
	else if (tp->linger2 >= 0)
		remember(pcb, fin_wait_2_time(tp));
	tcp_detach(tp);
	tcp_done(tp, 0);
	return true;
}

/* Output may have made room under TCP_NOTSENT_LOWAT. */
void tcp_output_done(struct tcp_pcb *pcb)
{
	struct tcp_sock *tp = tcp_sk_of_pcb(pcb);

	if (tp && tp->notsent_lowat)
		tcp_write_space(tp);
}

int net_hook_tcp_segment_done(struct tcp_pcb *pcb)
{
	struct tcp_sock *tp = tcp_sk_of_pcb(pcb);

	if (!tp)
		return 0;
	if (tp->beyond_gap || pcb->ooseq)
		tcp_memory_update(tp);
	tcp_output_done(pcb);
	return tcp_retire(tp);
}
