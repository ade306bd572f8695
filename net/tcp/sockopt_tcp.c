/* SPDX-License-Identifier: MIT */
/*
 * Options of level IPPROTO_TCP: tcp(7).
 */
#include "net/tcp/sockopt_tcp.h"

#include <asm/socket.h>
#include <errno.h>
#include <limits.h>
#include <linux/tcp.h>
#include <string.h>

#include "net/socket/sockopt.h"
#include "net/tcp/tcp.h"
#include "net/tcp/tcp_info.h"
#include "net/tcp/tcp_send.h"
#include "net/tcp/tcp_window.h"

/* Sends all that is queued, even if corked. */
static void push_all(struct tcp_sock *tp)
{
	tp->held_since_ns = 0;
	tcp_push(tp);
}

static int set_nodelay(struct sock *sk, int value)
{
	tcp_sk(sk)->nodelay = value;
	if (value)
		push_all(tcp_sk(sk));
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
		push_all(tcp_sk(sk));
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
 * Rounds the seconds up to the sum of the first timeouts of SYN|ACK, which
 * double from 1 s to at most 120 s.
 */
static int set_defer_accept(struct sock *sk, int value)
{
	int timeout = 1, time = 0;

	for (int n = 0; time < value && n < UINT8_MAX; n++) {
		time += timeout;
		timeout = MIN(timeout * 2, 120);
	}
	tcp_sk(sk)->defer_accept = time;
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

/* ACKs sent without delay, as Linux's TCP_MAX_QUICKACKS. */
#define QUICKACKS 16

static int set_quickack(struct sock *sk, int value)
{
	struct tcp_sock *tp = tcp_sk(sk);

	tp->pingpong = !value;
	tp->quickacks = value ? QUICKACKS : 0;
	if (value)
		tcp_ack_delayed(tp);
	return 0;
}

static int get_quickack(struct sock *sk)
{
	return !tcp_sk(sk)->pingpong;
}

static int set_window_clamp(struct sock *sk, int value)
{
	if (!value && sk->sk_state != TCP_CLOSE)
		return -EINVAL;
	tcp_sk(sk)->window_clamp = value ? MAX((uint32_t)value,
					       SOCK_MIN_RCVBUF / 2U) :
					   0;
	return 0;
}

static int get_window_clamp(struct sock *sk)
{
	return tcp_sk(sk)->window_clamp;
}

static int set_notsent_lowat(struct sock *sk, int value)
{
	tcp_sk(sk)->notsent_lowat = value;
	sk->sk_write_space(sk);
	return 0;
}

static int get_notsent_lowat(struct sock *sk)
{
	return tcp_sk(sk)->notsent_lowat;
}

/* Without effect, as on Linux. */
static int set_thin_dupack(struct sock *sk, int value)
{
	return value < 0 || value > 1 ? -EINVAL : 0;
}

static int get_zero(struct sock *sk)
{
	return 0;
}

static int get_info(struct sock *sk, struct sockopt_value *out)
{
	struct tcp_info info;

	tcp_get_info(sk, &info);
	return sockopt_give(out, &info, sizeof(info));
}

#define CONGESTION_NAME "reno"
#define CONGESTION_NAME_MAX 16 /* tcp(7): TCP_CA_NAME_MAX */

static int set_congestion(struct sock *sk, const void *val, int len)
{
	char name[CONGESTION_NAME_MAX] = "";

	if (len < 1)
		return -EINVAL;
	memcpy(name, val, MIN(len, CONGESTION_NAME_MAX - 1));
	return strcmp(name, CONGESTION_NAME) ? -ENOENT : 0;
}

/* The empty value: RFC 5681's congestion control has no info, and no ULP. */
static int get_nothing(struct sock *sk, struct sockopt_value *out)
{
	return 0;
}

/* No upper layer protocol exists. */
static int set_ulp(struct sock *sk, const void *val, int len)
{
	return len < 1 ? -EINVAL : -ENOENT;
}

static int get_congestion(struct sock *sk, struct sockopt_value *out)
{
	char name[CONGESTION_NAME_MAX] = CONGESTION_NAME;

	return sockopt_give(out, name, sizeof(name));
}

static const struct sockopt options[] = {
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
	INT_OPTION(TCP_WINDOW_CLAMP, set_window_clamp, get_window_clamp),
	INT_OPTION(TCP_NOTSENT_LOWAT, set_notsent_lowat, get_notsent_lowat),
	INT_OPTION(TCP_THIN_DUPACK, set_thin_dupack, get_zero),
	/* A name need not end in NUL. */
	{
		.name = TCP_ULP,
		.no_int = true,
		.least = 1,
		.reads = 1,
		.set_raw = set_ulp,
		.get_raw = get_nothing,
	},
	RAW_OPTION(TCP_CC_INFO, NULL, get_nothing),
	RAW_OPTION(TCP_INFO, NULL, get_info),
	{
		.name = TCP_CONGESTION,
		.no_int = true,
		.least = 1,
		.reads = 1,
		.set_raw = set_congestion,
		.get_raw = get_congestion,
	},
};

/* ---- SOL_SOCKET ---------------------------------------------------------- */

/* At most half of the buffer, as Linux's tcp_set_rcvlowat(). */
static int set_rcvlowat(struct sock *sk, int value)
{
	uint32_t size = sock_flag(sk, SOCK_F_RCVBUF_SET) ? sk->sk_rcvbuf :
							   SOCK_TCP_MAX_BUF;

	if (value < 0)
		value = INT_MAX;
	value = MIN((uint32_t)value, size / 2);
	sk->sk_rcvlowat = value ? value : 1;
	if (tcp_sk(sk)->sk_receive_queue.len >= sk->sk_rcvlowat ||
	    sock_flag(sk, SOCK_F_DONE))
		sk->sk_data_ready(sk);
	return 0;
}

static int get_rcvlowat(struct sock *sk)
{
	return sk->sk_rcvlowat;
}

static const struct sockopt socket_options[] = {
	INT_OPTION(SO_RCVLOWAT, set_rcvlowat, get_rcvlowat),
};

void sockopt_tcp_init(void)
{
	static struct sockopt_level socket __ro_after_init_data = {
		.level = SOL_SOCKET,
		.family = AF_INET,
		.type = SOCK_STREAM,
		.first = SOCKOPT_INT,
		.options = socket_options,
		.nr = ARRAY_SIZE(socket_options),
	};
	static struct sockopt_level tcp __ro_after_init_data = {
		.level = IPPROTO_TCP,
		.family = AF_INET,
		.protocol = IPPROTO_TCP,
		.first = SOCKOPT_INT,
		.options = options,
		.nr = ARRAY_SIZE(options),
	};

	sockopt_register(&tcp);
	sockopt_register(&socket);
}
