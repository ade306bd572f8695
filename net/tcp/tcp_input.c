/* SPDX-License-Identifier: MIT */
/*
 * Between lwIP and the checks of net/tcp/tcp_check.c: fills in their arguments
 * from pcb and segment, and carries out their verdict. Softirq.
 */
#include "net/tcp/tcp_input.h"

#include <string.h>

#include "lwip/priv/tcp_priv.h"
#include "lwip/ip.h"
#include "lwip/tcp.h"

#include "kernel/base.h"
#include "kernel/task/clock.h"
#include "net/base/counters.h"
#include "net/base/inet_hash.h"
#include "net/base/ratelimit.h"
#include "net/base/seq.h"
#include "net/lwip/hooks.h"
#include "net/lwip/memp.h"
#include "net/lwip/pcb_table.h"
#include "net/tcp/tcp.h"
#include "net/tcp/tcp_check.h"
#include "net/tcp/tcp_cookie.h"
#include "net/tcp/tcp_demux.h"
#include "net/tcp/tcp_figures.h"
#include "net/tcp/tcp_listen.h"
#include "net/tcp/tcp_memory.h"
#include "net/tcp/tcp_synq.h"
#include "net/tcp/tcp_timewait.h"
#include "net/tcp/tcp_upcall.h"
#include "net/tcp/tcp_urg.h"

/* Challenge ACKs per second and group of peers; pause of a connection. */
#define CHALLENGE_MIN 50
#define CHALLENGE_SPREAD 100
#define CHALLENGE_GROUPS 256
#define OOW_PAUSE_NS (500 * NSEC_PER_MSEC)

#define RESETS_A_SECOND 10000

/*
 * RFC 5961 section 7. The number for each second is random, so that counting
 * the answers reveals nothing about other connections. Peers are grouped by a
 * keyed hash: a peer can use up the number of its own group only.
 */
static bool challenge_allowed(const struct tcp_pcb *pcb)
{
	static struct ratelimit groups[CHALLENGE_GROUPS];
	uint32_t peer = ip_addr_get_ip4_u32(&pcb->remote_ip);
	uint32_t group = inet_hash(peer, 0, 0, 0) % CHALLENGE_GROUPS;

	return ratelimit_take(&groups[group], CHALLENGE_MIN, CHALLENGE_SPREAD);
}

/*
 * Limits resets that answer segments of no connection, so that a flood does not
 * cause as much traffic again. Linux has no limit; this one is far above what
 * scans need.
 */
static bool reset_allowed(void)
{
	static struct ratelimit resets;

	if (ratelimit_take(&resets, RESETS_A_SECOND, 0))
		return true;
	net_count(tcp_reset_throttled);
	return false;
}

static bool connection_may_answer(const struct tcp_pcb *pcb)
{
	struct tcp_sock *tp = tcp_sk_of_pcb(pcb);
	uint64_t now = ktime_get_ns();

	if (!tp)
		return true;
	if (tp->last_challenge_ns && now - tp->last_challenge_ns < OOW_PAUSE_NS)
		return false;
	tp->last_challenge_ns = now;
	return true;
}

static void challenge(struct tcp_pcb *pcb)
{
	if (!connection_may_answer(pcb) || !challenge_allowed(pcb)) {
		net_count(tcp_challenge_throttled);
		return;
	}
	net_count(tcp_challenge_acks);
	tcp_send_empty_ack(pcb);
}

static uint64_t *const drop_counters[NR_TCP_DROP_REASONS] = {
	[TCP_DROP_OPTIONS] = &net_counters.tcp_drop_options,
	[TCP_DROP_FLAGS] = &net_counters.tcp_drop_flags,
	[TCP_DROP_OLD] = &net_counters.tcp_drop_old,
	[TCP_DROP_WINDOW] = &net_counters.tcp_drop_window,
	[TCP_DROP_NO_ACK] = &net_counters.tcp_drop_no_ack,
	[TCP_DROP_BAD_ACK] = &net_counters.tcp_drop_bad_ack,
	[TCP_DROP_SYN] = &net_counters.tcp_drop_syn,
	[TCP_DROP_RST] = &net_counters.tcp_drop_rst,
	[TCP_DROP_BACKLOG] = &net_counters.tcp_drop_backlog,
	[TCP_DROP_MEMORY] = &net_counters.tcp_drop_memory,
};

static void count_drop(enum tcp_drop_reason why)
{
	if (why != TCP_DROP_NONE)
		(*drop_counters[why])++;
	if (why == TCP_DROP_BACKLOG) {
		net_count(tcp_listen_overflows);
		net_count(tcp_listen_drops);
	}
}

/* No reset to a segment with a signature (RFC 2385): ours would have none. */
int net_hook_tcp_reset_allowed(struct tcp_hdr *hdr, u16_t optlen)
{
	if (!tcp_check_options((uint8_t *)(hdr + 1), optlen,
			       TCPH_FLAGS(hdr) & TCP_SYN)) {
		count_drop(TCP_DROP_OPTIONS);
		return 0;
	}
	return reset_allowed();
}

