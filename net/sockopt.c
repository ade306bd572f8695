/* SPDX-License-Identifier: MIT */
/*
 * Socket options: one table, a setter and a getter each. What is not in it
 * is ENOPROTOOPT: an option that is silently accepted would be a lie.
 * Errors and limits are those of socket(7). The other levels have files of
 * their own.
 */
#include <asm/socket.h>
#include <errno.h>
#include <limits.h>
#include <linux/in.h>
#include <string.h>

#include "net/af_unix.h"
#include "net/scm.h"
#include "net/sock.h"
#include "net/socket.h"
#include "net/sockopt.h"

struct linger_option { /* socket(7), struct linger */
	int onoff;
	int linger;
};

struct timeval_option {
	int64_t sec;
	int64_t usec;
};

FLAG_OPTION(keepalive, SOCK_F_KEEPALIVE)
FLAG_OPTION(broadcast, SOCK_F_BROADCAST)
FLAG_OPTION(oobinline, SOCK_F_URGINLINE)

static int set_reuse(struct sock *sk, int value)
{
	if (sk->sk_family == AF_INET)
		inet_sk(sk)->binding.reuse = value;
	sock_put_flag(sk, SOCK_F_REUSE, value);
	return 0;
}

static int get_reuse(struct sock *sk)
{
	return sk->sk_family == AF_INET ? inet_sk(sk)->binding.reuse :
					  sock_flag(sk, SOCK_F_REUSE);
}

static int set_reuseport(struct sock *sk, int value)
{
	if (sk->sk_family != AF_INET)
		return -EOPNOTSUPP;
	inet_sk(sk)->binding.reuseport = value;
	return 0;
}

static int get_reuseport(struct sock *sk)
{
	return sk->sk_family == AF_INET && inet_sk(sk)->binding.reuseport;
}

/* Doubled, to allow for overhead, within bounds: socket(7). */
static uint32_t buffer_size(int value, uint32_t least)
{
	uint32_t size = MIN((uint32_t)value, (uint32_t)SOCK_MAX_BUF) * 2;

	return MAX(size, least);
}

static int set_sndbuf(struct sock *sk, int value)
{
	sk->sk_sndbuf = buffer_size(value, SOCK_MIN_SNDBUF);
	sock_set_flag(sk, SOCK_F_SNDBUF_SET);
	sk->sk_write_space(sk);
	return 0;
}

static int get_sndbuf(struct sock *sk)
{
	return sk->sk_sndbuf;
}

static int set_rcvbuf(struct sock *sk, int value)
{
	sk->sk_rcvbuf = buffer_size(value, SOCK_MIN_RCVBUF);
	sock_set_flag(sk, SOCK_F_RCVBUF_SET);
	return 0;
}

static int get_rcvbuf(struct sock *sk)
{
	return sk->sk_rcvbuf;
}

static int set_rcvlowat(struct sock *sk, int value)
{
	sk->sk_rcvlowat = value < 0 ? INT_MAX : value ? value : 1;
	if (sk->sk_receive_queue.len >= sk->sk_rcvlowat)
		sk->sk_data_ready(sk);
	return 0;
}

static int get_rcvlowat(struct sock *sk)
{
	return sk->sk_rcvlowat;
}

static int get_one(struct sock *sk)
{
	return 1;
}

static int get_error(struct sock *sk)
{
	return -sock_error(sk);
}

static int get_type(struct sock *sk)
{
	return sk->sk_type;
}

static int get_domain(struct sock *sk)
{
	return sk->sk_family;
}

static int set_passcred(struct sock *sk, int value)
{
	if (sk->sk_family != AF_UNIX)
		return -EOPNOTSUPP;
	sock_put_flag(sk, SOCK_F_PASSCRED, value);
	return 0;
}

static int get_passcred(struct sock *sk)
{
	return sock_flag(sk, SOCK_F_PASSCRED);
}

/* Nobody is at the other end of an Internet socket. */
static int get_peercred(struct sock *sk, void *val, int len)
{
	static const struct sock_cred nobody = { 0, UINT32_MAX, UINT32_MAX };
	int n = MIN(len, (int)sizeof(nobody));

	if (sk->sk_family == AF_UNIX)
		return unix_get_peercred(sk, val, len);
	memcpy(val, &nobody, n);
	return n;
}

static int get_protocol(struct sock *sk)
{
	return sk->sk_protocol;
}

static int get_acceptconn(struct sock *sk)
{
	return sk->sk_state == TCP_LISTEN;
}

static int set_linger(struct sock *sk, const void *val, int len)
{
	struct linger_option opt;

	if (len < (int)sizeof(opt))
		return -EINVAL;
	memcpy(&opt, val, sizeof(opt));
	sock_put_flag(sk, SOCK_F_LINGER, opt.onoff);
	if (opt.onoff)
		sk->sk_lingertime = opt.linger < 0 ? INT_MAX : opt.linger;
	return 0;
}

static int get_linger(struct sock *sk, void *val, int len)
{
	struct linger_option opt = { sock_flag(sk, SOCK_F_LINGER),
				     sk->sk_lingertime };
	int n = MIN(len, (int)sizeof(opt));

	memcpy(val, &opt, n);
	return n;
}

/* Zero is for ever; a negative time is over at once: sock_set_timeout(). */
static int set_timeout(uint64_t *timeo, const void *val, int len)
{
	struct timeval_option tv;

	if (len < (int)sizeof(tv))
		return -EINVAL;
	memcpy(&tv, val, sizeof(tv));
	if (tv.usec < 0 || tv.usec >= 1000000)
		return -EDOM;
	if (tv.sec < 0)
		*timeo = 0;
	else if ((!tv.sec && !tv.usec) || tv.sec > INT_MAX)
		*timeo = UINT64_MAX;
	else
		*timeo = tv.sec * NSEC_PER_SEC + tv.usec * NSEC_PER_USEC;
	return 0;
}

