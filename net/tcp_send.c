/* SPDX-License-Identifier: MIT */
/*
 * Sending: bytes of the application are copied into lwIP's segments, as far
 * as SO_SNDBUF, lwIP's queue and the machine's memory allow.
 */
#include "net/tcp.h"

#include <errno.h>

#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"

#include "kernel/fs/iov_iter.h"
#include "kernel/task/clock.h"
#include "net/core.h"
#include "net/loopback.h"
#include "net/lwip/memp_limits.h"
#include "net/memory.h"
#include "net/socket.h"

/* One call of tcp_write(): eleven full segments. */
#define CHUNK (11 * TCP_MSS)

/* Between the application's memory and lwIP's copy; never held over a sleep. */
static uint8_t bounce[CHUNK];

/* Entries of lwIP's queue that one chunk may need. */
#define CHUNK_QUEUE 24

size_t tcp_unacked_bytes(const struct tcp_sock *tp)
{
	if (tp->peer)
		return tcp_local_unsent(tp);
	return tp->pcb ? TCP_SND_BUF - tp->pcb->snd_buf : 0;
}

/* SO_SNDBUF counts memory; half of it is for payload, as on Linux. */
static size_t send_limit(const struct tcp_sock *tp)
{
	return MIN(tp->inet.sk.sk_sndbuf / 2, (uint32_t)TCP_SND_BUF);
}

/* What TCP_NOTSENT_LOWAT bounds. */
static size_t unsent_bytes(const struct tcp_pcb *pcb)
{
	return pcb->snd_lbb - pcb->snd_nxt;
}

static size_t send_room(const struct tcp_sock *tp)
{
	size_t queued = tcp_unacked_bytes(tp);
	size_t limit = send_limit(tp);

	if (!tp->pcb || queued >= limit)
		return 0;
	if (tp->pcb->snd_queuelen + CHUNK_QUEUE > TCP_SND_QUEUELEN)
		return 0;
	if (queued && (net_tcp_segs_short() || net_memory_short()))
		return 0;
	if (tp->notsent_lowat && unsent_bytes(tp->pcb) >= tp->notsent_lowat)
		return 0;
	return limit - queued;
}

/* As Linux's sk_stream_is_writeable(): a third is free. */
bool tcp_writeable(const struct tcp_sock *tp)
{
	size_t room;

	if (tp->peer)
		return tcp_local_writeable(tp);
	room = send_room(tp);
	return !tp->pcb || (room && room >= tcp_unacked_bytes(tp) / 2);
}

void tcp_uncharge(struct tcp_sock *tp, size_t n)
{
	n = MIN(n, (size_t)tp->charged);
	tp->charged -= n;
	net_memory_uncharge(n);
}

void tcp_push(struct tcp_sock *tp)
{
	if (tp->peer) {
		(void)tcp_local_uncork(tp);
		return;
	}
	if (tp->pcb && tp->inet.sk.sk_state != TCP_LISTEN)
		tcp_output(tp->pcb);
	net_flush_soon();
}

/* Somebody shall be told when there is room; until then send what is there. */
static void wait_for_room(struct tcp_sock *tp)
{
	sock_set_flag(tcp_to_sk(tp), SOCK_F_NOSPACE);
	if (!tp->pcb)
		return;
	tcp_want_poll(tp);
	tcp_push(tp);
}

static bool stopped(const struct tcp_sock *tp)
{
	const struct sock *sk = &tp->inet.sk;

	return sk->sk_err || (sk->sk_shutdown & SEND_SHUTDOWN) || !tp->pcb;
}