static bool listener_full(const struct tcp_pcb *pcb)
{
	const struct tcp_sock *listener = tcp_listener_of_pcb(pcb);

	if (pcb->state == SYN_RCVD && !tcp_sock_may_alloc()) {
		tcp_memory_want_pcb();
		return true;
	}
	return listener && tcp_accept_queue_full(listener);
}

/* A listening pcb is smaller: only fields that both kinds have may be read. */
static struct tcp_check_conn describe_pcb(const struct tcp_pcb *pcb)
{
	struct tcp_check_conn conn = {
		.state = tcp_state_of_pcb(pcb),
		.memory_short = !tcp_memory_may_receive(tcp_sk_of_pcb(pcb)),
	};

	if (pcb->state == LISTEN || pcb->state == SYN_RCVD)
		conn.accept_queue_full = listener_full(pcb);
	if (pcb->state == LISTEN)
		return conn;
	conn.rcv_nxt = pcb->rcv_nxt;
	conn.rcv_wnd = pcb->rcv_wnd;
	conn.snd_una = pcb->lastack;
	conn.snd_nxt = pcb->snd_nxt;
	conn.max_window = pcb->snd_wnd_max;
	conn.out_of_order = pcb->ooseq;
	return conn;
}

static struct tcp_check_seg describe_segment(const struct tcp_hdr *hdr,
					     const struct pbuf *p)
{
	return (struct tcp_check_seg){
		.seq = hdr->seqno,
		.ack = hdr->ackno,
		.len = p->tot_len,
		.flags = TCPH_FLAGS(hdr),
	};
}

static void cut_segment(struct tcp_hdr *hdr, struct pbuf *p,
			const struct tcp_check_result *res)
{
	if (res->strip_fin)
		TCPH_FLAGS_SET(hdr, TCPH_FLAGS(hdr) & ~TCP_FIN);
	if (res->keep < p->tot_len) {
		net_count(tcp_cut);
		pbuf_realloc(p, res->keep);
	}
}

/*
 * Out-of-order data stays in its receive buffer until the gap is filled. It is
 * not kept when buffers are short or the connection has many; the peer sends it
 * again.
 */
static bool cannot_keep(const struct tcp_pcb *pcb, const struct tcp_hdr *hdr,
			const struct pbuf *p)
{
	return pcb->state >= ESTABLISHED && p->tot_len &&
	       after(hdr->seqno, pcb->rcv_nxt) && tcp_sk_of_pcb(pcb) &&
	       !tcp_memory_may_keep_gap(tcp_sk_of_pcb(pcb));
}

/* Handles an acknowledgement of our FIN, before lwIP gets it. */
static void note_fin_acked(struct tcp_pcb *pcb, const struct tcp_hdr *hdr)
{
	bool fin_sent = pcb->state == FIN_WAIT_1 || pcb->state == LAST_ACK;

	if (fin_sent && hdr->ackno == pcb->snd_nxt && !pcb->unsent &&
	    tcp_sk_of_pcb(pcb))
		tcp_fin_acked(tcp_sk_of_pcb(pcb));
}

/* ---- The segment that lwIP is processing --------------------------------- */

/*
 * One is enough: tcp_input() is re-entered only for a listener's segments
 * (tcp_cookie_ack()), and those are never put here.
 */
static struct tcp_rx rx;

struct tcp_tuple tcp_tuple_of_segment(const struct tcp_hdr *hdr)
{
	return (struct tcp_tuple){
		.laddr = ip_addr_get_ip4_u32(ip_current_dest_addr()),
		.raddr = ip_addr_get_ip4_u32(ip_current_src_addr()),
		.lport = hdr->dest,
		.rport = hdr->src,
	};
}

void net_hook_tcp_input_done(void)
{
	rx = (struct tcp_rx){ 0 };
}

void tcp_rx_follows(const struct tcp_tuple *id, uint32_t isn)
{
	rx.follows = true;
	rx.id = *id;
	rx.isn = isn;
}

bool tcp_rx_successor_isn(const struct tcp_tuple *id, uint32_t *isn)
{
	if (!rx.follows || memcmp(id, &rx.id, sizeof(*id)))
		return false;
	rx.follows = false;
	*isn = rx.isn;
	return true;
}

/* As on Linux, the urgent pointer points behind the urgent byte. */
static void note_urgent(const struct tcp_rx *seg, struct tcp_sock *tp)
{
	uint32_t end = rxqueue_end(&tp->sk_receive_queue);
	uint32_t start = end + seg->hdr->seqno - seg->pcb->rcv_nxt;
	uint16_t up = lwip_ntohs(seg->hdr->urgp);
	uint32_t at = start + (up ? up - 1 : 0);

	if (TCPH_FLAGS(seg->hdr) & TCP_URG)
		tcp_urg_announce(tp, at);
	if (tcp_urg_wants(tp, start, seg->p->tot_len))
		tcp_urg_byte(tp, pbuf_get_at(seg->p, tp->urg.mark - start));
}

