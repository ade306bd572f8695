/* SPDX-License-Identifier: MIT */
/*
 * Data between two sockets of this machine: one copy, from the sender's
 * memory to the end of the receiver's queue, where the reader takes it.
 * Thread context.
 */
#include "net/tcp/local_send.h"

#include <errno.h>

#include "kernel/fs/iov_iter.h"
#include "kernel/mm/page.h"
#include "kernel/task/thread.h"
#include "net/base/memory.h"
#include "net/base/rx_buffers.h"
#include "net/link/link.h"
#include "net/socket/socket.h"
#include "net/softirq.h"
#include "net/tcp/local.h"
#include "net/tcp/local_cork.h"
#include "net/tcp/local_wait.h"
#include "net/tcp/memory_wait.h"
#include "net/tcp/tcp.h"
#include "net/tcp/tcp_info.h"
#include "net/tcp/tcp_memory.h"
#include "net/tcp/tcp_send.h"
#include "net/tcp/tcp_transport.h"
#include "net/tcp/tcp_upcall.h"
#include "net/tcp/tcp_urg.h"

/* Limit of unsent bytes without SO_SNDBUF, as by Linux's tcp_wmem. */
#define UNSENT_MIN 65536
#define UNSENT_MAX (4 << 20)
#define UNSENT_SHARE 128 /* of RAM, as on Linux */

/* A cork does not hold back this much: Linux's segment size over lo. */
#define FULL_SEGMENT 65482

/* Bytes a call sends before it sees a reset: Linux's 16 buffers of 32 KiB. */
#define IN_VAIN_MAX (16 * 32768)

static size_t window_of(const struct tcp_sock *receiver)
{
	return receiver->inet.sk.sk_rcvbuf / 2;
}

/* Bytes that may wait beyond the peer's window. */
static size_t unsent_limit(const struct tcp_sock *tp)
{
	const struct sock *sk = &tp->inet.sk;
	size_t share = nr_total_pages() * PAGE_SIZE / UNSENT_SHARE;

	if (sock_flag(sk, SOCK_F_SNDBUF_SET))
		return sk->sk_sndbuf / 2;
	return MAX((size_t)UNSENT_MIN, MIN(share, (size_t)UNSENT_MAX));
}

static size_t queued_at(const struct tcp_sock *tp)
{
	return tp->sk_receive_queue.len;
}

size_t tcp_local_unsent(const struct tcp_sock *tp)
{
	size_t queued, window;

	if (!tp->peer)
		return 0;
	queued = queued_at(tp->peer);
	window = window_of(tp->peer);
	return tcp_local_corked(tp) + (queued > window ? queued - window : 0);
}

size_t tcp_local_memory_room(const struct tcp_sock *tp)
{
	const struct tcp_sock *peer = tp->peer;
	size_t held = peer ? peer->sk_receive_queue.truesize : 0;
	size_t share = net_memory_local_share();

	held += tcp_local_corked(tp);
	return share > held ? share - held : 0;
}

static size_t room(const struct tcp_sock *tp)
{
	const struct tcp_sock *peer = tp->peer;
	size_t limit = unsent_limit(tp) + (peer ? window_of(peer) : 0);
	size_t queued = tcp_local_corked(tp) + (peer ? queued_at(peer) : 0);

	return queued < limit ? MIN(limit - queued, tcp_local_memory_room(tp)) :
				0;
}

/* How many of n bytes may be queued. First the common case: an empty queue. */
static size_t room_for(const struct tcp_sock *tp, size_t n)
{
	if (tp->peer && !queued_at(tp->peer) && !tp->held_back &&
	    n <= window_of(tp->peer) && n <= net_memory_local_share())
		return n;
	return MIN(room(tp), n);
}

/* As Linux's sk_stream_is_writeable(): a third is free. */
static bool local_writeable(const struct tcp_sock *tp)
{
	size_t unsent;

	if (!tp->peer)
		return true;
	if (!tcp_local_memory_room(tp))
		return false;
	if (!tp->held_back && queued_at(tp->peer) <= window_of(tp->peer))
		return true; /* nothing is unsent */
	unsent = tcp_local_unsent(tp);
	return room(tp) && unsent_limit(tp) >= unsent + unsent / 2;
}

/* ---- The receiver's side ------------------------------------------------- */

