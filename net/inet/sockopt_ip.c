/* SPDX-License-Identifier: MIT */
/*
 * Options of level IPPROTO_IP, ip(7), in one table, without those for what
 * this machine lacks (options in the IP header, IPsec, routing of multicasts).
 * Thread context.
 *
 * Most are an int, or a single byte of one; without any byte they are 0 where
 * that makes sense.
 */
#include <asm/socket.h>
#include <errno.h>
#include <linux/in.h>
#include <string.h>

#include "net/inet/inet_sock.h"
#include "net/inet/ip_route.h"
#include "net/inet/sockopt_ip.h"
#include "net/inet/sockopt_mcast.h"
#include "net/socket/sockopt.h"

#define DEFAULT_TTL 64

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

int ip_option_set_flag(struct sock *sk, uint32_t mask, const void *val, int len)
{
	struct inet_sock *inet = inet_sk(sk);

	if (ip_option_int(val, len))
		inet->ip_flags |= mask;
	else
		inet->ip_flags &= ~mask;
	return 0;
}

int ip_option_get_flag(struct sock *sk, uint32_t mask,
		       struct sockopt_value *out)
{
	return ip_option_give(out, !!(inet_sk(sk)->ip_flags & mask));
}

/* Flags whose value must be at least a byte. */
static int set_strict_flag(struct sock *sk, uint32_t mask, const void *val,
			   int len)
{
	return len < 1 ? -EINVAL : ip_option_set_flag(sk, mask, val, len);
}

static int set_hdrincl(struct sock *sk, uint32_t mask, const void *val, int len)
{
	if (sk->sk_type != SOCK_RAW)
		return -ENOPROTOOPT;
	return ip_option_set_flag(sk, mask, val, len);
}

/* ---- Numbers ------------------------------------------------------------- */

/* The two lowest bits are ECN's, which a TCP socket cannot set. */
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

/* The path MTU to the peer; an error without one. */
static int get_mtu(struct sock *sk, struct sockopt_value *out)
{
	const struct inet_sock *inet = inet_sk(sk);
	struct ip_route rt;

	if (!inet->daddr || ip_find_route(inet->daddr, inet->saddr,
					  sk->sk_bound_dev_if, true, &rt))
		return -ENOTCONN;
	return ip_option_give(out, rt.pmtu);
}

/* Two ports in one word, the lower one in the low half; 0: the default. */
static int set_local_ports(struct sock *sk, const void *val, int len)
{
	struct inet_binding *b = &inet_sk(sk)->binding;
	uint32_t value;
	uint16_t low, high;

	if (len != sizeof(value))
		return -EINVAL;
	memcpy(&value, val, sizeof(value));
	low = value;
	high = value >> 16;
	if (low && high && low > high)
		return -EINVAL;
	b->port_first = low;
	b->port_last = high;
	return 0;
}

static int get_local_ports(struct sock *sk, struct sockopt_value *out)
{
	const struct inet_binding *b = &inet_sk(sk)->binding;

	return ip_option_give(out, b->port_first | b->port_last << 16);
}

/* IP_PROTOCOL: sport, which is a raw socket's protocol. */
static int get_number(struct sock *sk, struct sockopt_value *out)
{
	return ip_option_give(out, inet_sk(sk)->sport);
}

#define FLAG_OPTION(n, bit, setter)                                            \
	{                                                                      \
		.name = n, .least = 1, .reads = sizeof(int), .mask = BIT(bit), \
		.set_mask = setter, .get_mask = ip_option_get_flag             \
	}

