/* SPDX-License-Identifier: MIT */
/*
 * Timeouts of a connection: how long it waits for an answer, and how long data
 * is held back. lwIP calls the hooks with each tick of its slow timer, and
 * before it sends a segment. Softirq, and system calls.
 */
#include "net/tcp/tcp_timer.h"

#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"

#include "kernel/task/clock.h"
#include "net/lwip/hooks.h"
#include "net/tcp/tcp_upcall.h"

/* tcp(7): the ceiling of TCP_CORK and MSG_MORE. */
#define HOLD_NS (200 * NSEC_PER_MSEC)

/* TCP_USER_TIMEOUT: the time since data was last acknowledged. */
static bool user_timed_out(const struct tcp_sock *tp, const struct tcp_pcb *pcb)
{
	uint64_t waited = ktime_get_ns() - tp->last_progress_ns;

	return tp->user_timeout && pcb->snd_queuelen &&
	       waited >= tp->user_timeout * NSEC_PER_MSEC;
}

/* It bounds keep-alive too, as in Linux's tcp_keepalive_timer(). */
static bool keepalive_timed_out(const struct tcp_sock *tp,
				const struct tcp_pcb *pcb)
{
	uint64_t idle = (uint64_t)(tcp_ticks - pcb->tmr) * TCP_SLOW_INTERVAL;

	return tp->user_timeout && ip_get_option(pcb, SOF_KEEPALIVE) &&
	       pcb->keep_cnt_sent && idle >= tp->user_timeout;
}

static unsigned int retries(const struct tcp_sock *tp,
			    const struct tcp_pcb *pcb)
{
	if (pcb->state == SYN_SENT)
		return tp ? tp->syncnt : TCP_SYNMAXRTX;
	return TCP_MAXRTX;
}

/* Gives up only when the last retransmission has timed out too. */
int net_hook_tcp_give_up(const struct tcp_pcb *pcb)
{
	const struct tcp_sock *tp = tcp_sk_of_pcb(pcb);

	if (tp && (user_timed_out(tp, pcb) || keepalive_timed_out(tp, pcb)))
		return 1;
	return pcb->nrtx >= retries(tp, pcb) && pcb->rtime + 1 >= pcb->rto;
}

/* Holds back the last, partial segment, for HOLD_NS at most. */
int net_hook_tcp_hold(const struct tcp_pcb *pcb, const struct tcp_seg *seg)
{
	const struct tcp_sock *tp = tcp_sk_of_pcb(pcb);

	return tp && tp->held_since_ns && !seg->next && seg->len < pcb->mss &&
	       !(pcb->flags & TF_FIN) && !tp->urg.sending &&
	       ktime_get_ns() - tp->held_since_ns < HOLD_NS;
}

void tcp_hold(struct tcp_sock *tp)
{
	if (!tp->held_since_ns)
		tp->held_since_ns = ktime_get_ns();
	tcp_want_poll(tp); /* sends it after HOLD_NS */
}
