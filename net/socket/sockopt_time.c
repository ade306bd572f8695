/* SPDX-License-Identifier: MIT */
/*
 * Options of level SOL_SOCKET with a time: timeouts of calls, SO_LINGER, and
 * time stamps of datagrams.
 */
#include "net/socket/sockopt_time.h"

#include <errno.h>
#include <limits.h>
#include <linux/net_tstamp.h>
#include <string.h>

#include "kernel/task/clock.h"

struct linger_option { /* socket(7), struct linger */
	int onoff;
	int linger;
};

struct timeval_option {
	int64_t sec;
	int64_t usec;
};

struct timestamping_option { /* struct so_timestamping */
	int flags;
	int bind_phc;
};

int sock_set_linger(struct sock *sk, const void *val, int len)
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

int sock_get_linger(struct sock *sk, struct sockopt_value *out)
{
	struct linger_option opt = { sock_flag(sk, SOCK_F_LINGER),
				     sk->sk_lingertime };

	return sockopt_give(out, &opt, sizeof(opt));
}

/* ---- How long a call waits ----------------------------------------------- */

/* 0: wait for ever; negative: do not wait. See sock_set_timeout(). */
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

static int get_timeout(uint64_t timeo, struct sockopt_value *out)
{
	struct timeval_option tv = { 0, 0 };

	if (timeo != UINT64_MAX) {
		tv.sec = timeo / NSEC_PER_SEC;
		tv.usec = timeo % NSEC_PER_SEC / NSEC_PER_USEC;
	}
	return sockopt_give(out, &tv, sizeof(tv));
}

int sock_set_rcvtimeo(struct sock *sk, const void *val, int len)
{
	return set_timeout(&sk->sk_rcvtimeo, val, len);
}

int sock_get_rcvtimeo(struct sock *sk, struct sockopt_value *out)
{
	return get_timeout(sk->sk_rcvtimeo, out);
}

int sock_set_sndtimeo(struct sock *sk, const void *val, int len)
{
	return set_timeout(&sk->sk_sndtimeo, val, len);
}

int sock_get_sndtimeo(struct sock *sk, struct sockopt_value *out)
{
	return get_timeout(sk->sk_sndtimeo, out);
}

/* ---- Time stamps of what was received ------------------------------------ */

/*
 * A socket has one kind of stamp, in microseconds or nanoseconds and in the
 * old or new layout (the same on a 64-bit machine): the last call decides.
 */
static int set_stamp(struct sock *sk, int value, bool ns, bool new)
{
	sock_put_flag(sk, SOCK_F_RCVTSTAMP, value);
	sock_put_flag(sk, SOCK_F_RCVTSTAMPNS, value && ns);
	if (value)
		sock_put_flag(sk, SOCK_F_TSTAMP_NEW, new);
	return 0;
}

static int get_stamp(struct sock *sk, struct sockopt_value *out, bool ns,
		     bool new)
{
	return sockopt_give_int(
		out, sock_flag(sk, SOCK_F_RCVTSTAMP) &&
			     sock_flag(sk, SOCK_F_RCVTSTAMPNS) == ns &&
			     sock_flag(sk, SOCK_F_TSTAMP_NEW) == new);
}

int sock_set_timestamp(struct sock *sk, int value)
{
	return set_stamp(sk, value, false, false);
}

int sock_get_timestamp(struct sock *sk, struct sockopt_value *out)
{
	return get_stamp(sk, out, false, false);
}

int sock_set_timestamp_new(struct sock *sk, int value)
{
	return set_stamp(sk, value, false, true);
}

int sock_get_timestamp_new(struct sock *sk, struct sockopt_value *out)
{
	return get_stamp(sk, out, false, true);
}

int sock_set_timestampns(struct sock *sk, int value)
{
	return set_stamp(sk, value, true, false);
}

int sock_get_timestampns(struct sock *sk, struct sockopt_value *out)
{
	return get_stamp(sk, out, true, false);
}

int sock_set_timestampns_new(struct sock *sk, int value)
{
	return set_stamp(sk, value, true, true);
}

int sock_get_timestampns_new(struct sock *sk, struct sockopt_value *out)
{
	return get_stamp(sk, out, true, true);
}

/*
 * Stamps are made by software and of what was received only: whatever else the
 * flags ask for never comes, as from a device that makes none.
 */
static int set_stamping(struct sock *sk, const void *val, int len, bool new)
{
	struct timestamping_option opt = { 0, 0 };
	bool tcp = sk->sk_family == AF_INET && sk->sk_type == SOCK_STREAM;

	memcpy(&opt, val, MIN(len, (int)sizeof(opt)));
	if (len != sizeof(opt))
		opt.bind_phc = 0;
	if (opt.flags & ~SOF_TIMESTAMPING_MASK)
		return -EINVAL;
	if (tcp && (opt.flags & SOF_TIMESTAMPING_OPT_ID) &&
	    (sk->sk_state == TCP_CLOSE || sk->sk_state == TCP_LISTEN))
		return -EINVAL;
	if ((opt.flags & SOF_TIMESTAMPING_OPT_STATS) &&
	    !(opt.flags & SOF_TIMESTAMPING_OPT_TSONLY))
		return -EINVAL;
	if (opt.flags & SOF_TIMESTAMPING_BIND_PHC)
		return -EINVAL; /* no device has a clock */
	sk->sk_tsflags = opt.flags;
	sock_put_flag(sk, SOCK_F_TSTAMP_NEW, new);
	return 0;
}

int sock_set_timestamping(struct sock *sk, const void *val, int len)
{
	return set_stamping(sk, val, len, false);
}

int sock_set_timestamping_new(struct sock *sk, const void *val, int len)
{
	return set_stamping(sk, val, len, true);
}

/* The flags whichever layout was asked for. */
int sock_get_timestamping(struct sock *sk, struct sockopt_value *out)
{
	struct timestamping_option opt = { sk->sk_tsflags, 0 };

	return sockopt_give(out, &opt, sizeof(opt));
}

int sock_get_timestamping_new(struct sock *sk, struct sockopt_value *out)
{
	struct timestamping_option none = { 0, 0 };

	if (sock_flag(sk, SOCK_F_TSTAMP_NEW))
		return sock_get_timestamping(sk, out);
	return sockopt_give(out, &none, sizeof(none));
}
