/* SPDX-License-Identifier: MIT */
/*
 * Sends datagrams, with the checks in the order of Linux's udp_sendmsg(). To
 * this machine they go straight to the receiver's queue, to a group perhaps to
 * the link too. Thread context.
 */
#include <errno.h>

#include "lwip/inet_chksum.h"
#include "lwip/pbuf.h"
#include "lwip/prot/udp.h"

#include "kernel/fs/iov_iter.h"
#include "kernel/mm/slab.h"
#include "net/base/counters.h"
#include "net/dgram/ip_datagram.h"
#include "net/dgram/udp.h"
#include "net/inet/icmp.h"
#include "net/inet/ip_pbuf.h"
#include "net/link/link.h"
#include "net/softirq.h"

#define MSG_PROBE 0x10
#define GSO_SEGMENTS_MAX 128

/* The pending datagram of UDP_CORK and MSG_MORE. */
struct udp_cork {
	struct ip_dest to;
	struct pbuf *p; /* NULL: nothing yet */
};

/* ---- One datagram -------------------------------------------------------- */

static void fill_header(const struct dgram_sock *ds, const struct ip_out *out,
			uint16_t port, struct pbuf *p)
{
	struct udp_hdr *udp = p->payload;
	ip4_addr_t src = { out->saddr }, dest = { out->daddr };

	udp->src = lwip_htons(ds->inet.sport);
	udp->dest = lwip_htons(port);
	udp->len = lwip_htons(p->tot_len);
	udp->chksum = 0;
	if (sock_flag(&ds->inet.sk, SOCK_F_NO_CHECK))
		return;
	udp->chksum = inet_chksum_pseudo(p, IPPROTO_UDP, p->tot_len, &src,
					 &dest);
	if (!udp->chksum)
		udp->chksum = 0xffff;
}

/* Consumes p, the payload. */
static int to_wire(struct dgram_sock *ds, const struct ip_dest *to,
		   struct pbuf *p)
{
	struct ip_out out = ip_dest_packet(ds, to, p->tot_len + UDP_HEADER_LEN);

	p = ip_push_header(p, UDP_HEADER_LEN);
	if (!p)
		return -ENOBUFS;
	fill_header(ds, &out, to->port, p);
	return ip_output_packet(&to->rt, &out, p);
}

/* The port is unused: answers as a remote host would, by ICMP. */
static void refuse(struct dgram_sock *ds, const struct ip_out *out,
		   const struct ip_info *ip, uint16_t port,
		   const struct pbuf *payload)
{
	uint16_t n = MIN(payload->tot_len,
			 ICMP_QUOTE_MAX - IP_HEADER_LEN - UDP_HEADER_LEN);
	struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, n, PBUF_RAM);

	net_count(udp_no_ports);
	if (!p)
		return;
	pbuf_copy_partial(payload, p->payload, n, 0);
	pbuf_add_header(p, UDP_HEADER_LEN);
	fill_header(ds, out, port, p);
	pbuf_add_header(p, IP_HEADER_LEN);
	ip_fill_header(out, p, 0, 0);
	icmp_send(p, ip, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0);
	pbuf_free(p);
}

static void to_ourselves(struct dgram_sock *ds, const struct ip_dest *to,
			 struct pbuf *p)
{
	struct ip_out out = ip_dest_packet(ds, to, p->tot_len + UDP_HEADER_LEN);
	struct udp_tuple t = {
		.saddr = out.saddr,
		.daddr = out.daddr,
		.sport = ds->inet.sport,
		.dport = to->port,
		.ifindex = to->rt.ifindex,
	};
	struct ip_info ip = {
		.saddr = out.saddr,
		.daddr = out.daddr,
		.ifindex = to->rt.ifindex,
		.ttl = out.ttl,
		.tos = out.tos,
		.proto = IPPROTO_UDP,
		.group = to->rt.type != ROUTE_LOCAL,
	};

	if (!ip.group)
		net_lo_count(p->tot_len);
	dgram_sent_locally(ds);
	if (!udp_rcv_local(p, &t, &ip) && !ip.group)
		refuse(ds, &out, &ip, to->port, p);
}

/* Consumes p, a payload in memory of any kind. */
static int transmit(struct dgram_sock *ds, const struct ip_dest *to,
		    struct pbuf *p)
{
	struct pbuf *copy = p;
	int err = 0;

	net_count(udp_out_datagrams);
	if (!ip_dest_comes_back(ds, to))
		return ip_dest_leaves(ds, to) ? to_wire(ds, to, p) :
						(pbuf_free(p), 0);
	if (ip_dest_leaves(ds, to)) {
		copy = ip_payload_clone(p);
		err = copy ? to_wire(ds, to, copy) : -ENOBUFS;
	}
	if (!err)
		to_ourselves(ds, to, p);
	pbuf_free(p);
	return err;
}

