/* SPDX-License-Identifier: MIT */
/*
 * splice(2) from a connection: received buffers, the device's too, go into a
 * pipe without a copy, and from there to a socket of this machine. When the
 * device is short of buffers, or pipes hold many, they are copied, so that
 * pipes that nobody reads cannot stop reception. Thread context.
 */
#include "net/tcp/tcp_splice.h"

#include <errno.h>
#include <linux/fcntl.h>

#include "lwip/pbuf.h"

#include "kernel/fs/file.h"
#include "kernel/pipe/pipe_impl.h"
#include "kernel/pipe/splice.h"
#include "net/base/rx_buffers.h"
#include "net/socket/socket.h"
#include "net/tcp/local.h"
#include "net/tcp/local_send.h"
#include "net/tcp/tcp.h"
#include "net/tcp/tcp_recv.h"
#include "net/tcp/tcp_send.h"
#include "net/tcp/tcp_urg.h"

static bool lent_get(struct pipe_buffer *buf)
{
	if (!rxqueue_may_lend(buf->owner))
		return false;
	rxqueue_lend(buf->owner);
	return true;
}

static void lent_release(struct pipe_buffer *buf)
{
	rxqueue_return(buf->owner);
}

static const struct pipe_buf_ops lent_ops = {
	.get = lent_get,
	.release = lent_release,
};

static bool must_copy(const struct pbuf *p)
{
	if ((p->flags & PBUF_FLAG_IS_CUSTOM) && rx_buffers_short())
		return true;
	return !rxqueue_may_lend(p);
}

/* Adds up to n bytes of the oldest pbuf: how many, or -ENOMEM. */
static ssize_t add_pbuf(struct pipe *pipe, struct pbuf *p, size_t n)
{
	n = MIN(n, (size_t)p->len);
	if (must_copy(p)) {
		int err;

		n = MIN(n, PAGE_SIZE);
		err = pipe_add_copy(pipe, p->payload, n);
		return err ? err : (ssize_t)n;
	}
	rxqueue_lend(p);
	pipe_add(pipe, &(struct pipe_buffer){
			       .ops = &lent_ops,
			       .owner = p,
			       .data = p->payload,
			       .len = n,
		       });
	return n;
}

/* Moves up to n bytes, as many as are there and have room; or -ENOMEM. */
static ssize_t take(struct tcp_sock *tp, struct pipe *pipe, size_t n)
{
	struct sock *sk = tcp_to_sk(tp);
	struct rxqueue *q = &tcp_sk(sk)->sk_receive_queue;
	uint32_t start = q->read;
	ssize_t part = 0;
	size_t done = 0;

	tcp_urg_skip(tp);
	n = MIN(n, tcp_urg_limit(tp));
	while (done < n && !pipe_is_full(pipe)) {
		part = add_pbuf(pipe, q->head, n - done);
		if (part < 0)
			break;
		rxqueue_read(q, NULL, part, false);
		done += part;
	}
	tcp_urg_passed(tp);
	if (q->read != start)
		sk->sk_prot->data_taken(sk, q->read - start);
	return done ? (ssize_t)done : part;
}

/* -ENOSPC: another call has filled the pipe. */
static ssize_t try_splice(struct tcp_sock *tp, struct pipe *pipe, size_t len)
{
	ssize_t n;

	if (pipe_is_full(pipe))
		return -ENOSPC;
	n = take(tp, pipe, len);
	return n ? n : tcp_recv_empty(tcp_to_sk(tp));
}

/* SPLICE_F_NONBLOCK is about the pipe; the socket has O_NONBLOCK. */
ssize_t tcp_splice_read(struct socket *sock, struct pipe *pipe, size_t len,
			unsigned int flags)
{
	struct sock *sk = sock->sk;
	struct tcp_sock *tp = tcp_sk(sk);
	bool nonblock = sock->file->f_flags & O_NONBLOCK;
	uint64_t deadline = sock_rcv_deadline(sk, nonblock);
	ssize_t n;

	if (sk->sk_state == TCP_LISTEN)
		return -ENOTCONN;
	for (;;) {
		n = sock_attempt(sk, try_splice(tp, pipe, len), deadline);
		if (n != -ENOSPC)
			return n;
		n = splice_wait_space(pipe, flags);
		if (n)
			return n;
	}
}

/* The slot's received pbuf if nobody else refers to it, or NULL. */
static struct pbuf *own_pbuf(const struct pipe_buffer *buf)
{
	struct pbuf *p = buf->ops == &lent_ops ? buf->owner : NULL;

	return p && p->ref == 1 ? p : NULL;
}

/*
 * To a socket of this machine: moves pbufs to the peer's queue. Stops where
 * that is not possible; the caller's sendmsg then finds an error, if any.
 */
size_t tcp_splice_take(struct socket *sock, struct pipe *pipe, size_t len)
{
	struct tcp_sock *tp = tcp_sk(sock->sk);
	size_t done = 0;

	while (!pipe_is_empty(pipe)) {
		struct pipe_buffer *buf = pipe_slot(pipe, pipe->tail);
		struct rxqueue *q = tcp_local_queue(tp);
		struct pbuf *p = own_pbuf(buf);

		if (!q || !p || buf->len > len - done)
			break;
		rxqueue_requeue(q, p, buf->data, buf->len, rx_buffers_short());
		done += buf->len;
		pipe->tail++;
	}
	if (done)
		tcp_local_queued(tp);
	return done;
}

/* sendfile(2) has reached the end of its file. */
void tcp_splice_eof(struct socket *sock)
{
	struct tcp_sock *tp = tcp_sk(sock->sk);

	if (!tp->cork)
		tcp_push(tp);
}
