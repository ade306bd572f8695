/* SPDX-License-Identifier: MIT */
/*
 * The multicast options of level IPPROTO_IP: how multicasts are sent, and which
 * groups a socket has joined. Thread context.
 */
#include <errno.h>
#include <linux/in.h>
#include <string.h>

#include "net/inet/inet_sock.h"
#include "net/inet/ip_mcast.h"
#include "net/inet/ip_route.h"
#include "net/inet/sockopt_ip.h"
#include "net/inet/sockopt_mcast.h"

int ip_set_mc_ttl(struct sock *sk, const void *val, int len)
{
	int value = ip_option_int(val, len);

	if (sk->sk_type == SOCK_STREAM || len < 1)
		return -EINVAL;
	if (value == -1)
		value = 1;
	if (value < 0 || value > 255)
		return -EINVAL;
	inet_sk(sk)->mc_ttl = value;
	return 0;
}

int ip_get_mc_ttl(struct sock *sk, struct sockopt_value *out)
{
	return ip_option_give(out, inet_sk(sk)->mc_ttl);
}

/* IP_UNICAST_IF: an interface's number, unlike elsewhere in network order. */
int ip_set_unicast_if(struct sock *sk, const void *val, int len)
{
	uint32_t value;

	if (len != sizeof(value))
		return -EINVAL;
	memcpy(&value, val, sizeof(value));
	value = __builtin_bswap32(value);
	if (value && !ip_netif(value))
		return -EADDRNOTAVAIL;
	inet_sk(sk)->uc_index = value;
	return 0;
}

int ip_get_unicast_if(struct sock *sk, struct sockopt_value *out)
{
	return ip_option_give(out, __builtin_bswap32(inet_sk(sk)->uc_index));
}

/* struct in_addr, struct ip_mreq or struct ip_mreqn, by length. */
int ip_set_mc_if(struct sock *sk, const void *val, int len)
{
	struct inet_sock *inet = inet_sk(sk);
	struct ip_mreqn mreq = { { 0 }, { 0 }, 0 };
	int ifindex;

	if (sk->sk_type == SOCK_STREAM || len < (int)sizeof(struct in_addr))
		return -EINVAL;
	if (len >= (int)sizeof(struct ip_mreq))
		memcpy(&mreq, val, MIN(len, (int)sizeof(mreq)));
	else
		memcpy(&mreq.imr_address, val, sizeof(mreq.imr_address));
	if (!mreq.imr_ifindex && !mreq.imr_address.s_addr) {
		inet->mc_index = 0;
		inet->mc_addr = 0;
		return 0;
	}
	ifindex = mreq.imr_ifindex;
	if (!ifindex)
		ifindex = ip_find_interface(mreq.imr_address.s_addr);
	if (!ip_netif(ifindex))
		return -EADDRNOTAVAIL;
	if (sk->sk_bound_dev_if && sk->sk_bound_dev_if != ifindex)
		return -EINVAL;
	inet->mc_index = ifindex;
	inet->mc_addr = mreq.imr_address.s_addr;
	return 0;
}

int ip_get_mc_if(struct sock *sk, struct sockopt_value *out)
{
	return sockopt_give(out, &inet_sk(sk)->mc_addr, sizeof(uint32_t));
}

int ip_set_mc_loop(struct sock *sk, const void *val, int len)
{
	if (len < 1)
		return -EINVAL;
	return ip_option_set_flag(sk, BIT(IP_F_MULTICAST_LOOP), val, len);
}

int ip_get_mc_loop(struct sock *sk, struct sockopt_value *out)
{
	return ip_option_give(out, ip_flag(inet_sk(sk), IP_F_MULTICAST_LOOP));
}

int ip_set_mc_all(struct sock *sk, const void *val, int len)
{
	int value = ip_option_int(val, len);

	if (len < 1 || (value != 0 && value != 1))
		return -EINVAL;
	return ip_option_set_flag(sk, BIT(IP_F_MULTICAST_ALL), val, len);
}

int ip_get_mc_all(struct sock *sk, struct sockopt_value *out)
{
	return ip_option_give(out, ip_flag(inet_sk(sk), IP_F_MULTICAST_ALL));
}

/* ---- Groups -------------------------------------------------------------- */

/* An option's request; source 0: none. */
struct request {
	struct mcast_request mcast;
	uint32_t source;
};

/* struct ip_mreq or struct ip_mreqn. Streams cannot join groups. */
static int take_mreq(const struct sock *sk, const void *val, int len,
		     struct request *req)
{
	struct ip_mreqn mreq = { { 0 }, { 0 }, 0 };

	if (sk->sk_type == SOCK_STREAM)
		return -EPROTO;
	if (len < (int)sizeof(struct ip_mreq))
		return -EINVAL;
	memcpy(&mreq, val,
	       len >= (int)sizeof(mreq) ? sizeof(mreq) :
					  sizeof(struct ip_mreq));
	req->mcast.group = mreq.imr_multiaddr.s_addr;
	req->mcast.addr = mreq.imr_address.s_addr;
	req->mcast.ifindex = mreq.imr_ifindex;
	return 0;
}

static int take_mreq_source(const struct sock *sk, const void *val, int len,
			    struct request *req)
{
	struct ip_mreq_source mreq;

