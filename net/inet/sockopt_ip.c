/* SPDX-License-Identifier: MIT */
/*
 * Options of level IPPROTO_IP, ip(7), in one table. What Linux has and this
 * machine has not (options in the IP header, IPsec, routing of multicasts) is
 * not in it. Thread context.
 *
 * Most are an int, or a single byte of one; without any byte they are 0 where
 * that makes sense.
 */
#include <errno.h>
#include <linux/in.h>
#include <string.h>

#include "net/inet/ip_route.h"
#include "net/inet/sockopt_ip.h"
#include "net/socket/sockopt.h"

#define DEFAULT_TTL 64

void inet_sock_init(struct inet_sock *inet)
{
	inet->ttl = DEFAULT_TTL;
	inet->mc_ttl = 1;
	inet->pmtudisc = IP_PMTUDISC_WANT;
	inet->ip_flags = BIT(IP_F_MULTICAST_LOOP) | BIT(IP_F_MULTICAST_ALL);
}

int ip_option_int(const void *val, int len)
{
	int value = 0;

	if (len >= (int)sizeof(int))
		memcpy(&value, val, sizeof(int));
	else if (len > 0)
		value = *(const uint8_t *)val;
	return value;
}

int ip_option_give(struct sockopt_value *out, int value)
{
	uint8_t byte = value;

	if (out->room < (int)sizeof(value) && value == byte)
		return sockopt_give(out, &byte, sizeof(byte));
	return sockopt_give_int(out, value);
}

/* ---- Flags --------------------------------------------------------------- */

int ip_option_flag(struct sock *sk, unsigned int bit, const void *val, int len)
{
	struct inet_sock *inet = inet_sk(sk);

	if (ip_option_int(val, len))
		inet->ip_flags |= BIT(bit);
	else
		inet->ip_flags &= ~BIT(bit);
	return 0;
}

#define IP_FLAG(fn, bit)                                                \
	static int set_##fn(struct sock *sk, const void *val, int len)  \
	{                                                               \
		return ip_option_flag(sk, bit, val, len);               \
	}                                                               \
	static int get_##fn(struct sock *sk, struct sockopt_value *out) \
	{                                                               \
		return ip_option_give(out, ip_flag(inet_sk(sk), bit));  \
	}

IP_FLAG(pktinfo, IP_F_PKTINFO)
IP_FLAG(recvttl, IP_F_RECVTTL)
IP_FLAG(recvtos, IP_F_RECVTOS)
IP_FLAG(recvopts, IP_F_RECVOPTS)
IP_FLAG(retopts, IP_F_RETOPTS)
IP_FLAG(origdst, IP_F_RECVORIGDSTADDR)
IP_FLAG(fragsize, IP_F_RECVFRAGSIZE)
IP_FLAG(recverr, IP_F_RECVERR)
IP_FLAG(no_port, IP_F_BIND_ADDRESS_NO_PORT)

/* These want at least a byte. */
#define IP_STRICT_FLAG(fn, bit)                                               \
	static int set_##fn(struct sock *sk, const void *val, int len)        \
	{                                                                     \
		return len < 1 ? -EINVAL : ip_option_flag(sk, bit, val, len); \
	}                                                                     \
	static int get_##fn(struct sock *sk, struct sockopt_value *out)       \
	{                                                                     \
		return ip_option_give(out, ip_flag(inet_sk(sk), bit));        \
	}

IP_STRICT_FLAG(freebind, IP_F_FREEBIND)
IP_STRICT_FLAG(transparent, IP_F_TRANSPARENT)

static int set_hdrincl(struct sock *sk, const void *val, int len)
{
	if (sk->sk_type != SOCK_RAW)
		return -ENOPROTOOPT;
	return ip_option_flag(sk, IP_F_HDRINCL, val, len);
}

static int get_hdrincl(struct sock *sk, struct sockopt_value *out)
{
	return ip_option_give(out, ip_flag(inet_sk(sk), IP_F_HDRINCL));
}

/* ---- Numbers ------------------------------------------------------------- */

/* The two lowest bits are ECN's, which TCP keeps for itself. */
static int set_tos(struct sock *sk, const void *val, int len)
{
	int value = ip_option_int(val, len);

	inet_sk(sk)->tos = sk->sk_type == SOCK_STREAM ? value & ~3 : value;
	return 0;
}

static int get_tos(struct sock *sk, struct sockopt_value *out)
{
	return ip_option_give(out, inet_sk(sk)->tos);
}

static int set_ttl(struct sock *sk, const void *val, int len)
{
	int value = ip_option_int(val, len);

	if (len < 1 || (value != -1 && (value < 1 || value > 255)))
		return -EINVAL;
	inet_sk(sk)->ttl = value == -1 ? DEFAULT_TTL : value;
	return 0;
}

static int get_ttl(struct sock *sk, struct sockopt_value *out)
{
	return ip_option_give(out, inet_sk(sk)->ttl);
}

static int set_minttl(struct sock *sk, const void *val, int len)
{
	int value = ip_option_int(val, len);

	if (len < 1 || value < 0 || value > 255)
		return -EINVAL;
	inet_sk(sk)->min_ttl = value;
	return 0;
}

static int get_minttl(struct sock *sk, struct sockopt_value *out)
{
	return ip_option_give(out, inet_sk(sk)->min_ttl);
}

static int set_pmtudisc(struct sock *sk, const void *val, int len)
{
	int value = ip_option_int(val, len);

	if (value < IP_PMTUDISC_DONT || value > IP_PMTUDISC_OMIT)
		return -EINVAL;
	inet_sk(sk)->pmtudisc = value;
	return 0;
}

