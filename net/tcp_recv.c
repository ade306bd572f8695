/* SPDX-License-Identifier: MIT */
/*
 * Receiving: bytes leave the sock's queue for the application, and the
 * window opens for as many.
 */
#include "net/tcp.h"

#include <errno.h>

#include "kernel/fs/iov_iter.h"
#include "net/socket.h"

static bool ended(const struct sock *sk)
{
	return sk->sk_err || sk->sk_state == TCP_CLOSE ||
	       (sk->sk_shutdown & RCV_SHUTDOWN);
}

int tcp_recv_empty(struct sock *sk)
{
	if (sock_flag(sk, SOCK_F_DONE))
		return 0;
	if (sk->sk_err)
		return sock_error(sk);
	if (sk->sk_shutdown & RCV_SHUTDOWN)
		return 0;
	return sk->sk_state == TCP_CLOSE ? -ENOTCONN : -EAGAIN;
}

/*
 * Moves what is there, n bytes at most. MSG_TRUNC throws them away unseen:
 * tcp(7). Returns bytes moved, -EFAULT when none could be.
 */
static ssize_t take(struct tcp_sock *tp, struct msg *msg, size_t n)
{
	struct sock *sk = tcp_to_sk(tp);
	struct rxqueue *q = &sk->sk_receive_queue;
	bool peek = msg->flags & MSG_PEEK;
	struct iov_iter *to = msg->flags & MSG_TRUNC ? NULL : msg->iter;
	bool has_mark = tp->urg.data; /* seldom */
	uint32_t start = q->read;
	size_t have, moved;

	if (has_mark && !peek)
		tcp_urg_skip(tp);
	have = MIN(n, has_mark ? tcp_urg_limit(tp) : (size_t)q->len);
	if (peek)
		moved = rxqueue_peek(q, to, tcp_urg_hole(tp), have);
	else
		moved = rxqueue_read(q, to, have, false);
	if (has_mark && !peek)
		tcp_urg_passed(tp);
	if (q->read != start)
		sk->sk_prot->data_taken(sk, q->read - start);
	return moved || !have ? (ssize_t)moved : -EFAULT;
}

static bool is_worth_a_read(const struct tcp_sock *tp, size_t copied,
			    size_t want)
{
	const struct sock *sk = &tp->inet.sk;

	if (ended(sk))
		return true;
	if (!tp->urg.data)
		return sk->sk_receive_queue.len >= want;
	return tcp_urg_readable(tp) >= want || tcp_urg_stops(tp, copied);
}

/* Memory bounds what can be waited for. */
int tcp_recv_wait(struct sock *sk, size_t copied, size_t target,
		  uint64_t deadline)
{
	struct tcp_sock *tp = tcp_sk(sk);
	size_t want = MIN(target, (size_t)MAX(sk->sk_rcvbuf / 4, 1U));

	if (!deadline)
		return -EAGAIN;
	return sock_wait_error(
		wait_event_until(sk->sk_wq, is_worth_a_read(tp, copied, want),
				 deadline),
		deadline);
}

static bool enough_to_peek(const struct tcp_sock *tp, size_t target)
{
	return tcp_urg_readable(tp) >= target || tcp_urg_stops(tp, false);
}

ssize_t tcp_recvmsg(struct sock *sk, struct msg *msg)
{
	struct tcp_sock *tp = tcp_sk(sk);
	uint64_t deadline = sock_rcv_deadline(sk, msg->flags & MSG_DONTWAIT);
	size_t len = msg->iter->count;
	size_t target = sock_rcvlowat(sk, msg->flags & MSG_WAITALL, len);
	size_t copied = 0;
	ssize_t n = 0;

	msg->namelen = 0;
	if (msg->flags & MSG_ERRQUEUE)
		return -EAGAIN; /* nothing is ever queued there */
	if (sk->sk_state == TCP_LISTEN)
		return -ENOTCONN;
	if (msg->flags & MSG_OOB)
		return tcp_urg_recv(sk, msg);
	if (!len && !rxqueue_empty(&sk->sk_receive_queue)) {
		msg->flags = 0;
		return 0;
	}
	for (;;) {
		n = 0;
		if (!rxqueue_empty(&sk->sk_receive_queue) &&
		    (!(msg->flags & MSG_PEEK) || !deadline || ended(sk) ||
		     enough_to_peek(tp, target)))
			n = take(tp, msg, len - copied);
		if (n < 0)
			break;
		copied += n;
		if (copied >= target || (copied && ended(sk)) ||
		    (copied && (msg->flags & MSG_PEEK)) ||
		    (copied && tcp_urg_at_mark(tp)))
			break;
		if (!copied) {
			n = tcp_recv_empty(sk);
			if (n != -EAGAIN)
				break;
		}
		n = tcp_recv_wait(sk, copied, target - copied, deadline);
		if (n)
			break;
	}
	msg->flags = 0;
	return copied ? (ssize_t)copied : n;
}