/* 0, -EFAULT, or -EAGAIN when lwIP takes no more; then nothing has moved. */
static int write_chunk(struct tcp_sock *tp, struct msg *msg, size_t n)
{
	struct iov_iter before = *msg->iter;
	bool more = (msg->flags & MSG_MORE) || tp->cork;
	uint8_t flags = TCP_WRITE_FLAG_COPY;

	if (copy_from_iter(bounce, n, msg->iter) != n) {
		*msg->iter = before;
		return -EFAULT;
	}
	if (more || msg->iter->count)
		flags |= TCP_WRITE_FLAG_MORE;
	if (!tp->pcb->snd_queuelen)
		tp->last_progress_ns = ktime_get_ns();
	if (!tp->pcb->unsent)
		tp->held_since_ns = 0;
	if (more)
		tcp_hold(tp);
	if (tcp_write(tp->pcb, bounce, n, flags) == ERR_OK) {
		tp->charged += n;
		net_memory_charge(n);
		return 0;
	}
	*msg->iter = before;
	return -EAGAIN;
}

/* Bytes queued, 0: no room, -EFAULT. */
static ssize_t send_some(struct tcp_sock *tp, struct msg *msg)
{
	size_t n = MIN(MIN(send_room(tp), msg->iter->count), (size_t)CHUNK);
	int err;

	if (!n)
		return 0;
	err = write_chunk(tp, msg, n);
	if (err == -EAGAIN && n > TCP_MSS) { /* memory: try one segment */
		n = TCP_MSS;
		err = write_chunk(tp, msg, n);
	}
	if (err)
		return err == -EAGAIN ? 0 : err;
	return n;
}

int tcp_wait_connected(struct sock *sk, uint64_t deadline)
{
	int err;

	while (sk->sk_state != TCP_ESTABLISHED &&
	       sk->sk_state != TCP_CLOSE_WAIT) {
		if (sk->sk_err)
			return sock_error(sk);
		if (sk->sk_state != TCP_SYN_SENT)
			return -EPIPE;
		if (!deadline)
			return -EAGAIN;
		err = wait_event_until(sk->sk_wq, sk->sk_state != TCP_SYN_SENT,
				       deadline);
		if (err)
			return sock_wait_error(err, deadline);
	}
	return 0;
}

static int wait_room(struct tcp_sock *tp, bool urgent, uint64_t deadline)
{
	struct sock *sk = tcp_to_sk(tp);

	if (urgent)
		tcp_urg_send(tp);
	wait_for_room(tp);
	if (!deadline)
		return -EAGAIN;
	return sock_wait_error(
		wait_event_until(sk->sk_wq, stopped(tp) || tcp_writeable(tp),
				 deadline),
		deadline);
}

/* EPIPE comes with SIGPIPE, unless another error is to be told first. */
ssize_t tcp_send_error(struct sock *sk, int err, uint32_t flags)
{
	if (err == -EPIPE && sk->sk_err)
		err = sock_error(sk);
	if (err == -EPIPE && !(flags & MSG_NOSIGNAL))
		sock_send_sigpipe();
	return err;
}

/* With TCP_CORK or MSG_MORE only what fills segments leaves at once. */
static void push_unless_corked(struct tcp_sock *tp, uint32_t flags)
{
	if (!tp->cork && !(flags & MSG_MORE))
		tp->held_since_ns = 0;
	tcp_push(tp);
}

ssize_t tcp_sendmsg(struct sock *sk, struct msg *msg)
{
	struct tcp_sock *tp = tcp_sk(sk);
	uint64_t deadline = sock_snd_deadline(sk, msg->flags & MSG_DONTWAIT);
	int err = tcp_wait_connected(sk, deadline);
	ssize_t copied = 0;

	if (!err && stopped(tp))
		err = -EPIPE;
	while (!err && msg->iter->count) {
		ssize_t n = send_some(tp, msg);

		if (n > 0)
			copied += n;
		else if (n < 0)
			err = n;
		else
			err = wait_room(tp, copied && (msg->flags & MSG_OOB),
					deadline);
		if (!err && stopped(tp))
			err = -EPIPE;
	}
	if (copied) {
		if (msg->flags & MSG_OOB)
			tcp_urg_send(tp);
		push_unless_corked(tp, msg->flags);
		return copied;
	}
	return err ? tcp_send_error(sk, err, msg->flags) : 0;
}
