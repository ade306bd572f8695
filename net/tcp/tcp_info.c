/* SPDX-License-Identifier: MIT */
/*
 * TCP_INFO.
 */
#include "net/tcp/tcp_info.h"

#include <linux/tcp.h>
#include <string.h>

#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"

#include "kernel/lib/seq_buf.h"
#include "kernel/task/clock.h"
#include "net/tcp/local.h"
#include "net/tcp/local_send.h"
#include "net/tcp/tcp_timewait.h"
#include "net/tcp/tcp_transport.h"

#define LOCAL_MTU 65535 /* the longest IPv4 packet */
#define LOCAL_MSS 32768 /* half of the first window */
#define TICK_USEC (TCP_SLOW_INTERVAL * 1000)

/* Linux's TCP_ATO_MIN and TCP_DELACK_MIN. */
#define ATO_USEC 40000

static uint32_t ms_since(uint32_t then)
{
	return (uint32_t)(ktime_get_ns() / NSEC_PER_MSEC) - then;
}

static void fill_times(const struct tcp_pcb *pcb, const struct tcp_figures *f,
		       struct tcp_info *info)
{
	info->tcpi_rto = pcb->rto * TICK_USEC;
	info->tcpi_ato = ATO_USEC;
	info->tcpi_rtt = f->srtt;
	info->tcpi_rttvar = f->rttvar;
	info->tcpi_min_rtt = f->srtt ? f->min_rtt : UINT32_MAX;
	info->tcpi_retransmits = pcb->nrtx;
	info->tcpi_backoff = pcb->nrtx;
	info->tcpi_probes = pcb->persist_probe + pcb->keep_cnt_sent;
	info->tcpi_last_data_sent = ms_since(f->last_data_sent);
	info->tcpi_last_data_recv = ms_since(f->last_data_recv);
	info->tcpi_last_ack_recv = ms_since(f->last_ack_recv);
}

static void fill_counts(const struct tcp_figures *f, struct tcp_info *info)
{
	info->tcpi_bytes_sent = f->bytes_sent;
	info->tcpi_bytes_retrans = f->bytes_retrans;
	info->tcpi_bytes_acked = f->bytes_acked;
	info->tcpi_bytes_received = f->bytes_received;
	info->tcpi_segs_out = f->segs_out;
	info->tcpi_segs_in = f->segs_in;
	info->tcpi_data_segs_out = f->data_segs_out;
	info->tcpi_data_segs_in = f->data_segs_in;
	info->tcpi_total_retrans = f->retrans;
}

static void fill_options(const struct tcp_pcb *pcb, struct tcp_info *info)
{
	if (pcb->flags & TF_SACK)
		info->tcpi_options |= TCPI_OPT_SACK;
	if (pcb->flags & TF_WND_SCALE) {
		info->tcpi_options |= TCPI_OPT_WSCALE;
		info->tcpi_snd_wscale = pcb->snd_scale;
		info->tcpi_rcv_wscale = pcb->rcv_scale;
	}
	if (pcb->flags & TF_RTO)
		info->tcpi_ca_state = TCP_CA_Loss;
	else if (pcb->flags & TF_INFR)
		info->tcpi_ca_state = TCP_CA_Recovery;
}

static unsigned int count_segments(const struct tcp_seg *seg)
{
	unsigned int n = 0;

	for (; seg; seg = seg->next)
		n++;
	return n;
}

static void fill_sizes(const struct tcp_pcb *pcb, struct tcp_info *info)
{
	info->tcpi_snd_mss = pcb->mss;
	info->tcpi_rcv_mss = pcb->mss;
	info->tcpi_advmss = TCP_MSS;
	info->tcpi_reordering = 3; /* duplicate ACKs: RFC 5681 */
	info->tcpi_pmtu = pcb->mss + 40;
	info->tcpi_unacked = count_segments(pcb->unacked);
	info->tcpi_notsent_bytes = pcb->snd_lbb - pcb->snd_nxt;
	info->tcpi_snd_cwnd = pcb->cwnd / pcb->mss;
	info->tcpi_snd_ssthresh = pcb->ssthresh / pcb->mss;
	info->tcpi_rcv_space = pcb->rcv_wnd;
	info->tcpi_rcv_ssthresh = pcb->rcv_wnd;
	info->tcpi_snd_wnd = pcb->snd_wnd;
}

/* As Linux shows a connection over "lo", with its MTU of 65536. */
void tcp_local_info(const struct tcp_sock *tp, struct tcp_info *info)
{
	if (!tp->peer)
		return;
	info->tcpi_options = TCPI_OPT_SACK | TCPI_OPT_WSCALE;
	info->tcpi_snd_mss = LOCAL_MSS;
	info->tcpi_rcv_mss = LOCAL_MSS;
	info->tcpi_advmss = LOCAL_MTU - 40;
	info->tcpi_pmtu = LOCAL_MTU;
	info->tcpi_rcv_space = tp->inet.sk.sk_rcvbuf / 2;
	info->tcpi_rcv_ssthresh = info->tcpi_rcv_space;
	info->tcpi_notsent_bytes = tcp_local_unsent(tp);
}

void tcp_wire_info(const struct tcp_sock *tp, struct tcp_info *info)
{
	const struct tcp_pcb *pcb = tp->pcb;

	if (!pcb)
		return;
	fill_times(pcb, &tp->figures, info);
	fill_counts(&tp->figures, info);
	fill_options(pcb, info);
	fill_sizes(pcb, info);
}

void tcp_get_info(struct sock *sk, struct tcp_info *info)
{
	memset(info, 0, sizeof(*info));
	info->tcpi_state = sk->sk_state;
	if (sk->sk_state == TCP_LISTEN) { /* as on Linux */
		info->tcpi_unacked = sk->sk_ack_backlog;
		info->tcpi_sacked = sk->sk_max_ack_backlog;
		return;
	}
	tcp_sk(sk)->transport->get_info(tcp_sk(sk), info);
}