static int get_timeout(uint64_t timeo, void *val, int len)
{
	struct timeval_option tv = { 0, 0 };
	int n = MIN(len, (int)sizeof(tv));

	if (timeo != UINT64_MAX) {
		tv.sec = timeo / NSEC_PER_SEC;
		tv.usec = timeo % NSEC_PER_SEC / NSEC_PER_USEC;
	}
	memcpy(val, &tv, n);
	return n;
}

static int set_rcvtimeo(struct sock *sk, const void *val, int len)
{
	return set_timeout(&sk->sk_rcvtimeo, val, len);
}

static int get_rcvtimeo(struct sock *sk, void *val, int len)
{
	return get_timeout(sk->sk_rcvtimeo, val, len);
}

static int set_sndtimeo(struct sock *sk, const void *val, int len)
{
	return set_timeout(&sk->sk_sndtimeo, val, len);
}

static int get_sndtimeo(struct sock *sk, void *val, int len)
{
	return get_timeout(sk->sk_sndtimeo, val, len);
}

static const struct sockopt socket_options[] = {
	INT_OPTION(SO_REUSEADDR, set_reuse, get_reuse),
	INT_OPTION(SO_REUSEPORT, set_reuseport, get_reuseport),
	INT_OPTION(SO_KEEPALIVE, set_keepalive, get_keepalive),
	INT_OPTION(SO_BROADCAST, set_broadcast, get_broadcast),
	INT_OPTION(SO_SNDBUF, set_sndbuf, get_sndbuf),
	INT_OPTION(SO_RCVBUF, set_rcvbuf, get_rcvbuf),
	INT_OPTION(SO_RCVLOWAT, set_rcvlowat, get_rcvlowat),
	INT_OPTION(SO_SNDLOWAT, NULL, get_one),
	INT_OPTION(SO_ERROR, NULL, get_error),
	INT_OPTION(SO_TYPE, NULL, get_type),
	INT_OPTION(SO_DOMAIN, NULL, get_domain),
	INT_OPTION(SO_PROTOCOL, NULL, get_protocol),
	INT_OPTION(SO_ACCEPTCONN, NULL, get_acceptconn),
	INT_OPTION(SO_OOBINLINE, set_oobinline, get_oobinline),
	INT_OPTION(SO_PASSCRED, set_passcred, get_passcred),
	RAW_OPTION(SO_PEERCRED, NULL, get_peercred),
	RAW_OPTION(SO_LINGER, set_linger, get_linger),
	RAW_OPTION(SO_RCVTIMEO_OLD, set_rcvtimeo, get_rcvtimeo),
	RAW_OPTION(SO_SNDTIMEO_OLD, set_sndtimeo, get_sndtimeo),
};

static const struct sockopt *search(const struct sockopt *table, size_t n,
				    int name)
{
	for (size_t i = 0; i < n; i++) {
		if (table[i].name == name)
			return &table[i];
	}
	return NULL;
}

static bool level_exists(const struct sock *sk, int level)
{
	return level == SOL_SOCKET ||
	       (level == IPPROTO_IP && sk->sk_family == AF_INET) ||
	       (level == IPPROTO_TCP && sk->sk_protocol == IPPROTO_TCP);
}

static const struct sockopt *find(const struct sock *sk, int level, int name)
{
	if (!level_exists(sk, level))
		return NULL;
	switch (level) {
	case IPPROTO_TCP:
		return search(tcp_options, nr_tcp_options, name);
	case IPPROTO_IP:
		return search(ip_options, nr_ip_options, name);
	default:
		return search(socket_options, ARRAY_SIZE(socket_options), name);
	}
}

/* ip(7): IP_TOS and the like are also taken as a single byte. */
static int int_value(int level, const void *val, int len, int *value)
{
	if (len >= (int)sizeof(int)) {
		memcpy(value, val, sizeof(int));
		return 0;
	}
	if (level != IPPROTO_IP || len < 1)
		return -EINVAL;
	*value = *(const uint8_t *)val;
	return 0;
}

int sock_setsockopt(struct socket *sock, int level, int name,
		    const void *optval, int len)
{
	struct sock *sk = sock->sk;
	const struct sockopt *opt = find(sk, level, name);
	int value, err;

	/* An Internet socket takes a level that is not there for IP's. */
	if (!opt || (!opt->set && !opt->set_raw))
		return sk->sk_family == AF_INET || level_exists(sk, level) ?
			       -ENOPROTOOPT :
			       -EOPNOTSUPP;
	if (opt->set_raw) {
		err = opt->set_raw(sk, optval, len);
	} else {
		err = int_value(level, optval, len, &value);
		if (!err)
			err = opt->set(sk, value);
	}
	if (!err)
		sk->sk_prot->options_changed(sk);
	return err;
}

int sock_getsockopt(struct socket *sock, int level, int name, void *optval,
		    int *len)
{
	struct sock *sk = sock->sk;
	const struct sockopt *opt = find(sk, level, name);
	int value, n;

	if (*len < 0)
		return -EINVAL;
	if (!opt || (!opt->get && !opt->get_raw))
		return level_exists(sk, level) ? -ENOPROTOOPT : -EOPNOTSUPP;
	if (opt->get_raw) {
		n = opt->get_raw(sk, optval, *len);
		if (n < 0)
			return n;
	} else {
		value = opt->get(sk);
		n = MIN(*len, (int)sizeof(value));
		memcpy(optval, &value, n);
	}
	*len = n;
	return 0;
}
