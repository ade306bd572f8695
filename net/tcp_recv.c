/* SPDX-License-Identifier: MIT */
/*
 * Receiving: bytes leave the sock's queue for the application, and the
 * window opens for as many.
 */
#include "net/tcp.h"

#include <errno.h>

#include "kernel/fs/iov_iter.h"
#include "net/core.h"
#include "net/socket.h"

static bool ended(const struct sock *sk)
{
	return sk->sk_err || sk->sk_state == TCP_CLOSE ||
	       (sk->sk_shutdown & RCV_SHUTDOWN);
}

/* What a read finds that got nothing: 0 is the end of the stream. */
static int empty_result(struct sock *sk)
{
	if (sock_flag(sk, SOCK_F_DONE) && !sk->sk_err)
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
	bool peek = msg->flags & MSG_PEEK;
	struct iov_iter *to = msg->flags & MSG_TRUNC ? NULL : msg->iter;
	size_t have = MIN(n, (size_t)sk->sk_receive_queue.len);
	size_t moved = rxqueue_read(&sk->sk_receive_queue, to, have, peek);

	if (!peek && moved)
		tcp_window_read(tp, moved);
	return moved || !have ? (ssize_t)moved : -EFAULT;
}

/*
 * Waits until target bytes are there, or no more will come: 0, -EAGAIN,
 * -EINTR. Memory bounds what can be waited for.
 */
static int wait_data(struct sock *sk, size_t target, uint64_t deadline)
{
	struct rxqueue *q = &sk->sk_receive_queue;
	size_t want = MIN(target, (size_t)MAX(sk->sk_rcvbuf / 4, 1U));

	if (!deadline)
		return -EAGAIN;
	net_flush_soon();
	return sock_wait_error(wait_event_until(
		sk->sk_wq, q->len >= want || ended(sk), deadline));
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
		return -EINVAL;
	if (!len && !rxqueue_empty(&sk->sk_receive_queue))
		return 0;
	for (;;) {
		bool enough_to_peek = sk->sk_receive_queue.len >= target;

		if (!(msg->flags & MSG_PEEK) || enough_to_peek || ended(sk) ||
		    !deadline)
			n = take(tp, msg, len - copied);
		if (n < 0)
			break;
		copied += n;
		if (copied >= target || (copied && ended(sk)) ||
		    (copied && (msg->flags & MSG_PEEK)))
			break;
		if (!copied) {
			n = empty_result(sk);
			if (n != -EAGAIN)
				break;
		}
		n = wait_data(sk, target - copied, deadline);
		if (n)
			break;
	}
	if (copied)
		net_flush_soon();
	return copied ? (ssize_t)copied : n;
}
