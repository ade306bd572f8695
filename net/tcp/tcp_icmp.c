/* SPDX-License-Identifier: MIT */
/*
 * ICMP errors that quote a segment of this machine. Anybody can send them: they
 * are ignored unless the quoted number is unacknowledged (RFC 5927 section 4),
 * and never end an established connection. Softirq.
 */
#include "net/tcp/tcp_icmp.h"

#include "net/base/seq.h"
#include "net/inet/protocol.h"
#include "net/socket/socket.h"
#include "net/tcp/tcp.h"

#include <errno.h>

#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"

#include "kernel/base.h"
#include "net/base/counters.h"
#include "net/inet/icmp.h"
#include "net/lwip/pcb_table.h"
#include "net/tcp/tcp_check.h"
#include "net/tcp/tcp_upcall.h"

#define HEADERS 40 /* IP's and TCP's, without options */
#define MTU_MIN 552 /* Linux's net.ipv4.route.min_pmtu */

/* The part of the quoted header that must be there: RFC 792. */
struct quoted {
	uint16_t sport;
	uint16_t dport;
	uint32_t seq;
};

static struct tcp_pcb *find(const struct icmp_error *e, struct quoted *q)
{
	ip_addr_t local = { e->saddr }, remote = { e->daddr };

	if (pbuf_copy_partial(e->quoted, q, sizeof(*q), 0) != sizeof(*q))
		return NULL;
	return net_pcb_find(&local, lwip_ntohs(q->sport), &remote,
			    lwip_ntohs(q->dport));
}

static bool is_on_its_way(const struct tcp_pcb *pcb, uint32_t seq)
{
	return !before(seq, pcb->lastack) && before(seq, pcb->snd_nxt);
}

/* lwIP splits only the first unsent segment, so each is made the first. */
static bool split_unsent(struct tcp_pcb *pcb)
{
	struct tcp_seg *first = pcb->unsent;
	bool done = true;

	for (struct tcp_seg *seg = first; seg && done; seg = seg->next) {
		if (seg->len <= pcb->mss)
			continue;
		pcb->unsent = seg;
		done = tcp_split_unsent_seg(pcb, pcb->mss) == ERR_OK;
	}
	pcb->unsent = first;
	return done;
}

/*
 * RFC 1191: the path MTU is smaller than the segments. Splits what is unacked
 * and sends it again. Without memory for that, the timer retransmits it
 * unsplit, which causes this ICMP message again.
 */
static void path_mtu(struct tcp_pcb *pcb, uint32_t mtu)
{
	uint16_t mss = MAX(mtu, (uint32_t)MTU_MIN) - HEADERS;

	if (mss >= pcb->mss)
		return;
	pcb->mss = mss;
	net_count(tcp_path_mtu);
	if (!pcb->unacked || tcp_rexmit_rto_prepare(pcb) != ERR_OK)
		return;
	if (split_unsent(pcb))
		tcp_rexmit_rto_commit(pcb);
}

/* connect(2) fails with err at once. */
static void refused(struct tcp_sock *tp, struct tcp_pcb *pcb, int err)
{
	tcp_detach(tp);
	tcp_abandon(pcb, 0);
	tcp_done(tp, err);
}

static void tcp_icmp_error(const struct icmp_error *e)
{
	struct quoted q;
	struct tcp_pcb *pcb = find(e, &q);
	struct tcp_sock *tp;
	bool fatal;
	int err;

	if (!pcb || pcb->state == SYN_RCVD)
		return;
	if (!is_on_its_way(pcb, lwip_ntohl(q.seq))) {
		net_count(tcp_icmp_out_of_window);
		return;
	}
	if (e->type == ICMP_SOURCE_QUENCH) /* RFC 6633 */
		return;
	if (e->type == ICMP_DEST_UNREACH && e->code == ICMP_FRAG_NEEDED) {
		if (pcb->state != SYN_SENT)
			path_mtu(pcb, e->info);
		return;
	}
	tp = tcp_sk_of_pcb(pcb);
	err = icmp_errno(e, &fatal);
	if (!tp || !err)
		return;
	if (pcb->state == SYN_SENT)
		refused(tp, pcb, err);
	else
		tp->err_soft = err;
}

void tcp_icmp_init(void)
{
	/* lwIP receives the segments. */
	static const struct net_protocol tcp = {
		.err_handler = tcp_icmp_error,
	};

	inet_add_protocol(&tcp, IPPROTO_TCP);
}