static int send_one(struct dgram_sock *ds, const struct ip_dest *to,
		    struct msg *msg, size_t len)
{
	int err = ip_dest_check_length(ds, to, len + UDP_HEADER_LEN);
	struct pbuf *p;

	if (err)
		return err;
	p = ip_dest_payload(ds, to, msg, len);
	return IS_ERR(p) ? (int)PTR_ERR(p) : transmit(ds, to, p);
}

/* UDP_SEGMENT: cuts the data into datagrams of gso_size bytes. */
static int send_segments(struct dgram_sock *ds, const struct ip_dest *to,
			 struct msg *msg, size_t len)
{
	size_t size = to->send.gso_size;
	int err = 0;

	if (size + UDP_HEADER_LEN + IP_HEADER_LEN > to->rt.mtu)
		return -EMSGSIZE;
	if (len > size * GSO_SEGMENTS_MAX ||
	    sock_flag(&ds->inet.sk, SOCK_F_NO_CHECK))
		return -EINVAL;
	while (len && !err) {
		size_t n = MIN(size, len);

		err = send_one(ds, to, msg, n);
		len -= n;
	}
	return err;
}

/* ---- Corked datagrams ---------------------------------------------------- */

void udp_drop_cork(struct dgram_sock *ds)
{
	struct udp_cork *cork = ds->cork;

	ds->cork = NULL;
	if (!cork)
		return;
	if (cork->p)
		pbuf_free(cork->p);
	kfree(cork);
}

int udp_uncork(struct dgram_sock *ds)
{
	struct udp_cork *cork = ds->cork;
	int err = 0;

	ds->cork = NULL;
	if (!cork)
		return 0;
	if (cork->p)
		err = transmit(ds, &cork->to, cork->p);
	kfree(cork);
	net_flush_soon();
	return err;
}

static int append(struct dgram_sock *ds, struct msg *msg, size_t len)
{
	struct udp_cork *cork = ds->cork;
	size_t have = cork->p ? cork->p->tot_len : 0;
	int err = ip_dest_check_length(ds, &cork->to,
				       have + len + UDP_HEADER_LEN);
	struct pbuf *p;

	if (!err)
		err = dgram_may_send(ds);
	if (err || (!len && cork->p)) /* no pbuf of a chain may be empty */
		return err;
	p = ip_payload_alloc(len);
	if (!p)
		return -ENOBUFS;
	err = dgram_fill(p, msg->iter);
	if (err) {
		pbuf_free(p);
		return err;
	}
	if (cork->p)
		pbuf_cat(cork->p, p);
	else
		cork->p = p;
	return 0;
}

/* On failure the pending data are discarded too. */
static int send_corked(struct dgram_sock *ds, struct msg *msg, size_t len,
		       bool more)
{
	int err = append(ds, msg, len);

	if (err) {
		udp_drop_cork(ds);
		return err;
	}
	return more ? 0 : udp_uncork(ds);
}

static int cork(struct dgram_sock *ds, const struct ip_dest *to)
{
	ds->cork = kmalloc(sizeof(*ds->cork));
	if (!ds->cork)
		return -ENOBUFS;
	*ds->cork = (struct udp_cork){ .to = *to };
	return 0;
}

/* ---- The call ------------------------------------------------------------ */

static int resolve(struct dgram_sock *ds, const struct msg *msg,
		   struct ip_dest *to)
{
	uint32_t daddr;
	int err = ip_dest_address(ds, msg, &daddr, &to->port);

	if (err)
		return err;
	if (!to->port && msg->name && msg->namelen)
		return -EINVAL;
	err = ip_cmsg_send(&ds->inet, msg, true, &to->send);
	if (!err && !to->send.gso_size)
		to->send.gso_size = ds->gso_size;
	return err ? err : ip_dest_route(ds, daddr, to);
}

ssize_t udp_sendmsg(struct sock *sk, struct msg *msg)
{
	struct dgram_sock *ds = dgram_sk(sk);
	bool more = ds->corked || (msg->flags & MSG_MORE);
	size_t len = msg->iter->count;
	struct ip_dest to;
	int err;

	if (len > IP_PACKET_MAX)
		return -EMSGSIZE;
	if (msg->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (!ds->cork) {
		err = resolve(ds, msg, &to);
		if (err || ((msg->flags & MSG_PROBE) && !len))
			return err;
		if (!more) {
			err = to.send.gso_size && len > to.send.gso_size ?
				      send_segments(ds, &to, msg, len) :
				      send_one(ds, &to, msg, len);
			goto out;
		}
		err = cork(ds, &to);
		if (err)
			return err;
	}
	err = send_corked(ds, msg, len, more);
out:
	if (err == -ENOBUFS)
		net_count(udp_sndbuf_errors);
	net_flush_soon();
	return err ? err : (ssize_t)len;
}
