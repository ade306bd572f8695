/* SPDX-License-Identifier: MIT */
/*
 * send(2): one loop for all connections, whatever their transport. Thread
 * context.
 */
#include "net/tcp/tcp_send.h"

#include <errno.h>

#include "kernel/fs/iov_iter.h"
#include "kernel/task/thread.h"
#include "net/socket/sock_signal.h"
#include "net/socket/socket.h"
#include "net/tcp/memory_wait.h"
#include "net/tcp/tcp.h"
#include "net/tcp/tcp_transport.h"

size_t tcp_unacked_bytes(const struct tcp_sock *tp)
{
	return tp->transport->unacked(tp);
}

bool tcp_writeable(const struct tcp_sock *tp)
{
	return !tcp_waits_for_memory(tp) && tp->transport->writeable(tp);
}

void tcp_push(struct tcp_sock *tp)
{
	tp->transport->push(tp);
}

void tcp_want_space(struct tcp_sock *tp)
{
	sock_set_flag(tcp_to_sk(tp), SOCK_F_NOSPACE);
	tp->transport->want_space(tp);
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

/* -EPIPE comes with SIGPIPE, unless another error is pending. */
ssize_t tcp_send_error(struct sock *sk, int err, uint32_t flags)
{
	if (err == -EPIPE && sk->sk_err)
		err = sock_error(sk);
	if (err == -EPIPE && !(flags & MSG_NOSIGNAL))
		sock_send_sigpipe();
	return err;
}

/* -EPIPE: while a send slept, another thread has connected the socket anew. */
static ssize_t try_send(struct tcp_sock *tp, const struct tcp_transport *via,
			struct msg *msg, bool urgent)
{
	return tp->transport == via ? via->try_send(tp, msg, urgent) : -EPIPE;
}

ssize_t tcp_sendmsg(struct sock *sk, struct msg *msg)
{
	struct tcp_sock *tp = tcp_sk(sk);
	const struct tcp_transport *via = tp->transport;
	uint64_t deadline = sock_snd_deadline(sk, msg->flags & MSG_DONTWAIT);
	ssize_t copied = 0, pause = TCP_SEND_PART;
	int err = sk->sk_state == TCP_ESTABLISHED ?
			  0 :
			  tcp_wait_connected(sk, deadline);

	if (!err && !msg->iter->count && via->stopped(tp))
		err = -EPIPE;
	while (!err && msg->iter->count) {
		bool urgent = copied && (msg->flags & MSG_OOB);
		ssize_t n = sock_attempt(sk, try_send(tp, via, msg, urgent),
					 deadline);

		if (n > 0)
			copied += n;
		else
			err = n;
		if (copied >= pause) {
			pause += TCP_SEND_PART;
			cond_resched();
		}
	}
	if (!copied)
		return err ? tcp_send_error(sk, err, msg->flags) : 0;
	if (via->sent && tp->transport == via)
		via->sent(tp, msg->flags);
	return copied;
}
