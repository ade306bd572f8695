/* SPDX-License-Identifier: MIT */
/*
 * Options of level IPPROTO_IP: ip(7).
 */
#include <errno.h>
#include <linux/in.h>

#include "net/socket.h"
#include "net/sockopt.h"

/* The two lowest bits are ECN's, which TCP keeps for itself. */
static int set_tos(struct sock *sk, int value)
{
	inet_sk(sk)->tos = sk->sk_type == SOCK_STREAM ? value & ~3 : value;
	return 0;
}

static int get_tos(struct sock *sk)
{
	return inet_sk(sk)->tos;
}

static int set_ttl(struct sock *sk, int value)
{
	if (value != -1 && (value < 1 || value > 255))
		return -EINVAL;
	inet_sk(sk)->ttl = value == -1 ? 64 : value;
	return 0;
}

static int get_ttl(struct sock *sk)
{
	return inet_sk(sk)->ttl;
}

const struct sockopt ip_options[] = {
	INT_OPTION(IP_TOS, set_tos, get_tos),
	INT_OPTION(IP_TTL, set_ttl, get_ttl),
};
const size_t nr_ip_options = ARRAY_SIZE(ip_options);
