/* SPDX-License-Identifier: MIT */
/*
 * Received datagrams, from the wire and from sockets of this machine. Softirq
 * and system calls.
 */
#include <errno.h>
#include <string.h>

#include "lwip/inet_chksum.h"
#include "lwip/pbuf.h"
#include "lwip/prot/udp.h"

#include "kernel/task/thread.h"
#include "net/base/counters.h"
#include "net/base/rxqueue.h"
#include "net/dgram/ip_error.h"
#include "net/dgram/udp.h"
#include "net/inet/icmp.h"
#include "net/dgram/ip_cmsg.h"
#include "net/inet/inet_sock.h"
#include "net/inet/ip_route.h"
#include "net/inet/protocol.h"
#include "net/softirq.h"

struct delivery {
	struct pbuf *p;
	const struct udp_tuple *tuple;
	const struct ip_info *ip;
	uint32_t truesize;
	unsigned int receivers;
};

static void deliver(struct dgram_sock *ds, void *arg)
{
	struct delivery *dl = arg;
	int err = dgram_deliver(ds, dl->p, dl->ip, dl->tuple->sport,
				dl->tuple->dport, dl->truesize);

	dl->receivers++;
	if (!err)
		net_count(udp_in_datagrams);
	else if (err == -ENOMEM)
		net_count(udp_drop_rcvbuf);
	else
		net_count(udp_drop_no_memory);
}

static bool to_one(struct delivery *dl)
{
	struct dgram_sock *ds = udp_lookup(dl->tuple);

	if (ds)
		deliver(ds, dl);
	return ds;
}

static bool to_group_locally(struct delivery *dl)
{
	struct inet_walk walk;

	inet_walk_begin(&walk, &udp_ports, dl->tuple->dport);
	while (udp_next_members(&walk, dl->tuple, deliver, dl))
		cond_resched();
	return dl->receivers;
}

bool udp_rcv_local(struct pbuf *p, const struct udp_tuple *t,
		   const struct ip_info *ip)
{
	struct delivery dl = {
		.p = p,
		.tuple = t,
		.ip = ip,
		.truesize = dgram_truesize(p->tot_len, 20 + UDP_HEADER_LEN),
	};

	return ip->group ? to_group_locally(&dl) : to_one(&dl);
}

/* ---- From the wire ------------------------------------------------------- */

/*
 * A datagram to a group with too many receivers for one run of the softirq:
 * continued before other packets are taken.
 */
static struct {
	struct delivery dl; /* dl.p is NULL: none */
	struct udp_tuple tuple;
	struct ip_info ip;
	struct inet_walk walk;
} slow;

static bool rcv_more(void)
{
	struct delivery *dl = &slow.dl;

	if (!dl->p)
		return false;
	if (udp_next_members(&slow.walk, &slow.tuple, deliver, dl))
		return true;
	if (!dl->receivers)
		net_count(udp_drop_no_member);
	pbuf_free(dl->p);
	dl->p = NULL;
	return false;
}

/* Consumes p, the payload. */
static void to_group(struct pbuf *p, const struct udp_tuple *t,
		     const struct ip_info *ip)
{
	while (rcv_more())
		continue;
	slow.tuple = *t;
	slow.ip = *ip;
	slow.dl = (struct delivery){ .p = p,
				     .tuple = &slow.tuple,
				     .ip = &slow.ip };
	inet_walk_begin(&slow.walk, &udp_ports, t->dport);
	rcv_more();
}

static bool checksum_is_right(struct pbuf *p, const struct ip_info *ip)
{
	const struct udp_hdr *udp = p->payload;
	ip4_addr_t src = { ip->saddr }, dest = { ip->daddr };

	return !udp->chksum ||
	       !inet_chksum_pseudo(p, IPPROTO_UDP, p->tot_len, &src, &dest);
}

/* RFC 768: the length covers header and data; IP's may be longer. */
static bool cut_to_length(struct pbuf *p)
{
	uint16_t len = lwip_ntohs(((struct udp_hdr *)p->payload)->len);

	if (len < UDP_HEADER_LEN || len > p->tot_len)
		return false;
	if (len < p->tot_len)
		pbuf_realloc(p, len);
	return true;
}

/* p: IP's payload; consumed, unless the port is unused: false. */
static bool rcv(struct pbuf *p, const struct ip_info *ip)
{
	const struct udp_hdr *udp = p->payload;
	struct udp_tuple t = { .saddr = ip->saddr,
			       .daddr = ip->daddr,
			       .ifindex = ip->ifindex };
	struct delivery dl = { .tuple = &t, .ip = ip };

	if (p->len < UDP_HEADER_LEN || !cut_to_length(p)) {
		net_count(drop_udp_length);
		goto drop;
	}
	t.sport = lwip_ntohs(udp->src);
	t.dport = lwip_ntohs(udp->dest);
	if (!checksum_is_right(p, ip)) {
		net_count(udp_drop_checksum);
		goto drop;
	}
	if (!ip->group && !udp_lookup(&t))
		return false;
	pbuf_remove_header(p, UDP_HEADER_LEN);
	p = pbuf_right_size(p);
	if (ip->group) {
		to_group(p, &t, ip);
		return true;
	}
	dl.p = p;
	to_one(&dl);
drop:
	pbuf_free(p);
	return true;
}

static void udp_rcv(struct pbuf *p, const struct ip_info *ip, uint16_t hlen)
{
	pbuf_remove_header(p, hlen);
	if (rcv(p, ip))
		return;
	pbuf_add_header_force(p, hlen);
	net_count(udp_no_ports);
	icmp_send(p, ip, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0);
	pbuf_free(p);
}

/* The socket that would receive a reply to the quoted datagram. */
static struct dgram_sock *sender_of(const struct icmp_error *e,
				    const struct udp_hdr *udp)
{
	struct udp_tuple t = { .saddr = e->daddr,
			       .daddr = e->saddr,
			       .sport = lwip_ntohs(udp->dest),
			       .dport = lwip_ntohs(udp->src),
			       .ifindex = e->ip.ifindex };

	return udp_lookup(&t);
}

static void udp_err(const struct icmp_error *e)
{
	struct udp_hdr udp = { 0 };
	struct dgram_sock *ds;
	struct sock *sk;
	bool fatal;
	int err = icmp_errno(e, &fatal);

	if (pbuf_copy_partial(e->quoted, &udp, 4, 0) != 4)
		return;
	ds = sender_of(e, &udp);
	if (!ds || e->type == ICMP_SOURCE_QUENCH || e->type == ICMP_REDIRECT)
		return;
	if (err == EMSGSIZE) {
		ip_update_pmtu(e->daddr, e->info);
		if (ds->inet.pmtudisc == IP_PMTUDISC_DONT)
			return;
	}
	sk = dgram_to_sk(ds);
	if (ip_flag(&ds->inet, IP_F_RECVERR))
		ip_icmp_error(ds, e, err, lwip_ntohs(udp.dest), UDP_HEADER_LEN);
	else if (!fatal || sk->sk_state != TCP_ESTABLISHED)
		return;
	sk->sk_err = err;
	sk->sk_error_report(sk);
}

void udp_rcv_init(void)
{
	static const struct net_protocol udp = {
		.handler = udp_rcv,
		.err_handler = udp_err,
	};
	static struct net_poller unfinished __ro_after_init_data = {
		.stage = NET_STAGE_UNFINISHED,
		.poll = rcv_more,
		.packet = &slow.dl.p,
	};

	net_poller_register(&unfinished);
	inet_add_protocol(&udp, IPPROTO_UDP);
}
