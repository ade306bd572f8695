/* SPDX-License-Identifier: MIT */
/*
 * Ping sockets. Identifiers are allocated like ports, from their own table.
 * Softirq and system calls.
 */
#include "net/dgram/ping.h"

#include <errno.h>

#include "lwip/inet_chksum.h"
#include "lwip/ip4.h"
#include "lwip/pbuf.h"

#include "kernel/check.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/random.h"
#include "net/base/counters.h"
#include "net/dgram/inet_dgram.h"
#include "net/dgram/ip_datagram.h"
#include "net/dgram/ip_error.h"
#include "net/dgram/udp.h"
#include "net/inet/af_inet.h"
#include "net/inet/icmp.h"
#include "net/inet/inet_sock.h"
#include "net/inet/ip_mcast.h"
#include "net/link/link.h"
#include "net/softirq.h"

static struct inet_ports idents;

/* ---- Receiving ----------------------------------------------------------- */

static struct dgram_sock *lookup(uint16_t ident, uint32_t addr, int ifindex)
{
	struct inet_bind_bucket *bucket = inet_find_bucket(&idents, ident);
	struct inet_binding *b;

	if (!bucket)
		return NULL;
	list_for_each_entry(b, &bucket->owners, node) {
		struct dgram_sock *ds = container_of(b, struct dgram_sock,
						     inet.binding);
		int bound = ds->inet.sk.sk_bound_dev_if;

		if ((!b->addr || b->addr == addr) &&
		    (!bound || bound == ifindex))
			return ds;
	}
	return NULL;
}

static void ping_rcv(struct pbuf *p, const struct ip_info *ip,
		     const struct icmp_header *icmp)
{
	struct dgram_sock *ds = lookup(lwip_ntohs(icmp->echo.id), ip->daddr,
				       ip->ifindex);
	bool is_local = ip->ifindex == LINK_LO;
	int err;

	if (!ds)
		return;
	err = dgram_deliver(ds, p, ip, 0, 0,
			    is_local ? dgram_truesize(p->tot_len, 20) : 0);
	if (err == -ENOMEM)
		net_count(ping_drop_rcvbuf);
	else if (err)
		net_count(ping_drop_no_memory);
}

/* The error quotes an echo request: its identifier is the sender's port. */
static void ping_err(const struct icmp_error *e)
{
	struct icmp_header icmp;
	struct dgram_sock *ds;
	struct sock *sk;
	bool fatal;
	int err = icmp_errno(e, &fatal);

	if (pbuf_copy_partial(e->quoted, &icmp, sizeof(icmp), 0) !=
		    sizeof(icmp) ||
	    icmp.type != ICMP_ECHO)
		return;
	ds = lookup(lwip_ntohs(icmp.echo.id), e->saddr, e->ip.ifindex);
	if (!ds || e->type == ICMP_SOURCE_QUENCH || e->type == ICMP_REDIRECT)
		return;
	if (err == EMSGSIZE) {
		ip_update_pmtu(e->daddr, e->info);
		if (ds->inet.pmtudisc == IP_PMTUDISC_DONT)
			return;
	}
	sk = dgram_to_sk(ds);
	if (ip_flag(&ds->inet, IP_F_RECVERR))
		ip_icmp_error(ds, e, err, 0, 0);
	else if (!fatal || sk->sk_state != TCP_ESTABLISHED)
		return;
	sk->sk_err = err;
	sk->sk_error_report(sk);
}

/* ---- Sending ------------------------------------------------------------- */

/* The application sets only the sequence number and the data. */
static void fill_request(const struct dgram_sock *ds, struct pbuf *p)
{
	struct icmp_header *icmp = p->payload;

	icmp->checksum = 0;
	icmp->echo.id = lwip_htons(ds->inet.sport);
	icmp->checksum = inet_chksum_pbuf(p);
}

static int send_request(struct dgram_sock *ds, const struct ip_dest *to,
			struct msg *msg, size_t len)
{
	struct ip_out out = ip_dest_packet(ds, to, len);
	int err = ip_dest_check_length(ds, to, len);
	const struct icmp_header *icmp;
	struct pbuf *p;

	if (err)
		return err;
	p = ip_dest_payload(ds, to, msg, len);
	if (IS_ERR(p))
		return PTR_ERR(p);
	icmp = p->payload;
	if (icmp->type != ICMP_ECHO || icmp->code) {
		pbuf_free(p);
		return -EINVAL;
	}
	fill_request(ds, p);
	return icmp_output(&to->rt, &out, p);
}

static ssize_t ping_sendmsg(struct sock *sk, struct msg *msg)
{
	struct dgram_sock *ds = dgram_sk(sk);
	size_t len = msg->iter->count;
	struct ip_dest to;
	int err;

	if (len > IP_PACKET_MAX)
		return -EMSGSIZE;
	if (len < ICMP_HEADER_LEN)
		return -EINVAL;
	if (msg->flags & MSG_OOB)
		return -EOPNOTSUPP;
	err = ip_dest_find(ds, msg, &to);
	if (!err)
		err = send_request(ds, &to, msg, len);
	net_flush_soon();
	return err ? err : (ssize_t)len;
}

/* ---- Sockets ------------------------------------------------------------- */

static struct sock *ping_alloc(void)
{
	struct dgram_sock *ds = dgram_sock_alloc(&ping_prot, IPPROTO_ICMP);

	if (!ds)
		return NULL;
	ds->inet.binding.reuse = true; /* identifiers may be shared */
	return dgram_to_sk(ds);
}

static void ping_close(struct sock *sk)
{
	struct dgram_sock *ds = dgram_sk(sk);

	ip_mcast_drop(&ds->inet);
	inet_release_port(&ds->inet.binding);
	dgram_sock_close(ds);
}

static ssize_t ping_recvmsg(struct sock *sk, struct msg *msg)
{
	return msg->flags & MSG_OOB ? -EOPNOTSUPP : udp_recvmsg(sk, msg);
}

const struct proto ping_prot = {
	.name = "PING",
	.ports = &idents,
	.alloc = ping_alloc,
	.close = ping_close,
	.connect = inet_dgram_connect_sock,
	.disconnect = inet_dgram_disconnect,
	.sendmsg = ping_sendmsg,
	.recvmsg = ping_recvmsg,
	.queues = dgram_queues,
};

static const char *ping_check(void)
{
	return dgram_ports_check(&idents);
}

void ping_init(void)
{
	static struct icmp_listener listener __ro_after_init_data = {
		.reply = ping_rcv,
		.own_error = ping_err,
	};
	static struct inet_protosw protosw __ro_after_init_data = {
		.type = SOCK_DGRAM,
		.protocol = IPPROTO_ICMP,
		.prot = &ping_prot,
		.ops = &inet_dgram_ops,
	};

	idents.random = random_u32;
	check_register("ping", ping_check);
	icmp_listen(&listener);
	inet_register_protosw(&protosw);
}
