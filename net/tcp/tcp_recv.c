/* SPDX-License-Identifier: MIT */
/*
 * Receiving: bytes leave the sock's queue for the application, and the
 * window opens for as many.
 */
#include "net/tcp/tcp_recv.h"

#include <errno.h>

#include "kernel/fs/iov_iter.h"
#include "net/socket/socket.h"
#include "net/tcp/tcp_urg.h"

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

/* Copies n bytes from skip on, and takes them off unless it peeks. */
static size_t copy(struct rxqueue *q, struct iov_iter *to, size_t skip,
		   size_t n, bool peek)
{
	return peek ? rxqueue_peek(q, to, skip, n) :
		      rxqueue_read(q, to, n, false);
}

/*
 * Moves what is there, n bytes at most. MSG_TRUNC throws them away unseen:
 * tcp(7). Returns bytes moved, -EFAULT when none could be.
 *
 * Where the urgent byte is passed over, Linux counts it to the first copy, and
 * the last byte is one of its own: it may be the one that finds bad memory.
 */
static ssize_t take(struct tcp_sock *tp, struct msg *msg, size_t n)
{
	struct sock *sk = tcp_to_sk(tp);
	struct rxqueue *q = &tp->sk_receive_queue;
	bool peek = msg->flags & MSG_PEEK;
	struct iov_iter *to = msg->flags & MSG_TRUNC ? NULL : msg->iter;
	bool has_mark = tp->urg.data; /* seldom */
	uint32_t start = q->read;
	size_t have, first, moved, skip = 0;
	bool passes = false;

	if (has_mark && peek) {
		skip = tcp_urg_hole(tp);
		passes = skip;
	} else if (has_mark && n) { /* a read of nothing passes no mark */
		passes = tcp_urg_skip(tp);
	}
	have = MIN(n, has_mark ? tcp_urg_limit(tp) : (size_t)q->len);
	first = passes && have == n && n > 1 ? n - 1 : have;
	moved = copy(q, to, skip, first, peek);
	if (first < have && moved == first)
		moved += copy(q, to, skip + first, have - first, peek);
	if (has_mark && !peek)
		tcp_urg_passed(tp);
	if (q->read != start)
		sk->sk_prot->data_taken(sk, q->read - start);
	return moved || !have ? (ssize_t)moved : -EFAULT;
}

/* Of len bytes: how many, 0 at the end of the stream, -EAGAIN, -errno. */
static ssize_t try_recv(struct tcp_sock *tp, struct msg *msg, size_t len)
{
	struct sock *sk = tcp_to_sk(tp);
	ssize_t n;

	if (!rxqueue_empty(&tp->sk_receive_queue)) {
		n = take(tp, msg, len);
		if (n || !len)
			return n;
	}
	return tcp_recv_empty(sk);
}

/* After some bytes: 0 ends the call; what else there is is for the next. */
static ssize_t try_recv_more(struct tcp_sock *tp, struct msg *msg, size_t len)
{
	struct sock *sk = tcp_to_sk(tp);

	if (tcp_urg_at_mark(tp))
		return 0;
	if (ended(sk) && rxqueue_empty(&tp->sk_receive_queue))
		return 0;
	return try_recv(tp, msg, len);
}

static bool enough_to_peek(const struct tcp_sock *tp, size_t target)
{
	return tcp_urg_readable(tp) >= target || tcp_urg_stops(tp, false) ||
	       ended(&tp->inet.sk);
}

static ssize_t try_peek(struct tcp_sock *tp, struct msg *msg, size_t target)
{
	struct sock *sk = tcp_to_sk(tp);
	ssize_t n;

	if (!enough_to_peek(tp, target))
		return -EAGAIN;
	n = take(tp, msg, msg->iter->count);
	return n || tcp_urg_readable(tp) ? n : tcp_recv_empty(sk);
}

/*
 * Looks at target bytes, or at what is there when no more come in time. More
 * than the buffer holds never come: as on Linux that is for the caller to
 * know, and a signal ends it.
 */
static ssize_t peek(struct tcp_sock *tp, struct msg *msg, size_t target,
		    uint64_t deadline)
{
	struct sock *sk = tcp_to_sk(tp);
	ssize_t n = sock_attempt(sk, try_peek(tp, msg, target), deadline);

	if ((n == -EAGAIN || n == -EINTR || n == -ERESTARTSYS) &&
	    tcp_urg_readable(tp))
		n = take(tp, msg, msg->iter->count);
	return n;
}

/* Reads until it has target bytes, or meets the mark of urgent data. */
static ssize_t read_some(struct tcp_sock *tp, struct msg *msg, size_t target,
			 uint64_t deadline)
{
	struct sock *sk = tcp_to_sk(tp);
	size_t len = msg->iter->count;
	size_t copied = 0;
	ssize_t n = sock_attempt(sk, try_recv(tp, msg, len), deadline);

	while (n > 0) {
		copied += n;
		if (copied >= target)
			break;
		n = sock_attempt(sk, try_recv_more(tp, msg, len - copied),
				 deadline);
	}
	return copied ? (ssize_t)copied : n;
}

ssize_t tcp_recvmsg(struct sock *sk, struct msg *msg)
{
	struct tcp_sock *tp = tcp_sk(sk);
	uint64_t deadline = sock_rcv_deadline(sk, msg->flags & MSG_DONTWAIT);
	size_t len = msg->iter->count;
	size_t target = sock_rcvlowat(sk, msg->flags & MSG_WAITALL, len);
	ssize_t n;

	msg->namelen = 0;
	if (msg->flags & MSG_ERRQUEUE)
		return -EAGAIN; /* nothing is ever queued there */
	if (sk->sk_state == TCP_LISTEN)
		return -ENOTCONN;
	if (msg->flags & MSG_OOB)
		return tcp_urg_recv(sk, msg);
	if (msg->flags & MSG_PEEK)
		n = peek(tp, msg, target, deadline);
	else
		n = read_some(tp, msg, target, deadline);
	msg->flags = 0;
	return n;
}
