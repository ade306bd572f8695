/* SPDX-License-Identifier: MIT */
/*
 * Figures of a connection over the wire, for TCP_INFO: bytes and segments in
 * both directions, and the round-trip time. lwIP's own estimate of that is in
 * ticks of 200 ms, for its retransmission timer only.
 */
#include "net/tcp/tcp_figures.h"

#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"

#include "kernel/task/clock.h"
#include "net/base/seq.h"

static uint32_t now_ms(void)
{
	return ktime_get_ns() / NSEC_PER_MSEC;
}

void tcp_figures_start(struct tcp_sock *tp)
{
	struct tcp_figures *f = &tp->figures;

	f->snd_high = tp->pcb->snd_nxt;
	f->last_data_sent = now_ms();
	f->last_data_recv = now_ms();
	f->last_ack_recv = now_ms();
}

void tcp_figures_in(struct tcp_sock *tp, size_t len)
{
	struct tcp_figures *f = &tp->figures;

	f->segs_in++;
	f->last_ack_recv = now_ms();
	if (!len)
		return;
	f->data_segs_in++;
	f->last_data_recv = now_ms();
}

/* Karn's algorithm: a retransmitted segment gives no measurement. */
static void sent_again(struct tcp_figures *f, uint32_t seq, size_t len)
{
	f->retrans++;
	f->bytes_retrans += len;
	if (before(seq, f->timed_end))
		f->timed_since_ns = 0;
}

void tcp_figures_out(struct tcp_sock *tp, uint32_t seq, size_t len)
{
	struct tcp_figures *f = &tp->figures;

	f->segs_out++;
	if (!len)
		return;
	f->data_segs_out++;
	f->bytes_sent += len;
	f->last_data_sent = now_ms();
	if (before(seq, f->snd_high)) {
		sent_again(f, seq, len);
		return;
	}
	f->snd_high = seq + len;
	if (f->timed_since_ns)
		return;
	f->timed_since_ns = ktime_get_ns();
	f->timed_end = f->snd_high;
}

/* RFC 6298 section 2. */
static void sample(struct tcp_figures *f, uint32_t us)
{
	uint32_t deviation = us > f->srtt ? us - f->srtt : f->srtt - us;

	if (!f->srtt) {
		f->srtt = us;
		f->rttvar = us / 2;
		f->min_rtt = us;
		return;
	}
	f->rttvar += ((int32_t)deviation - (int32_t)f->rttvar) / 4;
	f->srtt += ((int32_t)us - (int32_t)f->srtt) / 8;
	f->min_rtt = MIN(f->min_rtt, us);
}

void tcp_figures_acked(struct tcp_sock *tp, uint32_t ack, size_t n)
{
	struct tcp_figures *f = &tp->figures;
	uint64_t us;

	f->bytes_acked += n;
	if (!f->timed_since_ns || before(ack, f->timed_end))
		return;
	us = (ktime_get_ns() - f->timed_since_ns) / NSEC_PER_USEC;
	f->timed_since_ns = 0;
	sample(f, MAX(MIN(us, (uint64_t)INT32_MAX), (uint64_t)1));
}