void tcp_rx_child(struct tcp_sock *child)
{
	if (rx.pcb == child->pcb)
		note_urgent(&rx, child);
}

static void note_segment(const struct tcp_pcb *pcb, const struct tcp_hdr *hdr,
			 const struct pbuf *p)
{
	struct tcp_sock *tp = tcp_sk_of_pcb(pcb);

	if (pcb->state == LISTEN)
		return;
	ASSERT(!rx.pcb);
	rx.pcb = pcb;
	rx.hdr = hdr;
	rx.p = p;
	if (tp)
		tcp_figures_in(tp, p->tot_len);
	if (tp && pcb->state != SYN_SENT)
		note_urgent(&rx, tp);
}

/* A listener's SYN or ACK; true: handled, lwIP must not get it. */
static bool cookies(struct tcp_pcb_listen *listening, struct tcp_hdr *hdr,
		    u16_t optlen, struct pbuf *p)
{
	if (!(TCPH_FLAGS(hdr) & TCP_SYN))
		return tcp_cookie_ack(listening, hdr, p);
	if (net_tcp_pcbs_short(0))
		tcp_memory_want_pcb();
	if (!net_pcb_has_share(ip_current_src_addr())) {
		net_count(tcp_drop_share);
		net_count(tcp_listen_drops);
		return true;
	}
	/* A new connection must not make lwIP abort another one. */
	if (!tcp_cookies_needed(listening) && !net_tcp_pcbs_short(0))
		return false;
	tcp_cookie_answer(listening, hdr, optlen);
	return true;
}

/*
 * TCP_DEFER_ACCEPT: for so many seconds, ACKs without data do not complete the
 * handshake; the repeated SYN|ACK makes the peer send another.
 */
static bool is_deferred(const struct tcp_pcb *pcb, const struct pbuf *p)
{
	const struct tcp_sock *listener = tcp_listener_of_pcb(pcb);
	uint32_t age;

	if (pcb->state != SYN_RCVD || !listener || p->tot_len)
		return false;
	age = (tcp_ticks - pcb->tmr) * TCP_SLOW_INTERVAL / 1000;
	return age < (uint32_t)listener->defer_accept;
}

static err_t apply(struct tcp_pcb *pcb, struct tcp_hdr *hdr, struct pbuf *p,
		   const struct tcp_check_result *res)
{
	count_drop(res->reason);
	if (unlikely(res->reason == TCP_DROP_MEMORY) && tcp_sk_of_pcb(pcb))
		tcp_data_dropped(tcp_to_sk(tcp_sk_of_pcb(pcb)));
	switch (res->verdict) {
	case TCP_PASS:
		cut_segment(hdr, p, res);
		note_fin_acked(pcb, hdr);
		note_segment(pcb, hdr, p);
		return ERR_OK;
	case TCP_DROP_ACK:
		tcp_send_empty_ack(pcb);
		break;
	case TCP_DROP_CHALLENGE:
		challenge(pcb);
		break;
	case TCP_DROP:
		break;
	}
	return ERR_VAL;
}

err_t net_hook_tcp_input(struct tcp_pcb *pcb, struct tcp_hdr *hdr, u16_t optlen,
			 u16_t opt1len, u8_t *opt2, struct pbuf *p)
{
	struct tcp_check_conn conn = describe_pcb(pcb);
	struct tcp_check_seg seg = describe_segment(hdr, p);
	struct tcp_check_result res;
	bool first_syn = pcb->state == LISTEN || pcb->state == SYN_SENT;

	/* opt2: options in a second pbuf, which no received frame has. */
	if (opt2 || !tcp_check_options((uint8_t *)(hdr + 1), optlen,
				       first_syn && (seg.flags & TCPHDR_SYN))) {
		count_drop(TCP_DROP_OPTIONS);
		return ERR_VAL;
	}
	res = tcp_check_segment(&conn, &seg);
	if (res.verdict == TCP_PASS && pcb->state == LISTEN &&
	    cookies((struct tcp_pcb_listen *)pcb, hdr, optlen, p))
		return ERR_VAL;
	if (res.verdict == TCP_PASS && (seg.flags & TCPHDR_ACK) &&
	    !(seg.flags & (TCPHDR_RST | TCPHDR_FIN)) && is_deferred(pcb, p))
		return ERR_VAL;
	if (res.verdict == TCP_PASS && cannot_keep(pcb, hdr, p)) {
		res.verdict = TCP_DROP_ACK;
		res.reason = TCP_DROP_MEMORY;
	}
	/* RFC 5681 4.2: ACK a segment that fills a gap at once. */
	if (res.verdict == TCP_PASS && conn.out_of_order && seg.len)
		tcp_ack_now(pcb);
	return apply(pcb, hdr, p, &res);
}