void tcp_local_data_taken(struct sock *sk, size_t n)
{
	struct tcp_sock *sender = tcp_sk(sk)->peer;

	net_lo_count(n);
	if (!sender)
		return;
	if (sender->fin_wanted) {
		if (!tcp_local_unsent(sender))
			tcp_local_deliver_fin(sender);
		return;
	}
	tcp_has_memory(sender);
	tcp_write_space(sender);
}

/*
 * Nobody can read from tp any more: closed, or shut down in both directions.
 * TCP answers data with a reset then (RFC 9293 3.6.1).
 */
static bool refuses_data(const struct tcp_sock *tp)
{
	const struct sock *sk = &tp->inet.sk;

	return (sk->sk_shutdown & RCV_SHUTDOWN) &&
	       (sk->sk_state == TCP_FIN_WAIT1 || sk->sk_state == TCP_FIN_WAIT2);
}

/* ---- The sender's side --------------------------------------------------- */

void tcp_local_send_fin(struct tcp_sock *tp)
{
	if (!tcp_local_uncork(tp))
		return;
	if (tcp_local_unsent(tp))
		tp->fin_wanted = true;
	else
		tcp_local_deliver_fin(tp);
}

/* Wakes the reader too: SO_RCVLOWAT must not hold back data now. */
static void wait_for_memory(struct tcp_sock *tp)
{
	if (tcp_waits_for_memory(tp))
		return;
	tcp_wait_for_memory(tp);
	if (tp->peer)
		tcp_data_dropped(tcp_to_sk(tp->peer));
}

/* Another thread may meanwhile have connected the socket anew. */
static bool local_stopped(const struct tcp_sock *tp)
{
	const struct sock *sk = &tp->inet.sk;

	return sk->sk_err || (sk->sk_shutdown & SEND_SHUTDOWN) ||
	       tp->transport != &tcp_local || sk->sk_state == TCP_SYN_SENT;
}

bool tcp_local_refused(const struct tcp_sock *tp)
{
	return !tp->peer || refuses_data(tp->peer);
}

void tcp_local_answer_reset(struct tcp_sock *tp)
{
	if (tp->peer)
		tcp_local_kill(tp->peer, ECONNRESET);
	else
		tcp_local_kill(tp, tcp_reset_errno(tcp_to_sk(tp)));
}

void tcp_local_arrived(struct tcp_sock *tp)
{
	if (tp->deferred)
		tcp_local_accept_deferred(tp);
	tcp_data_ready(tcp_to_sk(tp));
}

/* Announces urgent data, the last of n bytes that are discarded. */
static void tell_urgent(struct tcp_sock *peer, size_t n, uint8_t last)
{
	uint32_t start;

	if (!peer || !peer->inet.sk.sk_socket)
		return;
	start = rxqueue_end(&peer->sk_receive_queue);
	tcp_urg_announce(peer, start + n - 1);
	if (tcp_urg_wants(peer, start, n))
		tcp_urg_byte(peer, last);
}

/* How many bytes a call sends before it sees the reset. */
static size_t sent_in_vain(const struct sock *sk)
{
	if (sock_flag(sk, SOCK_F_SNDBUF_SET))
		return MIN((size_t)sk->sk_sndbuf, (size_t)IN_VAIN_MAX);
	return IN_VAIN_MAX;
}

/*
 * Sends data that the peer refuses: the reset arrives after the call, or cuts
 * it short. Urgent data is announced even so, as on Linux.
 */
static ssize_t send_to_nobody(struct tcp_sock *tp, struct msg *msg)
{
	size_t most = MIN(sent_in_vain(tcp_to_sk(tp)), msg->iter->count);
	struct rxqueue nowhere = { 0 };
	ssize_t n = 0;
	size_t sent = 0;
	uint8_t last = 0;

	while (sent < most) {
		n = rxqueue_fill(&nowhere, msg->iter, most - sent);
		if (n <= 0)
			break;
		last = rxqueue_last(&nowhere);
		rxqueue_purge(&nowhere);
		sent += n;
	}
	if (!sent)
		return n;
	if (msg->flags & MSG_OOB)
		tell_urgent(tp->peer, sent, last);
	tcp_local_answer_reset(tp);
	return sent;
}

/*
 * Appends n bytes to the held-back data, and sends all of it if no more shall
 * follow or a segment is full.
 */
static ssize_t send_corked(struct tcp_sock *tp, struct msg *msg, size_t n)
{
	bool more = tp->cork || (msg->flags & MSG_MORE);
	struct rxqueue *q = tcp_local_cork(tp);
	ssize_t sent;

	if (!q)
		return 0;
	n = MIN(n, FULL_SEGMENT - q->len);
	sent = rxqueue_fill(q, msg->iter, n);
	if (sent > 0 && (!more || q->len == FULL_SEGMENT))
		(void)tcp_local_uncork(tp);
	return sent;
}