	if (len != sizeof(mreq))
		return -EINVAL;
	if (sk->sk_type == SOCK_STREAM)
		return -EPROTO;
	memcpy(&mreq, val, sizeof(mreq));
	*req = (struct request){ { mreq.imr_multiaddr, mreq.imr_interface, 0 },
				 mreq.imr_sourceaddr };
	return 0;
}

/* A group, and perhaps a source, each in a 128-byte sockaddr_storage. */
#define STORAGE_SIZE 128
#define GROUP_AT 8
#define SOURCE_AT (GROUP_AT + STORAGE_SIZE)
#define GROUP_SOURCE_REQ_SIZE (SOURCE_AT + STORAGE_SIZE)

static int take_address(const char *val, size_t at, uint32_t *addr)
{
	struct inet_address in;

	memcpy(&in, val + at, sizeof(in));
	if (in.family != AF_INET)
		return -EINVAL;
	*addr = in.addr;
	return 0;
}

/* struct group_req */
static int take_group(const struct sock *sk, const void *val, int len,
		      struct request *req)
{
	*req = (struct request){ .source = 0 };
	if (sk->sk_type == SOCK_STREAM)
		return -EPROTO;
	if (len < GROUP_REQ_SIZE)
		return -EINVAL;
	memcpy(&req->mcast.ifindex, val, sizeof(int));
	return take_address(val, GROUP_AT, &req->mcast.group);
}

/* struct group_source_req; options are read up to SOCKOPT_MAX bytes. */
static int take_group_source(const struct sock *sk, const void *val, int len,
			     struct request *req)
{
	if (len < MIN(GROUP_SOURCE_REQ_SIZE, SOCKOPT_MAX))
		return -EINVAL;
	if (take_group(sk, val, len, req))
		return -EADDRNOTAVAIL;
	return take_address(val, SOURCE_AT, &req->source) ? -EADDRNOTAVAIL : 0;
}

static int join(struct sock *sk, const struct request *req)
{
	return ip_mcast_join(inet_sk(sk), &req->mcast, MCAST_MODE_EXCLUDE);
}

static int leave(struct sock *sk, const struct request *req)
{
	return ip_mcast_leave(inet_sk(sk), &req->mcast);
}

/* Joins the group for one sender, if it has not been joined yet. */
static int source_join(struct sock *sk, const struct request *req)
{
	struct inet_sock *inet = inet_sk(sk);
	int err = ip_mcast_join(inet, &req->mcast, MCAST_MODE_INCLUDE);

	if (err && err != -EADDRINUSE)
		return err;
	return ip_mcast_source(inet, &req->mcast, req->source,
			       MCAST_MODE_INCLUDE, true);
}

static int source_leave(struct sock *sk, const struct request *req)
{
	return ip_mcast_source(inet_sk(sk), &req->mcast, req->source,
			       MCAST_MODE_INCLUDE, false);
}

static int block(struct sock *sk, const struct request *req)
{
	return ip_mcast_source(inet_sk(sk), &req->mcast, req->source,
			       MCAST_MODE_EXCLUDE, true);
}

static int unblock(struct sock *sk, const struct request *req)
{
	return ip_mcast_source(inet_sk(sk), &req->mcast, req->source,
			       MCAST_MODE_EXCLUDE, false);
}

static int change(struct sock *sk, const void *val, int len,
		  int (*take)(const struct sock *sk, const void *val, int len,
			      struct request *req),
		  int (*act)(struct sock *sk, const struct request *req))
{
	struct request req;
	int err = take(sk, val, len, &req);

	return err ? err : act(sk, &req);
}

int ip_set_join(struct sock *sk, const void *val, int len)
{
	return change(sk, val, len, take_mreq, join);
}

int ip_set_leave(struct sock *sk, const void *val, int len)
{
	return change(sk, val, len, take_mreq, leave);
}

int ip_set_source_join(struct sock *sk, const void *val, int len)
{
	return change(sk, val, len, take_mreq_source, source_join);
}

int ip_set_source_leave(struct sock *sk, const void *val, int len)
{
	return change(sk, val, len, take_mreq_source, source_leave);
}

int ip_set_block(struct sock *sk, const void *val, int len)
{
	return change(sk, val, len, take_mreq_source, block);
}

int ip_set_unblock(struct sock *sk, const void *val, int len)
{
	return change(sk, val, len, take_mreq_source, unblock);
}

int ip_set_group_join(struct sock *sk, const void *val, int len)
{
	return change(sk, val, len, take_group, join);
}

int ip_set_group_leave(struct sock *sk, const void *val, int len)
{
	return change(sk, val, len, take_group, leave);
}

int ip_set_group_source_join(struct sock *sk, const void *val, int len)
{
	return change(sk, val, len, take_group_source, source_join);
}

int ip_set_group_source_leave(struct sock *sk, const void *val, int len)
{
	return change(sk, val, len, take_group_source, source_leave);
}

int ip_set_group_block(struct sock *sk, const void *val, int len)
{
	return change(sk, val, len, take_group_source, block);
}

int ip_set_group_unblock(struct sock *sk, const void *val, int len)
{
	return change(sk, val, len, take_group_source, unblock);
}
