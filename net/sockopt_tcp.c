/* SPDX-License-Identifier: MIT */
/*
 * Options of level IPPROTO_TCP: tcp(7).
 */
#include <errno.h>
#include <linux/tcp.h>
#include <string.h>

#include "net/sockopt.h"
#include "net/tcp.h"

#define RTO_MAX 120 /* seconds: TCP_RTO_MAX */
#define DEFER_TRIES_MAX 255

static int set_nodelay(struct sock *sk, int value)
{
	tcp_sk(sk)->nodelay = value;
	if (value)
		tcp_push(tcp_sk(sk));
	return 0;
}

static int get_nodelay(struct sock *sk)
{
	return tcp_sk(sk)->nodelay;
}

static int set_cork(struct sock *sk, int value)
{
	tcp_sk(sk)->cork = value;
	if (!value)
		tcp_push(tcp_sk(sk));
	return 0;
}

static int get_cork(struct sock *sk)
{
	return tcp_sk(sk)->cork;
}

static int set_maxseg(struct sock *sk, int value)
{
	if (value && (value < 88 || value > 32767))
		return -EINVAL;
	tcp_sk(sk)->maxseg = value;
	return 0;
}

static int get_maxseg(struct sock *sk)
{
	struct tcp_info info;

	tcp_get_info(sk, &info);
	if (info.tcpi_snd_mss)
		return info.tcpi_snd_mss;
	return tcp_sk(sk)->maxseg ? tcp_sk(sk)->maxseg : 536;
}

static int set_keepidle(struct sock *sk, int value)
{
	if (value < 1 || value > 32767)
		return -EINVAL;
	tcp_sk(sk)->keepidle = value;
	return 0;
}

static int get_keepidle(struct sock *sk)
{
	return tcp_sk(sk)->keepidle;
}

static int set_keepintvl(struct sock *sk, int value)
{
	if (value < 1 || value > 32767)
		return -EINVAL;
	tcp_sk(sk)->keepintvl = value;
	return 0;
}

static int get_keepintvl(struct sock *sk)
{
	return tcp_sk(sk)->keepintvl;
}

static int set_keepcnt(struct sock *sk, int value)
{
	if (value < 1 || value > 127)
		return -EINVAL;
	tcp_sk(sk)->keepcnt = value;
	return 0;
}

static int get_keepcnt(struct sock *sk)
{
	return tcp_sk(sk)->keepcnt;
}

static int set_syncnt(struct sock *sk, int value)
{
	if (value < 1 || value > 127)
		return -EINVAL;
	tcp_sk(sk)->syncnt = value;
	return 0;
}

static int get_syncnt(struct sock *sk)
{
	return tcp_sk(sk)->syncnt;
}

static int set_user_timeout(struct sock *sk, int value)
{
	if (value < 0)
		return -EINVAL;
	tcp_sk(sk)->user_timeout = value;
	return 0;
}

static int get_user_timeout(struct sock *sk)
{
	return tcp_sk(sk)->user_timeout;
}

/*
 * Linux waits for as many retransmissions as take that long, and tells how
 * long those are: 1, 3, 7, 15 seconds, ..., 255 of them at most.
 */
static int set_defer_accept(struct sock *sk, int value)
{
	int timeout = 1, period = 1;

	for (int n = 1; period < value && n < DEFER_TRIES_MAX; n++) {
		timeout = MIN(timeout * 2, RTO_MAX);
		period += timeout;
	}
	tcp_sk(sk)->defer_accept = value > 0 ? period : 0;
	return 0;
}

static int get_defer_accept(struct sock *sk)
{
	return tcp_sk(sk)->defer_accept;
}

static int set_linger2(struct sock *sk, int value)
{
	tcp_sk(sk)->linger2 = value < 0 ? -1 : MIN(value, 120);
	return 0;
}

static int get_linger2(struct sock *sk)
{
	int32_t value = tcp_sk(sk)->linger2;

	return value ? value : 60;
}

/* lwIP acknowledges every second segment, whatever is asked for. */
static int set_quickack(struct sock *sk, int value)
{
	tcp_sk(sk)->pingpong = !value;
	return 0;
}

static int get_quickack(struct sock *sk)
{
	return !tcp_sk(sk)->pingpong;
}

static int get_info(struct sock *sk, void *val, int len)
{
	struct tcp_info info;
	int n = MIN(len, (int)sizeof(info));

	tcp_get_info(sk, &info);
	memcpy(val, &info, n);
	return n;
}

#define CONGESTION_NAME "reno"
#define CONGESTION_NAME_MAX 16 /* tcp(7): TCP_CA_NAME_MAX */

static int set_congestion(struct sock *sk, const void *val, int len)
{
	if (len < 1)
		return -EINVAL;
	return strncmp(val, CONGESTION_NAME, len) ? -ENOENT : 0;
}

static int get_congestion(struct sock *sk, void *val, int len)
{
	char name[CONGESTION_NAME_MAX] = CONGESTION_NAME;
	int n = MIN(len, CONGESTION_NAME_MAX);

	memcpy(val, name, n);
	return n;
}

const struct sockopt tcp_options[] = {
	INT_OPTION(TCP_NODELAY, set_nodelay, get_nodelay),
	INT_OPTION(TCP_CORK, set_cork, get_cork),
	INT_OPTION(TCP_MAXSEG, set_maxseg, get_maxseg),
	INT_OPTION(TCP_KEEPIDLE, set_keepidle, get_keepidle),
	INT_OPTION(TCP_KEEPINTVL, set_keepintvl, get_keepintvl),
	INT_OPTION(TCP_KEEPCNT, set_keepcnt, get_keepcnt),
	INT_OPTION(TCP_SYNCNT, set_syncnt, get_syncnt),
	INT_OPTION(TCP_USER_TIMEOUT, set_user_timeout, get_user_timeout),
	INT_OPTION(TCP_DEFER_ACCEPT, set_defer_accept, get_defer_accept),
	INT_OPTION(TCP_LINGER2, set_linger2, get_linger2),
	INT_OPTION(TCP_QUICKACK, set_quickack, get_quickack),
	RAW_OPTION(TCP_INFO, NULL, get_info),
	RAW_OPTION(TCP_CONGESTION, set_congestion, get_congestion),
};
const size_t nr_tcp_options = ARRAY_SIZE(tcp_options);
