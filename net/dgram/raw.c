/* SPDX-License-Identifier: MIT */
/*
 * Raw sockets for ICMP. They have no ports: every socket that matches gets the
 * message. Softirq and system calls.
 */
#include "net/dgram/raw.h"

#include <errno.h>
#include <string.h>

#include "lwip/inet_chksum.h"
#include "lwip/ip4.h"
#include "lwip/pbuf.h"

#include "kernel/check.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/task/softirq.h"
#include "kernel/task/thread.h"
#include "net/base/counters.h"
#include "net/dgram/inet_dgram.h"
#include "net/dgram/ip_datagram.h"
#include "net/dgram/ip_error.h"
#include "net/dgram/udp.h"
#include "net/inet/af_inet.h"
#include "net/inet/icmp.h"
#include "net/inet/inet_sock.h"
#include "net/inet/ip_mcast.h"
#include "net/inet/ip_pbuf.h"
#include "net/link/link.h"
#include "net/socket/sockopt.h"
#include "net/softirq.h"

#define ICMP_FILTER 1 /* <linux/icmp.h> wants a C library */

/* Sockets visited before others may run. */
#define RECEIVERS_AT_ONCE 512

struct sock_list raw_socks = SOCK_LIST_INIT(raw_socks);

/* ---- Receiving ----------------------------------------------------------- */

static bool fits(const struct dgram_sock *ds, uint32_t remote, uint32_t local,
		 int ifindex)
{
	const struct inet_sock *inet = &ds->inet;

	if (inet->daddr && inet->daddr != remote)
		return false;
	if (inet->binding.addr && inet->binding.addr != local)
		return false;
	return !inet->sk.sk_bound_dev_if || inet->sk.sk_bound_dev_if == ifindex;
}

/* raw(7): a set bit blocks its type; types above 31 are not filtered. */
static bool is_filtered(const struct dgram_sock *ds, uint8_t type)
{
	return type < 32 && ds->icmp_filter & BIT(type);
}

static bool wants(const struct dgram_sock *ds, const struct ip_info *ip,
		  uint8_t type)
{
	return fits(ds, ip->saddr, ip->daddr, ip->ifindex) &&
	       !is_filtered(ds, type) &&
	       ip_mcast_allows(&ds->inet, ip->daddr, ip->saddr, ip->ifindex);
}

/* A packet that has not reached all receivers. */
struct delivery {
	struct pbuf *p; /* our own copy; NULL: none */
	struct ip_info ip;
	uint64_t serial; /* of the next socket */
	uint8_t type;
};

/* The packet that a softirq run left unfinished: continued before others. */
static struct delivery slow;

static void deliver(const struct delivery *dl, struct dgram_sock *ds)
{
	bool is_local = dl->ip.ifindex == LINK_LO;
	int err;

	if (!wants(ds, &dl->ip, dl->type))
		return;
	err = dgram_deliver(ds, dl->p, &dl->ip, 0, 0,
			    is_local ? dgram_truesize(dl->p->tot_len, 0) : 0);
	if (err == -ENOMEM)
		net_count(raw_drop_rcvbuf);
	else if (err)
		net_count(raw_drop_no_memory);
}

/* True: there are more. */
static bool deliver_some(struct delivery *dl)
{
	struct sock *sk = sock_list_seek(&raw_socks, dl->serial);

	for (unsigned int n = 0; sk && n < RECEIVERS_AT_ONCE; n++) {
		deliver(dl, dgram_sk(sk));
		dl->serial = sk->sk_serial + 1;
		sk = sock_list_next(&raw_socks, sk);
	}
	if (sk)
		return true;
	pbuf_free(dl->p);
	dl->p = NULL;
	return false;
}

static bool deliver_more(void)
{
	return slow.p && deliver_some(&slow);
}

static bool is_wanted(const struct ip_info *ip, uint8_t type)
{
	const struct dgram_sock *ds;

	list_for_each_entry(ds, &raw_socks.socks, inet.sk.sk_node) {
		if (wants(ds, ip, type))
			return true;
	}
	return false;
}

