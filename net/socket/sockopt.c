/* SPDX-License-Identifier: MIT */
/*
 * Socket options: a table for each level, a setter and a getter each. What is
 * not in it is ENOPROTOOPT. The levels have files of their own; here options
 * are looked up, and lengths checked, in the order in which Linux does it.
 */
#include "net/socket/sockopt.h"

#include <asm/socket.h>
#include <errno.h>
#include <linux/tcp.h>
#include <string.h>

int sockopt_give(struct sockopt_value *out, const void *from, int n)
{
	n = MIN(out->room, n);
	memcpy(out->data, from, n);
	out->stored = n;
	out->len = n;
	return 0;
}

int sockopt_give_int(struct sockopt_value *out, int value)
{
	return sockopt_give(out, &value, sizeof(value));
}

static const struct sockopt *search(const struct sockopt *table, size_t n,
				    int name)
{
	for (size_t i = 0; i < n; i++) {
		if (table[i].name == name)
			return &table[i];
	}
	return NULL;
}

static bool is_raw(const struct sock *sk)
{
	return sk->sk_family == AF_INET && sk->sk_type == SOCK_RAW;
}

static bool level_exists(const struct sock *sk, int level)
{
	return level == SOL_SOCKET ||
	       (level == IPPROTO_IP && sk->sk_family == AF_INET) ||
	       (level == IPPROTO_TCP && sk->sk_protocol == IPPROTO_TCP) ||
	       (level == SOL_NETLINK && sk->sk_family == AF_NETLINK) ||
	       (level == IPPROTO_UDP && sk->sk_protocol == IPPROTO_UDP) ||
	       (level == SOL_RAW && is_raw(sk));
}

static const struct sockopt *find(const struct sock *sk, int level, int name)
{
	if (!level_exists(sk, level))
		return NULL;
	switch (level) {
	case IPPROTO_TCP:
		return search(tcp_options, nr_tcp_options, name);
	case SOL_NETLINK:
		return search(netlink_options, nr_netlink_options, name);
	case IPPROTO_UDP:
		return search(udp_options, nr_udp_options, name);
	case SOL_RAW:
		return search(raw_options, nr_raw_options, name);
	case IPPROTO_IP:
		return search(ip_options, nr_ip_options, name);
	default:
		return search(socket_options, nr_socket_options, name);
	}
}

static int set_value(struct sock *sk, const struct sockopt *opt, int value)
{
	if (!opt->flag)
		return opt->set(sk, value);
	sock_put_flag(sk, opt->flag - 1, value);
	return 0;
}

static int set_option(struct sock *sk, const struct sockopt *opt,
		      const void *val, int len)
{
	int value;

	if (opt->set_raw)
		return opt->set_raw(sk, val, len);
	if (len < (int)sizeof(value))
		return -EINVAL;
	memcpy(&value, val, sizeof(value));
	return set_value(sk, opt, value);
}

/* These levels take an int before they look which option it is for. */
static bool is_int_first(int level, int name)
{
	if (level == IPPROTO_TCP)
		return name != TCP_CONGESTION && name != TCP_ULP;
	return level == IPPROTO_UDP || level == SOL_NETLINK ||
	       (level == SOL_SOCKET && name != SO_BINDTODEVICE);
}

static int check_int(int level, int name, int len, int readable)
{
	if (level == SOL_NETLINK && len < (int)sizeof(int))
		return 0;
	if (!is_int_first(level, name))
		return 0;
	if (len < (int)sizeof(int))
		return -EINVAL;
	return readable < (int)sizeof(int) ? -EFAULT : 0;
}

static int bytes_read(const struct sockopt *opt, int len)
{
	if (!opt->least)
		return MIN(len, opt->reads);
	if (len >= opt->reads)
		return opt->reads;
	return len >= opt->least ? opt->least : 0;
}

static int no_option(const struct sock *sk, int level)
{
	return level_exists(sk, level) || sk->sk_family == AF_NETLINK ?
		       -ENOPROTOOPT :
		       -EOPNOTSUPP;
}

int sock_setsockopt(struct socket *sock, int level, int name,
		    const void *optval, int len, int readable)
{
	struct sock *sk = sock->sk;
	const struct sockopt *opt = find(sk, level, name);
	int err = 0;

	if (level_exists(sk, level))
		err = check_int(level, name, len, readable);
	if (err)
		return err;
	/* An Internet socket takes a level that is not there for IP's. */
	if (!opt || (!opt->set && !opt->set_raw && !opt->flag))
		return sk->sk_family == AF_INET ? -ENOPROTOOPT :
						  no_option(sk, level);
	if (readable < bytes_read(opt, len))
		return -EFAULT;
	err = set_option(sk, opt, optval, len);
	if (!err && sk->sk_prot->options_changed)
		sk->sk_prot->options_changed(sk);
	return err;
}

static int get_value(struct sock *sk, const struct sockopt *opt)
{
	return opt->flag ? sock_flag(sk, opt->flag - 1) : opt->get(sk);
}

int sock_getsockopt(struct socket *sock, int level, int name, int len,
		    struct sockopt_value *out)
{
	struct sock *sk = sock->sk;
	const struct sockopt *opt = find(sk, level, name);

	if (len < 0)
		return -EINVAL;
	if (!opt || (!opt->get && !opt->get_raw && !opt->flag))
		return no_option(sk, level);
	out->room = MIN(len, SOCKOPT_MAX);
	if (opt->get_raw)
		return opt->get_raw(sk, out);
	return sockopt_give_int(out, get_value(sk, opt));
}
