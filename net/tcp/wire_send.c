/* SPDX-License-Identifier: MIT */
/*
 * Sending over the wire: copies the application's bytes into lwIP's segments,
 * as far as SO_SNDBUF, lwIP's queue and the machine's memory allow.
 */
#include "net/tcp/wire_send.h"

#include <errno.h>

#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"

#include "kernel/fs/iov_iter.h"
#include "kernel/task/clock.h"
#include "net/socket/socket.h"
#include "net/softirq.h"
#include "net/tcp/memory_wait.h"
#include "net/tcp/tcp.h"
#include "net/tcp/tcp_info.h"
#include "net/tcp/tcp_memory.h"
#include "net/tcp/tcp_send.h"
#include "net/tcp/tcp_timer.h"
#include "net/tcp/tcp_transport.h"
#include "net/tcp/tcp_upcall.h"
#include "net/tcp/tcp_urg.h"

/* One call of tcp_write(): eleven full segments. */
#define CHUNK (11 * TCP_MSS)

/* For the copy from the application to lwIP; not in use across a sleep. */
static uint8_t bounce[CHUNK];

static size_t wire_unacked(const struct tcp_sock *tp)
{
	return tp->pcb ? TCP_SND_BUF - tp->pcb->snd_buf : 0;
}

/* SO_SNDBUF counts memory; half of it is for payload, as on Linux. */
static size_t send_limit(const struct tcp_sock *tp)
{
	return MIN(tp->inet.sk.sk_sndbuf / 2, (uint32_t)TCP_SND_BUF);
}

/* The bytes that TCP_NOTSENT_LOWAT bounds. */
static size_t unsent_bytes(const struct tcp_pcb *pcb)
{
	return pcb->snd_lbb - pcb->snd_nxt;
}

size_t tcp_segment_size(const struct tcp_pcb *pcb)
{
	size_t half = pcb->snd_wnd_max / 2;

	return half && half < pcb->mss ? half : pcb->mss;
}

/* How many more pbufs lwIP's queue takes; a segment has at least one. */
static size_t free_entries(const struct tcp_pcb *pcb)
{
	return pcb->snd_queuelen < TCP_SND_QUEUELEN ?
		       TCP_SND_QUEUELEN - pcb->snd_queuelen :
		       0;
}

/*
 * Bytes that the queue takes in any case: one entry may be needed for a part
 * that fills up the last segment.
 */
static size_t queue_room(const struct tcp_pcb *pcb)
{
	size_t entries = free_entries(pcb);

	return entries > 1 ? (entries - 1) * tcp_segment_size(pcb) : 0;
}

/*
 * How much a write may queue now. Send, poll and wake-ups all use this: while
 * it is not 0, and the sock does not wait for memory, tcp_write() takes a byte.
 */
static size_t send_room(const struct tcp_sock *tp)
{
	size_t queued = wire_unacked(tp);
	size_t limit = send_limit(tp);

	if (!tp->pcb || queued >= limit)
		return 0;
	if (tp->notsent_lowat && unsent_bytes(tp->pcb) >= tp->notsent_lowat)
		return 0;
	return MIN(limit - queued,
		   MIN(queue_room(tp->pcb), tcp_memory_room(tp)));
}

/* As Linux's sk_stream_is_writeable(): a third is free, of the queue too. */
static bool wire_writeable(const struct tcp_sock *tp)
{
	size_t room;

	if (!tp->pcb)
		return true;
	room = send_room(tp);
	return room && room >= wire_unacked(tp) / 2 &&
	       free_entries(tp->pcb) >= tp->pcb->snd_queuelen / 2;
}

static void wire_push(struct tcp_sock *tp)
{
	if (tp->pcb && tp->inet.sk.sk_state != TCP_LISTEN)
		tcp_output(tp->pcb);
	net_flush_soon();
}

static void wire_want_space(struct tcp_sock *tp)
{
	if (!tp->pcb)
		return;
	tcp_want_poll(tp);
	if (!tcp_memory_room(tp))
		tcp_wait_for_memory(tp);
}

/* LISTEN: while a send slept, another thread may have called listen(2). */
static bool wire_stopped(const struct tcp_sock *tp)
{
	const struct sock *sk = &tp->inet.sk;

	return sk->sk_err || (sk->sk_shutdown & SEND_SHUTDOWN) || !tp->pcb ||
	       sk->sk_state == TCP_LISTEN;
}

/* 0, -EFAULT, -EAGAIN: lwIP takes no more. On error nothing was queued. */
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

/*
 * Without room, pushes what is queued, marked if it is urgent, before the
 * caller waits.
 */
static ssize_t wire_try_send(struct tcp_sock *tp, struct msg *msg, bool urgent)
{
	ssize_t n;

	if (wire_stopped(tp))
		return -EPIPE;
	n = send_some(tp, msg);
	if (n != -EAGAIN)
		return n;
	if (urgent)
		tcp_urg_send(tp);
	tcp_want_space(tp);
	wire_push(tp);
	return -EAGAIN;
}

/* With TCP_CORK or MSG_MORE only full segments are sent at once. */
static void wire_sent(struct tcp_sock *tp, uint32_t flags)
{
	if (flags & MSG_OOB)
		tcp_urg_send(tp);
	if (!tp->cork && !(flags & MSG_MORE))
		tp->held_since_ns = 0;
	wire_push(tp);
}

/* The window has at most one segment left before somebody reads. */
static bool wire_is_full(const struct tcp_sock *tp)
{
	const struct sock *sk = &tp->inet.sk;

	if (!tcp_memory_may_receive(tp))
		return true;
	if (tp->pcb)
		return tp->pcb->rcv_wnd <= tp->pcb->mss;
	return tp->sk_receive_queue.len >= sk->sk_rcvbuf / 2;
}

const struct tcp_transport tcp_wire = {
	.stopped = wire_stopped,
	.try_send = wire_try_send,
	.sent = wire_sent,
	.push = wire_push,
	.writeable = wire_writeable,
	.want_space = wire_want_space,
	.unacked = wire_unacked,
	.is_full = wire_is_full,
	.get_info = tcp_wire_info,
};