/* Each receiver gets a reference. A thread lets others run between batches. */
static void raw_deliver(struct pbuf *p, const struct ip_info *ip, uint16_t hlen)
{
	struct delivery dl = {
		.ip = *ip,
		.type = p->tot_len > hlen ? pbuf_get_at(p, hlen) : 0,
	};

	if (!is_wanted(ip, dl.type))
		return;
	dl.p = ip_payload_clone(p);
	if (!dl.p) {
		net_count(raw_drop_no_memory);
		return;
	}
	if (!in_softirq()) {
		while (deliver_some(&dl))
			cond_resched();
		return;
	}
	while (deliver_more())
		continue;
	if (deliver_some(&dl))
		slow = dl;
}

static void tell(struct dgram_sock *ds, const struct icmp_error *e,
		 uint16_t skip)
{
	struct sock *sk = dgram_to_sk(ds);
	bool recverr = ip_flag(&ds->inet, IP_F_RECVERR);
	bool fatal;
	int err = icmp_errno(e, &fatal);

	if (e->type == ICMP_SOURCE_QUENCH || e->type == ICMP_REDIRECT)
		return;
	if (err == EMSGSIZE) {
		ip_update_pmtu(e->daddr, e->info);
		fatal = ds->inet.pmtudisc != IP_PMTUDISC_DONT;
	}
	if (!recverr && sk->sk_state != TCP_ESTABLISHED)
		return;
	ip_icmp_error(ds, e, err, 0, skip);
	if (!recverr && !fatal)
		return;
	sk->sk_err = err;
	sk->sk_error_report(sk);
}

static void raw_err(const struct icmp_error *e, uint8_t proto, uint16_t skip)
{
	struct dgram_sock *ds;

	if (proto != IPPROTO_ICMP)
		return;
	list_for_each_entry(ds, &raw_socks.socks, inet.sk.sk_node) {
		bool whole = ip_flag(&ds->inet, IP_F_HDRINCL);

		if (fits(ds, e->daddr, e->saddr, e->ip.ifindex))
			tell(ds, e, whole ? skip : skip + IP_HEADER_LEN);
	}
}

/* ---- Sending ------------------------------------------------------------- */

/*
 * IP_HDRINCL, raw(7): uses the application's addresses, TOS, TTL and DF bit;
 * a source of 0 is filled in, the other fields are the kernel's.
 */
static int send_with_header(struct dgram_sock *ds, const struct ip_dest *to,
			    struct msg *msg, size_t len)
{
	struct ip_out out;
	struct ip_hdr ip;
	struct pbuf *p;
	uint16_t hlen;

	if (len > to->rt.mtu)
		return -EMSGSIZE;
	if (len < IP_HEADER_LEN)
		return -EINVAL;
	p = ip_dest_payload(ds, to, msg, len);
	if (IS_ERR(p))
		return PTR_ERR(p);
	pbuf_copy_partial(p, &ip, IP_HEADER_LEN, 0);
	hlen = IPH_HL_BYTES(&ip);
	if (hlen != IP_HEADER_LEN || IPH_V(&ip) != 4 ||
	    IPH_PROTO(&ip) != IPPROTO_ICMP) {
		pbuf_free(p);
		return -EINVAL;
	}
	out = (struct ip_out){ .saddr = ip.src.addr ? ip.src.addr :
						      to->rt.saddr,
			       .daddr = ip.dest.addr,
			       .id = lwip_ntohs(IPH_ID(&ip)),
			       .tos = IPH_TOS(&ip),
			       .ttl = IPH_TTL(&ip),
			       .proto = IPH_PROTO(&ip),
			       .df = IPH_OFFSET(&ip) & PP_HTONS(IP_DF) };
	pbuf_remove_header(p, IP_HEADER_LEN);
	return icmp_output(&to->rt, &out, p);
}

static int send_message(struct dgram_sock *ds, const struct ip_dest *to,
			struct msg *msg, size_t len)
{
	struct ip_out out = ip_dest_packet(ds, to, len);
	int err = ip_dest_check_length(ds, to, len);
	struct pbuf *p;

