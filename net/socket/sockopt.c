/* SPDX-License-Identifier: MIT */
/*
 * Lookup of socket options and checks of lengths, in Linux's order. An option
 * in no table is -ENOPROTOOPT.
 */
#include "net/socket/sockopt.h"

#include <errno.h>
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

static struct sockopt_level *levels __ro_after_init;

void sockopt_register(struct sockopt_level *level)
{
	for (const struct sockopt_level *l = levels; l; l = l->next) {
		if (l == level)
			return;
	}
	level->next = levels;
	levels = level;
}

static bool has_level(const struct sock *sk, const struct sockopt_level *l,
		      int level)
{
	return l->level == level &&
	       (!l->family || l->family == sk->sk_family) &&
	       (!l->type || l->type == sk->sk_type) &&
	       (!l->protocol || l->protocol == sk->sk_protocol);
}

/* One of the sock's structs for this level, or NULL. */
static const struct sockopt_level *find_level(const struct sock *sk, int level)
{
	const struct sockopt_level *l = levels;

	while (l && !has_level(sk, l, level))
		l = l->next;
	return l;
}

static const struct sockopt *find(const struct sock *sk, int level, int name)
{
	for (const struct sockopt_level *l = levels; l; l = l->next) {
		if (!has_level(sk, l, level))
			continue;
		for (size_t i = 0; i < l->nr; i++) {
			if (l->options[i].name == name)
				return &l->options[i];
		}
	}
	return NULL;
}

static int set_option(struct sock *sk, const struct sockopt *opt,
		      const void *val, int len)
{
	int value;

	if (opt->set_raw)
		return opt->set_raw(sk, val, len);
	if (opt->set_mask)
		return opt->set_mask(sk, opt->mask, val, len);
	if (len < (int)sizeof(value))
		return -EINVAL;
	memcpy(&value, val, sizeof(value));
	if (opt->set)
		return opt->set(sk, value);
	if (value)
		sk->sk_flags |= opt->mask;
	else
		sk->sk_flags &= ~opt->mask;
	return 0;
}

static int check_int(const struct sockopt_level *l, const struct sockopt *opt,
		     int len, int readable)
{
	if (!l || l->first == SOCKOPT_ANY || (opt && opt->no_int))
		return 0;
	if (len < (int)sizeof(int))
		return l->first == SOCKOPT_INT ? -EINVAL : 0;
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
	return find_level(sk, level) || sk->sk_family == AF_NETLINK ?
		       -ENOPROTOOPT :
		       -EOPNOTSUPP;
}

int sock_setsockopt(struct socket *sock, int level, int name,
		    const void *optval, int len, int readable)
{
	struct sock *sk = sock->sk;
	const struct sockopt *opt = find(sk, level, name);
	int err = check_int(find_level(sk, level), opt, len, readable);

	if (err)
		return err;
	/* As on Linux, AF_INET treats an unknown level as level IP. */
	if (!opt || !(opt->set || opt->set_raw || opt->mask))
		return sk->sk_family == AF_INET ? -ENOPROTOOPT :
						  no_option(sk, level);
	if (readable < bytes_read(opt, len))
		return -EFAULT;
	err = set_option(sk, opt, optval, len);
	if (!err && sk->sk_prot->options_changed)
		sk->sk_prot->options_changed(sk);
	return err;
}

int sock_getsockopt(struct socket *sock, int level, int name, int len,
		    struct sockopt_value *out)
{
	struct sock *sk = sock->sk;
	const struct sockopt *opt = find(sk, level, name);

	if (len < 0)
		return -EINVAL;
	if (!opt || !(opt->get || opt->get_raw || opt->mask))
		return no_option(sk, level);
	out->room = MIN(len, SOCKOPT_MAX);
	if (opt->get_raw)
		return opt->get_raw(sk, out);
	if (opt->get_mask)
		return opt->get_mask(sk, opt->mask, out);
	return sockopt_give_int(out, opt->get ? opt->get(sk) :
						!!(sk->sk_flags & opt->mask));
}
