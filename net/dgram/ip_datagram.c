/* SPDX-License-Identifier: MIT */
/*
 * Address, route and header of a datagram to send, for UDP, raw and ping
 * sockets. Thread context.
 */
#include "net/dgram/ip_datagram.h"

#include <errno.h>

#include "lwip/pbuf.h"

#include "kernel/fs/iov_iter.h"
#include "net/base/counters.h"
#include "net/dgram/ip_cmsg.h"
#include "net/dgram/ip_error.h"
#include "net/inet/af_inet.h"
#include "net/inet/inet_sock.h"
#include "net/inet/ip_mcast.h"
#include "net/inet/ip_pbuf.h"
#include "net/inet/route.h"

#define TRANSPORT_HEADER_LEN 8 /* UDP's and ICMP's */

int ip_dest_address(struct dgram_sock *ds, const struct msg *msg,
		    uint32_t *daddr, uint16_t *port)
{
	const struct inet_sock *inet = &ds->inet;

	if (!msg->name || !msg->namelen) {
		if (inet->sk.sk_state != TCP_ESTABLISHED)
			return -EDESTADDRREQ;
		*daddr = inet->daddr;
		*port = inet->dport;
		return 0;
	}
	if (msg->namelen < (int)sizeof(msg->name->in))
		return -EINVAL;
	if (msg->name->family != AF_INET && msg->name->family != AF_UNSPEC)
		return -EAFNOSUPPORT;
	*daddr = msg->name->in.addr;
	*port = swap16(msg->name->in.port);
	return 0;
}

int ip_sock_route(const struct inet_sock *inet, uint32_t daddr, uint32_t saddr,
		  int oif, struct ip_route *rt)
{
	const struct sock *sk = &inet->sk;
	int err;

	if (ip_is_multicast(daddr)) {
		oif = oif ? oif : inet->mc_index;
		saddr = saddr ? saddr : inet->mc_addr;
	} else if (!oif) {
		oif = inet->uc_index;
	}
	err = ip_find_route(daddr, saddr, oif, ip_flag(inet, IP_F_TRANSPARENT),
			    rt);
	if (!err && rt->type == ROUTE_UNICAST)
		err = net_route_allowed(sk, daddr);
	if (!err && rt->type == ROUTE_BROADCAST &&
	    !sock_flag(sk, SOCK_F_BROADCAST))
		err = -EACCES;
	return err;
}

int ip_dest_route(struct dgram_sock *ds, uint32_t daddr, struct ip_dest *to)
{
	int err = ip_sock_route(&ds->inet, daddr, to->send.saddr, to->send.oif,
				&to->rt);

	if (err == -ENETUNREACH)
		net_count(ip_out_no_routes);
	return err;
}

int ip_dest_find(struct dgram_sock *ds, const struct msg *msg,
		 struct ip_dest *to)
{
	uint32_t daddr;
	int err = ip_dest_address(ds, msg, &daddr, &to->port);

	if (!err)
		err = ip_cmsg_send(&ds->inet, msg, false, &to->send);
	return err ? err : ip_dest_route(ds, daddr, to);
}

static uint8_t ttl_of(const struct inet_sock *inet, const struct ip_dest *to)
{
	if (to->send.ttl > 0)
		return to->send.ttl;
	return to->rt.type == ROUTE_MULTICAST ? inet->mc_ttl : inet->ttl;
}

struct ip_out ip_dest_packet(struct dgram_sock *ds, const struct ip_dest *to,
			     size_t len)
{
	const struct inet_sock *inet = &ds->inet;
	uint8_t disc = inet->pmtudisc;
	struct ip_out out = {
		.saddr = to->rt.saddr,
		.daddr = to->rt.daddr,
		.tos = to->send.tos >= 0 ? to->send.tos : inet->tos,
		.ttl = ttl_of(inet, to),
		.proto = inet->sk.sk_protocol,
		.mtu = disc < IP_PMTUDISC_PROBE ? to->rt.pmtu : to->rt.mtu,
		.alloc = dgram_wire_alloc,
		.owner = ds,
	};

	out.df = disc == IP_PMTUDISC_DO || disc == IP_PMTUDISC_PROBE ||
		 (disc == IP_PMTUDISC_WANT && len + IP_HEADER_LEN <= out.mtu);
	return out;
}

int ip_dest_check_length(struct dgram_sock *ds, const struct ip_dest *to,
			 size_t len)
{
	struct ip_out out = ip_dest_packet(ds, to, len);
	uint8_t disc = ds->inet.pmtudisc;
	size_t max = disc < IP_PMTUDISC_DO || disc == IP_PMTUDISC_OMIT ?
			     IP_PACKET_MAX :
			     out.mtu;

	if (len + IP_HEADER_LEN <= max)
		return 0;
	ip_local_error(ds, EMSGSIZE, out.daddr, ds->inet.dport, out.mtu);
	return -EMSGSIZE;
}

bool ip_dest_comes_back(const struct dgram_sock *ds, const struct ip_dest *to)
{
	switch (to->rt.type) {
	case ROUTE_LOCAL:
	case ROUTE_BROADCAST:
		return true;
	case ROUTE_MULTICAST:
		return ip_mcast_is_member(to->rt.ifindex, to->rt.daddr) &&
		       (to->rt.ifindex == LINK_LO ||
			ip_flag(&ds->inet, IP_F_MULTICAST_LOOP));
	default:
		return false;
	}
}

bool ip_dest_leaves(const struct dgram_sock *ds, const struct ip_dest *to)
{
	if (to->rt.ifindex == LINK_LO)
		return false;
	return to->rt.type != ROUTE_MULTICAST || ttl_of(&ds->inet, to);
}

struct pbuf *ip_dest_payload(struct dgram_sock *ds, const struct ip_dest *to,
			     struct msg *msg, size_t len)
{
	bool wire = ip_dest_leaves(ds, to) && !ip_dest_comes_back(ds, to);
	int err = dgram_may_send(ds);
	struct pbuf *p;

	if (!err && wire)
		err = dgram_wait_wmem(ds, msg->flags & MSG_DONTWAIT);
	if (err)
		return ERR_PTR(err);
	if (wire && len + TRANSPORT_HEADER_LEN + IP_HEADER_LEN <= to->rt.mtu)
		p = dgram_wire_alloc(ds, len);
	else
		p = ip_payload_alloc(len);
	if (!p)
		return ERR_PTR(-ENOBUFS);
	err = dgram_fill(p, msg->iter);
	if (!err)
		return p;
	pbuf_free(p);
	return ERR_PTR(err);
}