static int get_pmtudisc(struct sock *sk, struct sockopt_value *out)
{
	return ip_option_give(out, inet_sk(sk)->pmtudisc);
}

/* Of the way to the peer; unknown without one. */
static int get_mtu(struct sock *sk, struct sockopt_value *out)
{
	const struct inet_sock *inet = inet_sk(sk);
	struct ip_route rt;

	if (!inet->daddr || ip_find_route(inet->daddr, inet->saddr,
					  sk->sk_bound_dev_if, true, &rt))
		return -ENOTCONN;
	return ip_option_give(out, rt.pmtu);
}

/* Two ports in one word; the low one first, 0: as everybody. */
static int set_local_ports(struct sock *sk, const void *val, int len)
{
	uint32_t value;
	uint16_t low, high;

	if (len != sizeof(value))
		return -EINVAL;
	memcpy(&value, val, sizeof(value));
	low = value;
	high = value >> 16;
	if (low && high && low > high)
		return -EINVAL;
	inet_sk(sk)->local_ports = value;
	return 0;
}

static int get_local_ports(struct sock *sk, struct sockopt_value *out)
{
	return ip_option_give(out, inet_sk(sk)->local_ports);
}

/* IP_PROTOCOL is the number that bind(2) gives: of raw sockets the protocol. */
static int get_number(struct sock *sk, struct sockopt_value *out)
{
	return ip_option_give(out, inet_sk(sk)->sport);
}

const struct sockopt ip_options[] = {
	BYTE_OPTION(IP_TOS, set_tos, get_tos),
	BYTE_OPTION(IP_TTL, set_ttl, get_ttl),
	BYTE_OPTION(IP_MINTTL, set_minttl, get_minttl),
	BYTE_OPTION(IP_HDRINCL, set_hdrincl, get_hdrincl),
	BYTE_OPTION(IP_RECVOPTS, set_recvopts, get_recvopts),
	BYTE_OPTION(IP_RETOPTS, set_retopts, get_retopts),
	BYTE_OPTION(IP_PKTINFO, set_pktinfo, get_pktinfo),
	BYTE_OPTION(IP_MTU_DISCOVER, set_pmtudisc, get_pmtudisc),
	BYTE_OPTION(IP_RECVERR, set_recverr, get_recverr),
	BYTE_OPTION(IP_RECVTTL, set_recvttl, get_recvttl),
	BYTE_OPTION(IP_RECVTOS, set_recvtos, get_recvtos),
	BYTE_OPTION(IP_MTU, NULL, get_mtu),
	BYTE_OPTION(IP_FREEBIND, set_freebind, get_freebind),
	BYTE_OPTION(IP_TRANSPARENT, set_transparent, get_transparent),
	BYTE_OPTION(IP_RECVORIGDSTADDR, set_origdst, get_origdst),
	BYTE_OPTION(IP_BIND_ADDRESS_NO_PORT, set_no_port, get_no_port),
	BYTE_OPTION(IP_RECVFRAGSIZE, set_fragsize, get_fragsize),
	BYTE_OPTION(IP_LOCAL_PORT_RANGE, set_local_ports, get_local_ports),
	BYTE_OPTION(IP_PROTOCOL, NULL, get_number),
	BYTE_OPTION(IP_UNICAST_IF, set_unicast_if, get_unicast_if),
	RAW_OPTION_OF(IP_MULTICAST_IF, sizeof(struct in_addr),
		      sizeof(struct ip_mreqn), set_mc_if, get_mc_if),
	BYTE_OPTION(IP_MULTICAST_TTL, set_mc_ttl, get_mc_ttl),
	BYTE_OPTION(IP_MULTICAST_LOOP, set_mc_loop, get_mc_loop),
	BYTE_OPTION(IP_MULTICAST_ALL, set_mc_all, get_mc_all),
	RAW_OPTION_OF(IP_ADD_MEMBERSHIP, sizeof(struct ip_mreq),
		      sizeof(struct ip_mreqn), set_join, NULL),
	RAW_OPTION_OF(IP_DROP_MEMBERSHIP, sizeof(struct ip_mreq),
		      sizeof(struct ip_mreqn), set_leave, NULL),
	STRUCT_OPTION(IP_ADD_SOURCE_MEMBERSHIP, sizeof(struct ip_mreqn),
		      set_source_join, NULL),
	STRUCT_OPTION(IP_DROP_SOURCE_MEMBERSHIP, sizeof(struct ip_mreqn),
		      set_source_leave, NULL),
	STRUCT_OPTION(IP_BLOCK_SOURCE, sizeof(struct ip_mreqn), set_block,
		      NULL),
	STRUCT_OPTION(IP_UNBLOCK_SOURCE, sizeof(struct ip_mreqn), set_unblock,
		      NULL),
	STRUCT_OPTION(MCAST_JOIN_GROUP, GROUP_REQ_SIZE, set_group_join, NULL),
	STRUCT_OPTION(MCAST_LEAVE_GROUP, GROUP_REQ_SIZE, set_group_leave, NULL),
	STRUCT_OPTION(MCAST_JOIN_SOURCE_GROUP, SOCKOPT_MAX,
		      set_group_source_join, NULL),
	STRUCT_OPTION(MCAST_LEAVE_SOURCE_GROUP, SOCKOPT_MAX,
		      set_group_source_leave, NULL),
	STRUCT_OPTION(MCAST_BLOCK_SOURCE, SOCKOPT_MAX, set_group_block, NULL),
	STRUCT_OPTION(MCAST_UNBLOCK_SOURCE, SOCKOPT_MAX, set_group_unblock,
		      NULL),
};
const size_t nr_ip_options = ARRAY_SIZE(ip_options);
