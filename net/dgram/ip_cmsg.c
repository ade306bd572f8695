/* SPDX-License-Identifier: MIT */
/*
 * Control messages of IPv4 datagrams. Thread context.
 */
#include <asm/socket.h>
#include <errno.h>
#include <linux/in.h>
#include <linux/udp.h>
#include <string.h>

#include "kernel/base.h"
#include "net/dgram/ip_cmsg.h"
#include "net/inet/af_inet.h"
#include "net/inet/inet_sock.h"
#include "net/inet/ip_route.h"
#include "net/socket/cmsg.h"
#include "net/socket/sock_stamp.h"

/* ---- Sending ------------------------------------------------------------- */

static int take_pktinfo(const void *data, size_t len, struct ip_send *send)
{
	struct in_pktinfo info;

	if (len != sizeof(info))
		return -EINVAL;
	memcpy(&info, data, sizeof(info));
	if (info.ipi_ifindex)
		send->oif = info.ipi_ifindex;
	send->saddr = info.ipi_spec_dst.s_addr;
	return 0;
}

static int take_ttl(const void *data, size_t len, struct ip_send *send)
{
	if (len != sizeof(int))
		return -EINVAL;
	memcpy(&send->ttl, data, sizeof(int));
	return send->ttl < 1 || send->ttl > 255 ? -EINVAL : 0;
}

static int take_tos(const void *data, size_t len, struct ip_send *send)
{
	if (len == sizeof(int))
		memcpy(&send->tos, data, sizeof(int));
	else if (len == 1)
		send->tos = *(const uint8_t *)data;
	else
		return -EINVAL;
	return send->tos < 0 || send->tos > 255 ? -EINVAL : 0;
}

static int take_ip(const struct cmsg *cmsg, const void *data,
		   struct ip_send *send)
{
	size_t len = cmsg->len - sizeof(*cmsg);

	switch (cmsg->type) {
	case IP_PKTINFO:
		return take_pktinfo(data, len, send);
	case IP_TTL:
		return take_ttl(data, len, send);
	case IP_TOS:
		return take_tos(data, len, send);
	default:
		return -EINVAL;
	}
}

static int take_udp(const struct cmsg *cmsg, const void *data,
		    struct ip_send *send)
{
	if (cmsg->type != UDP_SEGMENT ||
	    cmsg->len != sizeof(*cmsg) + sizeof(send->gso_size))
		return -EINVAL;
	memcpy(&send->gso_size, data, sizeof(send->gso_size));
	return 0;
}

/* Skips SCM_RIGHTS and SCM_CREDENTIALS, which are for AF_UNIX. */
static int take_socket(const struct cmsg *cmsg)
{
	return cmsg->type == 1 || cmsg->type == 2 ? 0 : -EINVAL;
}

int ip_cmsg_send(struct inet_sock *inet, const struct msg *msg, bool udp,
		 struct ip_send *send)
{
	const char *at = msg->control;
	size_t left = msg->controllen;
	const void *data;
	struct cmsg cmsg;
	int err;

	*send = (struct ip_send){ .saddr = inet->saddr,
				  .oif = inet->sk.sk_bound_dev_if,
				  .ttl = -1,
				  .tos = -1 };
	while ((err = next_cmsg(&at, &left, &cmsg, &data)) > 0) {
		send->has_cmsg = true;
		if (cmsg.level == SOL_SOCKET)
			err = take_socket(&cmsg);
		else if (cmsg.level == IPPROTO_IP)
			err = take_ip(&cmsg, data, send);
		else if (cmsg.level == IPPROTO_UDP && udp)
			err = take_udp(&cmsg, data, send);
		else
			err = 0;
		if (err)
			return err;
	}
	return err;
}

/* ---- Receiving ----------------------------------------------------------- */

/* A stamp that does not come with the message can be asked for: SIOCGSTAMP. */
static void put_stamps(struct sock *sk, struct msg *msg, uint64_t stamp)
{
	if (sock_put_stamps(sk, msg, stamp))
		return;
	if (sock_flag(sk, SOCK_F_TIMESTAMP))
		sk->sk_stamp = stamp;
	else if (!sk->sk_stamp)
		sk->sk_stamp = SOCK_STAMP_UNKNOWN;
}

void sock_recv_cmsgs(struct sock *sk, struct msg *msg, const struct dgram *d)
{
	put_stamps(sk, msg, d->stamp);
	if (sock_flag(sk, SOCK_F_RXQ_OVFL) && d->dropped)
		put_cmsg(msg, SOL_SOCKET, SO_RXQ_OVFL, &d->dropped,
			 sizeof(d->dropped));
}

static void put_pktinfo(struct msg *msg, const struct dgram *d)
{
	struct in_pktinfo info = { 0 };

	info.ipi_addr.s_addr = d->ip.daddr;
	if (d->knows_route) {
		info.ipi_ifindex = d->ip.ifindex;
		info.ipi_spec_dst.s_addr = d->ip.group ?
						   ip_ifaddr(d->ip.ifindex) :
						   d->ip.daddr;
	}
	put_cmsg(msg, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
}

static void put_int(struct msg *msg, int type, int value)
{
	put_cmsg(msg, IPPROTO_IP, type, &value, sizeof(value));
}

static void put_origdst(struct msg *msg, const struct dgram *d)
{
	struct sockaddr_any addr = { 0 };

	addr.in.family = AF_INET;
	addr.in.port = swap16(d->dport);
	addr.in.addr = d->ip.daddr;
	put_cmsg(msg, IPPROTO_IP, IP_ORIGDSTADDR, &addr, sizeof(addr.in));
}

/* IP_RECVOPTS has no effect: IP options are not stored with a datagram. */
void ip_cmsg_recv(struct inet_sock *inet, struct msg *msg,
		  const struct dgram *d)
{
	if (ip_flag(inet, IP_F_PKTINFO))
		put_pktinfo(msg, d);
	if (ip_flag(inet, IP_F_RECVTTL))
		put_int(msg, IP_TTL, d->ip.ttl);
	if (ip_flag(inet, IP_F_RECVTOS))
		put_cmsg(msg, IPPROTO_IP, IP_TOS, &d->ip.tos, 1);
	if (ip_flag(inet, IP_F_RECVORIGDSTADDR))
		put_origdst(msg, d);
	if (ip_flag(inet, IP_F_RECVFRAGSIZE) && d->ip.frag_max)
		put_int(msg, IP_RECVFRAGSIZE, d->ip.frag_max);
}
