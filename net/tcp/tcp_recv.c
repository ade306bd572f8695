/* SPDX-License-Identifier: MIT */
/*
 * Receiving: moves bytes from the sock's queue to the application, and opens
 * the window by as many.
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

/* peek: copies n bytes behind skip; else reads n bytes off the queue. */
static size_t copy(struct rxqueue *q, struct iov_iter *to, size_t skip,
		   size_t n, bool peek)
{
	return peek ? rxqueue_peek(q, to, skip, n) :
		      rxqueue_read(q, to, n, false);
}

/*
 * Moves up to n bytes that are there, and adds their number to *copied.
 * MSG_TRUNC discards the bytes: tcp(7). -EFAULT: there are some, but none could
 * be moved.
 *
 * When the urgent byte is skipped, the last byte is copied separately, as on
 * Linux: it may be the one that faults.
 */
static int take(struct tcp_sock *tp, struct msg *msg, size_t n, size_t *copied)
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
	*copied += moved;
	return moved || !have ? 0 : -EFAULT;
}

/*
 * Reads what is there, up to len bytes in all, and adds it to *copied. 0
 * without a byte more: the end of the stream, or, after some bytes, a mark, end
 * or error that the next call will report. -EAGAIN: nothing yet.
 */
static int try_recv(struct tcp_sock *tp, struct msg *msg, size_t len,
		    size_t *copied)
{
	struct sock *sk = tcp_to_sk(tp);
	bool is_empty = rxqueue_empty(&tp->sk_receive_queue);
	size_t had = *copied;
	int err;

	if (had && (tcp_urg_at_mark(tp) || (is_empty && ended(sk))))
		return 0;
	if (!is_empty) {
		err = take(tp, msg, len - had, copied);
		if (err || *copied > had || !len)
			return err;
	}
	return tcp_recv_empty(sk);
}

static bool enough_to_peek(const struct tcp_sock *tp, size_t target)
{
	return tcp_urg_readable(tp) >= target || tcp_urg_stops(tp, false) ||
	       ended(&tp->inet.sk);
}

static int try_peek(struct tcp_sock *tp, struct msg *msg, size_t target,
		    size_t *copied)
{
	int err;

	if (!enough_to_peek(tp, target))
		return -EAGAIN;
	err = take(tp, msg, msg->iter->count, copied);
	if (err || *copied || tcp_urg_readable(tp))
		return err;
	return tcp_recv_empty(tcp_to_sk(tp));
}

/*
 * Peeks at target bytes, or at what is there at the deadline. As on Linux, a
 * peek at more than the buffer can hold waits until then, or for a signal.
 */
static int peek(struct tcp_sock *tp, struct msg *msg, size_t target,
		uint64_t deadline, size_t *copied)
{
	int err = sock_attempt(tcp_to_sk(tp), try_peek(tp, msg, target, copied),
			       deadline);

	if ((err == -EAGAIN || err == -EINTR || err == -ERESTARTSYS) &&
	    tcp_urg_readable(tp))
		err = take(tp, msg, msg->iter->count, copied);
	return err;
}

/* Reads until it has target bytes or is at the mark of urgent data. */
static int read_some(struct tcp_sock *tp, struct msg *msg, size_t target,
		     uint64_t deadline, size_t *copied)
{
	size_t len = msg->iter->count, had;
	int err;

	do {
		had = *copied;
		err = sock_attempt(tcp_to_sk(tp),
				   try_recv(tp, msg, len, copied), deadline);
	} while (!err && *copied > had && *copied < target);
	return err;
}

ssize_t tcp_recvmsg(struct sock *sk, struct msg *msg)
{
	struct tcp_sock *tp = tcp_sk(sk);
	uint64_t deadline = sock_rcv_deadline(sk, msg->flags & MSG_DONTWAIT);
	size_t len = msg->iter->count;
	size_t target = sock_rcvlowat(sk, msg->flags & MSG_WAITALL, len);
	size_t copied = 0;
	int err;

	msg->namelen = 0;
	if (msg->flags & MSG_ERRQUEUE)
		return -EAGAIN; /* nothing is ever queued there */
	if (sk->sk_state == TCP_LISTEN)
		return -ENOTCONN;
	if (msg->flags & MSG_OOB)
		return tcp_urg_recv(sk, msg);
	if (msg->flags & MSG_PEEK)
		err = peek(tp, msg, target, deadline, &copied);
	else
		err = read_some(tp, msg, target, deadline, &copied);
	msg->flags = 0;
	return copied ? (ssize_t)copied : err;
}
