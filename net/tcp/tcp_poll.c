/* SPDX-License-Identifier: MIT */
/*
 * Readiness of a TCP socket, as Linux's tcp_poll() computes it, and the ioctls
 * SIOCINQ, SIOCOUTQ and others: tcp(7).
 */
#include "net/tcp/tcp_poll.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>

#include "kernel/fs/poll.h"
#include "kernel/mm/uaccess.h"
#include "net/socket/socket.h"
#include "net/tcp/tcp_send.h"
#include "net/tcp/tcp_upcall.h"
#include "net/tcp/tcp_urg.h"

static uint32_t listen_mask(const struct tcp_sock *tp)
{
	return list_empty(&tp->accept) ? 0 : EPOLL_IN_SET;
}

static bool readable(struct sock *sk)
{
	size_t target = sock_rcvlowat(sk, false, INT_MAX);

	if (tcp_urg_hole(tcp_sk(sk)))
		target++;
	return tcp_is_readable(tcp_sk(sk), target);
}

static uint32_t out_mask(struct sock *sk)
{
	if (sk->sk_shutdown & SEND_SHUTDOWN)
		return EPOLL_OUT_SET;
	if (tcp_writeable(tcp_sk(sk)))
		return EPOLL_OUT_SET;
	tcp_want_space(tcp_sk(sk));
	return 0;
}

uint32_t tcp_poll_mask(struct sock *sk)
{
	uint32_t mask = 0;

	if (sk->sk_state == TCP_LISTEN)
		return listen_mask(tcp_sk(sk));
	if (sk->sk_shutdown == SHUTDOWN_MASK || sk->sk_state == TCP_CLOSE)
		mask |= EPOLLHUP;
	if (sk->sk_shutdown & RCV_SHUTDOWN)
		mask |= EPOLL_IN_SET | EPOLLRDHUP;
	if (sk->sk_state != TCP_SYN_SENT) {
		if (readable(sk))
			mask |= EPOLL_IN_SET;
		mask |= out_mask(sk);
		if (tcp_sk(sk)->urg.data & TCP_URG_VALID)
			mask |= EPOLLPRI;
	}
	if (sk->sk_err)
		mask |= EPOLLERR;
	return mask;
}

/* A listener has no queues to ask about: its pcb is another kind. */
static bool asks_queue(unsigned int cmd)
{
	return cmd == SIOCINQ || cmd == SIOCOUTQ || cmd == SIOCOUTQNSD;
}

long tcp_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg)
{
	struct sock *sk = sock->sk;
	int value;

	if (sk->sk_state == TCP_LISTEN && asks_queue(cmd))
		return -EINVAL;
	switch (cmd) {
	case SIOCINQ:
		value = tcp_urg_inq(tcp_sk(sk));
		break;
	case SIOCOUTQ:
	case SIOCOUTQNSD:
		value = tcp_unacked_bytes(tcp_sk(sk));
		break;
	case SIOCATMARK:
		value = tcp_urg_at_mark(tcp_sk(sk));
		break;
	default:
		return -ENOTTY;
	}
	return put_user(value, (int *)arg);
}