	if (err)
		return err;
	if (len < 2) /* Linux reads type and code first, and faults */
		return -EFAULT;
	p = ip_dest_payload(ds, to, msg, len);
	if (IS_ERR(p))
		return PTR_ERR(p);
	return icmp_output(&to->rt, &out, p);
}

static ssize_t raw_sendmsg(struct sock *sk, struct msg *msg)
{
	struct dgram_sock *ds = dgram_sk(sk);
	size_t len = msg->iter->count;
	struct ip_dest to;
	int err;

	if (len > IP_PACKET_MAX)
		return -EMSGSIZE;
	if (msg->flags & MSG_OOB)
		return -EOPNOTSUPP;
	err = ip_dest_find(ds, msg, &to);
	if (err)
		return err;
	err = ip_flag(&ds->inet, IP_F_HDRINCL) ?
		      send_with_header(ds, &to, msg, len) :
		      send_message(ds, &to, msg, len);
	net_flush_soon();
	return err ? err : (ssize_t)len;
}

/* ---- Sockets ------------------------------------------------------------- */

static struct sock *raw_alloc(void)
{
	struct dgram_sock *ds = dgram_sock_alloc(&raw_prot, IPPROTO_ICMP);

	if (!ds)
		return NULL;
	ds->inet.sport = IPPROTO_ICMP;
	ds->inet.binding.reuse = true;
	sock_link(dgram_to_sk(ds), &raw_socks);
	return dgram_to_sk(ds);
}

static void raw_close(struct sock *sk)
{
	struct dgram_sock *ds = dgram_sk(sk);

	sock_unlink(sk, &raw_socks);
	ip_mcast_drop(&ds->inet);
	dgram_sock_close(ds);
}

static ssize_t raw_recvmsg(struct sock *sk, struct msg *msg)
{
	return msg->flags & MSG_OOB ? -EOPNOTSUPP : udp_recvmsg(sk, msg);
}

const struct proto raw_prot = {
	.name = "RAW",
	.alloc = raw_alloc,
	.close = raw_close,
	.connect = inet_dgram_connect_sock,
	.disconnect = inet_dgram_disconnect,
	.sendmsg = raw_sendmsg,
	.recvmsg = raw_recvmsg,
	.queues = dgram_queues,
};

static int set_filter(struct sock *sk, const void *val, int len)
{
	memcpy(&dgram_sk(sk)->icmp_filter, val,
	       MIN((size_t)len, sizeof(uint32_t)));
	return 0;
}

static int get_filter(struct sock *sk, struct sockopt_value *out)
{
	return sockopt_give(out, &dgram_sk(sk)->icmp_filter, sizeof(uint32_t));
}

static const struct sockopt options[] = {
	BYTE_OPTION(ICMP_FILTER, set_filter, get_filter),
};

static const char *sock_invariants(const struct sock *sk)
{
	return dgram_check(dgram_sk(sk));
}

static const char *raw_check(void)
{
	return sock_list_check(&raw_socks, sock_invariants);
}

void raw_init(void)
{
	static struct icmp_listener listener __ro_after_init_data = {
		.message = raw_deliver,
		.error = raw_err,
	};
	static struct inet_protosw protosw __ro_after_init_data = {
		.type = SOCK_RAW,
		.protocol = IPPROTO_ICMP,
		.prot = &raw_prot,
		.ops = &inet_dgram_ops,
	};
	static struct sockopt_level level __ro_after_init_data = {
		.level = SOL_RAW,
		.family = AF_INET,
		.type = SOCK_RAW,
		.options = options,
		.nr = ARRAY_SIZE(options),
	};
	static struct net_poller unfinished __ro_after_init_data = {
		.stage = NET_STAGE_UNFINISHED,
		.poll = deliver_more,
		.packet = &slow.p,
	};

	check_register("raw", raw_check);
	net_poller_register(&unfinished);
	icmp_listen(&listener);
	inet_register_protosw(&protosw);
	sockopt_register(&level);
}
