/* SPDX-License-Identifier: MIT */
/*
 * Sending: bytes of the application are copied into lwIP's segments, as far
 * as SO_SNDBUF, lwIP's queue and the machine's memory allow.
 */
#include "net/tcp/tcp_send.h"

#include "net/softirq.h"
#include "net/tcp/local_cork.h"
#include "net/tcp/local_send.h"
#include "net/tcp/memory_wait.h"
#include "net/tcp/tcp.h"

#include <errno.h>

#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"

#include "kernel/fs/iov_iter.h"
#include "kernel/task/clock.h"
#include "net/socket/socket.h"
#include "net/tcp/local.h"
#include "net/tcp/tcp_memory.h"
#include "net/tcp/tcp_timer.h"
#include "net/tcp/tcp_upcall.h"
#include "net/tcp/tcp_urg.h"

/* One call of tcp_write(): eleven full segments. */
#define CHUNK (11 * TCP_MSS)

/* Between the application's memory and lwIP's copy; never held over a sleep. */
static uint8_t bounce[CHUNK];

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

size_t tcp_segment_size(const struct tcp_pcb *pcb)
{
	size_t half = pcb->snd_wnd_max / 2;

	return half && half < pcb->mss ? half : pcb->mss;
}

/* A queue may hold this many pbufs, and each segment is one at least. */
static size_t free_entries(const struct tcp_pcb *pcb)
{
	return pcb->snd_queuelen < TCP_SND_QUEUELEN ?
		       TCP_SND_QUEUELEN - pcb->snd_queuelen :
		       0;
}

/*
 * Bytes that the queue takes however they lie: one entry may go to a part that
 * fills up the last segment.
 */
static size_t queue_room(const struct tcp_pcb *pcb)
{
	size_t entries = free_entries(pcb);

	return entries > 1 ? (entries - 1) * tcp_segment_size(pcb) : 0;
}

/*
 * How much a write may queue now. Whoever sends, whoever polls and whoever
 * wakes them asks this and nothing else: while it is not 0, and nobody waits
 * for memory, tcp_write() takes a byte.
 */
static size_t send_room(const struct tcp_sock *tp)
{
	size_t queued = tcp_unacked_bytes(tp);
	size_t limit = send_limit(tp);

	if (!tp->pcb || queued >= limit)
		return 0;
	if (tp->notsent_lowat && unsent_bytes(tp->pcb) >= tp->notsent_lowat)
		return 0;
	return MIN(limit - queued,
		   MIN(queue_room(tp->pcb), tcp_memory_room(tp)));
}

/* As Linux's sk_stream_is_writeable(): a third is free, of the queue too. */
bool tcp_writeable(const struct tcp_sock *tp)
{
	size_t room;

	if (tcp_waits_for_memory(tp))
		return false;
	if (tp->peer)
		return tcp_local_writeable(tp);
	if (!tp->pcb)
		return true;
	room = send_room(tp);
	return room && room >= tcp_unacked_bytes(tp) / 2 &&
	       free_entries(tp->pcb) >= tp->pcb->snd_queuelen / 2;
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

void tcp_want_space(struct tcp_sock *tp)
{
	sock_set_flag(tcp_to_sk(tp), SOCK_F_NOSPACE);
	if (tp->peer) {
		if (!tcp_local_memory_room(tp))
			tcp_wait_for_memory(tp);
	} else if (tp->pcb) {
		tcp_want_poll(tp);
		if (!tcp_memory_room(tp))
			tcp_wait_for_memory(tp);
	}
}

/* While a send slept another thread may have made a listener of the socket. */
static bool stopped(const struct tcp_sock *tp)
{
	const struct sock *sk = &tp->inet.sk;

	return sk->sk_err || (sk->sk_shutdown & SEND_SHUTDOWN) || !tp->pcb ||
	       sk->sk_state == TCP_LISTEN;
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
	if (!tp->pcb->snd_queuelen) {
		tp->last_progress_ns = ktime_get_ns();
		tp->sending.mark = tp->pcb->lastack;
	}
	if (!tp->pcb->unsent)
		tp->held_since_ns = 0;
	if (more)
		tcp_hold(tp);
	if (tcp_write(tp->pcb, bounce, n, flags) == ERR_OK) {
		tcp_memory_update(tp);
		tcp_progress(&tp->sending, tp->pcb->lastack, tp->pcb->snd_lbb);
		return 0;
	}
	*msg->iter = before;
	return -EAGAIN;
}

/* Bytes queued; -EAGAIN: there is no room, or no memory; -EFAULT. */
static ssize_t send_some(struct tcp_sock *tp, struct msg *msg)
{
	size_t n = MIN(MIN(send_room(tp), msg->iter->count), (size_t)CHUNK);
	int err;

	if (!n)
		return -EAGAIN;
	err = write_chunk(tp, msg, n);
	if (err == -EAGAIN) { /* memory: one segment may still go */
		n = MIN(n, tcp_segment_size(tp->pcb));
		err = write_chunk(tp, msg, n);
	}
	if (err == -EAGAIN)
		tcp_wait_for_memory(tp);
	return err ? err : (ssize_t)n;
}

static int try_connected(struct sock *sk)
{
	if (sk->sk_state == TCP_ESTABLISHED || sk->sk_state == TCP_CLOSE_WAIT)
		return 0;
	if (sk->sk_err)
		return sock_error(sk);
	return sk->sk_state == TCP_SYN_SENT ? -EAGAIN : -EPIPE;
}

int tcp_wait_connected(struct sock *sk, uint64_t deadline)
{
	return sock_attempt(sk, try_connected(sk), deadline);
}

/*
 * What is queued already leaves while the caller waits for room; what of it is
 * urgent says so.
 */
static ssize_t try_send(struct tcp_sock *tp, struct msg *msg, bool urgent)
{
	ssize_t n;

	if (stopped(tp))
		return -EPIPE;
	n = send_some(tp, msg);
	if (n != -EAGAIN)
		return n;
	if (urgent)
		tcp_urg_send(tp);
	tcp_want_space(tp);
	tcp_push(tp);
	return -EAGAIN;
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
		bool urgent = copied && (msg->flags & MSG_OOB);
		ssize_t n = sock_attempt(sk, try_send(tp, msg, urgent),
					 deadline);

		if (n > 0)
			copied += n;
		else
			err = n;
	}
	if (copied) {
		if (msg->flags & MSG_OOB)
			tcp_urg_send(tp);
		push_unless_corked(tp, msg->flags);
		return copied;
	}
	return err ? tcp_send_error(sk, err, msg->flags) : 0;
}