static const struct sockopt options[] = {
	BYTE_OPTION(IP_TOS, set_tos, get_tos),
	BYTE_OPTION(IP_TTL, set_ttl, get_ttl),
	BYTE_OPTION(IP_MINTTL, set_minttl, get_minttl),
	FLAG_OPTION(IP_HDRINCL, IP_F_HDRINCL, set_hdrincl),
	FLAG_OPTION(IP_RECVOPTS, IP_F_RECVOPTS, ip_option_set_flag),
	FLAG_OPTION(IP_RETOPTS, IP_F_RETOPTS, ip_option_set_flag),
	FLAG_OPTION(IP_PKTINFO, IP_F_PKTINFO, ip_option_set_flag),
	BYTE_OPTION(IP_MTU_DISCOVER, set_pmtudisc, get_pmtudisc),
	FLAG_OPTION(IP_RECVERR, IP_F_RECVERR, ip_option_set_flag),
	FLAG_OPTION(IP_RECVTTL, IP_F_RECVTTL, ip_option_set_flag),
	FLAG_OPTION(IP_RECVTOS, IP_F_RECVTOS, ip_option_set_flag),
	BYTE_OPTION(IP_MTU, NULL, get_mtu),
	FLAG_OPTION(IP_FREEBIND, IP_F_FREEBIND, set_strict_flag),
	FLAG_OPTION(IP_TRANSPARENT, IP_F_TRANSPARENT, set_strict_flag),
	FLAG_OPTION(IP_RECVORIGDSTADDR, IP_F_RECVORIGDSTADDR,
		    ip_option_set_flag),
	FLAG_OPTION(IP_BIND_ADDRESS_NO_PORT, IP_F_BIND_ADDRESS_NO_PORT,
		    ip_option_set_flag),
	FLAG_OPTION(IP_RECVFRAGSIZE, IP_F_RECVFRAGSIZE, ip_option_set_flag),
	BYTE_OPTION(IP_LOCAL_PORT_RANGE, set_local_ports, get_local_ports),
	BYTE_OPTION(IP_PROTOCOL, NULL, get_number),
	BYTE_OPTION(IP_UNICAST_IF, ip_set_unicast_if, ip_get_unicast_if),
	RAW_OPTION_OF(IP_MULTICAST_IF, sizeof(struct in_addr),
		      sizeof(struct ip_mreqn), ip_set_mc_if, ip_get_mc_if),
	BYTE_OPTION(IP_MULTICAST_TTL, ip_set_mc_ttl, ip_get_mc_ttl),
	BYTE_OPTION(IP_MULTICAST_LOOP, ip_set_mc_loop, ip_get_mc_loop),
	BYTE_OPTION(IP_MULTICAST_ALL, ip_set_mc_all, ip_get_mc_all),
	RAW_OPTION_OF(IP_ADD_MEMBERSHIP, sizeof(struct ip_mreq),
		      sizeof(struct ip_mreqn), ip_set_join, NULL),
	RAW_OPTION_OF(IP_DROP_MEMBERSHIP, sizeof(struct ip_mreq),
		      sizeof(struct ip_mreqn), ip_set_leave, NULL),
	STRUCT_OPTION(IP_ADD_SOURCE_MEMBERSHIP, sizeof(struct ip_mreqn),
		      ip_set_source_join, NULL),
	STRUCT_OPTION(IP_DROP_SOURCE_MEMBERSHIP, sizeof(struct ip_mreqn),
		      ip_set_source_leave, NULL),
	STRUCT_OPTION(IP_BLOCK_SOURCE, sizeof(struct ip_mreqn), ip_set_block,
		      NULL),
	STRUCT_OPTION(IP_UNBLOCK_SOURCE, sizeof(struct ip_mreqn),
		      ip_set_unblock, NULL),
	STRUCT_OPTION(MCAST_JOIN_GROUP, GROUP_REQ_SIZE, ip_set_group_join,
		      NULL),
	STRUCT_OPTION(MCAST_LEAVE_GROUP, GROUP_REQ_SIZE, ip_set_group_leave,
		      NULL),
	STRUCT_OPTION(MCAST_JOIN_SOURCE_GROUP, SOCKOPT_MAX,
		      ip_set_group_source_join, NULL),
	STRUCT_OPTION(MCAST_LEAVE_SOURCE_GROUP, SOCKOPT_MAX,
		      ip_set_group_source_leave, NULL),
	STRUCT_OPTION(MCAST_BLOCK_SOURCE, SOCKOPT_MAX, ip_set_group_block,
		      NULL),
	STRUCT_OPTION(MCAST_UNBLOCK_SOURCE, SOCKOPT_MAX, ip_set_group_unblock,
		      NULL),
};

/* ---- SOL_SOCKET: sharing of ports ---------------------------------------- */

static int set_reuse(struct sock *sk, int value)
{
	inet_sk(sk)->binding.reuse = value;
	sock_put_flag(sk, SOCK_F_REUSE, value);
	return 0;
}

static int get_reuse(struct sock *sk)
{
	return inet_sk(sk)->binding.reuse;
}

static int set_reuseport(struct sock *sk, int value)
{
	inet_sk(sk)->binding.reuseport = value;
	return 0;
}

static int get_reuseport(struct sock *sk)
{
	return inet_sk(sk)->binding.reuseport;
}

static int detach_reuseport_filter(struct sock *sk, int value)
{
	return get_reuseport(sk) ? -ENOENT : -EINVAL;
}

static const struct sockopt socket_options[] = {
	INT_OPTION(SO_REUSEADDR, set_reuse, get_reuse),
	INT_OPTION(SO_REUSEPORT, set_reuseport, get_reuseport),
	INT_OPTION(SO_DETACH_REUSEPORT_BPF, detach_reuseport_filter, NULL),
};

void sockopt_ip_init(void)
{
	static struct sockopt_level ip __ro_after_init_data = {
		.level = IPPROTO_IP,
		.family = AF_INET,
		.options = options,
		.nr = ARRAY_SIZE(options),
	};
	static struct sockopt_level socket __ro_after_init_data = {
		.level = SOL_SOCKET,
		.family = AF_INET,
		.first = SOCKOPT_INT,
		.options = socket_options,
		.nr = ARRAY_SIZE(socket_options),
	};

	sockopt_register(&ip);
	sockopt_register(&socket);
}