/* Queues n bytes, the last of them urgent. */
static ssize_t send_urgent(struct tcp_sock *peer, struct msg *msg, size_t n)
{
	struct rxqueue *q = &peer->sk_receive_queue;
	uint32_t start = rxqueue_end(q);
	ssize_t sent;

	tcp_urg_announce(peer, start + n - 1);
	sent = rxqueue_fill(q, msg->iter, n);
	if (sent > 0 && tcp_urg_wants(peer, start, sent))
		tcp_urg_byte(peer, rxqueue_last(q));
	return sent;
}

/* Bytes queued, 0: no memory, -EAGAIN: no room, -EFAULT. */
static ssize_t send_some(struct tcp_sock *tp, struct msg *msg)
{
	struct tcp_sock *peer = tp->peer;
	bool urgent = msg->flags & MSG_OOB;
	bool corked = !urgent &&
		      (tp->held_back || tp->cork || (msg->flags & MSG_MORE));
	ssize_t n;

	if (!corked && tcp_local_refused(tp))
		return send_to_nobody(tp, msg);
	n = room_for(tp, MIN(msg->iter->count, (size_t)TCP_SEND_PART));
	if (!n)
		return -EAGAIN;
	if (corked)
		return send_corked(tp, msg, n);
	if (urgent) {
		(void)tcp_local_uncork(tp);
		n = send_urgent(peer, msg, n);
	} else {
		n = rxqueue_fill(&peer->sk_receive_queue, msg->iter, n);
	}
	if (n > 0)
		tcp_local_arrived(peer);
	return n;
}

struct rxqueue *tcp_local_queue(const struct tcp_sock *tp)
{
	struct tcp_sock *peer = tp->peer;

	if (!peer || refuses_data(peer) || local_stopped(tp) || !room(tp))
		return NULL;
	return &peer->sk_receive_queue;
}

void tcp_local_queued(struct tcp_sock *tp)
{
	if (tp->peer->deferred)
		tcp_local_accept_deferred(tp->peer);
	tcp_data_ready(tcp_to_sk(tp->peer));
}

/* May exceed the room by the last buffer, which is not split. */
ssize_t tcp_local_send_queue(struct tcp_sock *tp, struct rxqueue *from,
			     size_t n)
{
	struct rxqueue *to;
	ssize_t part = 0;
	size_t done = 0;

	if (!tp->peer || refuses_data(tp->peer))
		return -EOPNOTSUPP;
	while (done < n && (to = tcp_local_queue(tp))) {
		part = rxqueue_move(to, from, n - done, rx_buffers_short());
		if (part < 0)
			break;
		done += part;
	}
	if (part < 0)
		wait_for_memory(tp);
	if (done)
		tcp_local_queued(tp);
	else
		tcp_want_space(tp);
	return done;
}

/* Sends held-back data before the caller waits for room. */
static ssize_t local_try_send(struct tcp_sock *tp, struct msg *msg, bool urgent)
{
	ssize_t n;

	do {
		if (local_stopped(tp))
			return -EPIPE;
		n = send_some(tp, msg);
	} while (n == -EAGAIN && !tcp_local_uncork(tp));
	if (!n)
		wait_for_memory(tp);
	if (n && n != -EAGAIN)
		return n;
	tcp_want_space(tp);
	return -EAGAIN;
}

static void local_push(struct tcp_sock *tp)
{
	if (tp->peer)
		(void)tcp_local_uncork(tp);
	else
		net_flush_soon();
}

static void local_want_space(struct tcp_sock *tp)
{
	if (tp->peer && !tcp_local_memory_room(tp))
		wait_for_memory(tp);
}

static bool local_is_full(const struct tcp_sock *tp)
{
	const struct sock *sk = &tp->inet.sk;

	if (tp->sk_receive_queue.len >= sk->sk_rcvbuf / 2)
		return true;
	return tp->peer ? tcp_waits_for_memory(tp->peer) :
			  !tcp_memory_may_receive(tp);
}

const struct tcp_transport tcp_local = {
	.stopped = local_stopped,
	.try_send = local_try_send,
	.push = local_push,
	.writeable = local_writeable,
	.want_space = local_want_space,
	.unacked = tcp_local_unsent,
	.is_full = local_is_full,
	.get_info = tcp_local_info,
};
