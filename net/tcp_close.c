/* SPDX-License-Identifier: MIT */
/*
 * The end of a connection. lwIP stops counting a peer's activity when it is
 * told to close, and forgets a connection with data still queued when pcbs
 * run short: so it is told only when everything sent has been acknowledged.
 * Until then the sock stays, without a socket, and waits for that.
 */
#include "net/tcp.h"

#include <errno.h>

#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"

#include "kernel/task/clock.h"
#include "kernel/task/thread.h"
#include "net/core.h"
#include "net/socket.h"

/* An orphan whose peer acknowledges nothing for so long is given up. */
#define ORPHAN_PATIENCE_NS (60 * NSEC_PER_SEC)

/*
 * The connection is lwIP's from here to its end: FIN, retransmissions, and
 * then the table's of net/tcp_timewait.c. lwIP takes a window that is not full for unread data and would
 * reset; the sock knows better. Its clock for the last states starts now.
 */
static void hand_over(struct tcp_sock *tp)
{
	uint32_t linger2 = MAX(tp->linger2, 0) * 1000U;
	struct tcp_pcb *pcb = tcp_detach(tp);

	tcp_ext_arg_set(pcb, TCP_EXT_ARG_LINGER2, (void *)(uintptr_t)linger2);
	if (tcp_pcb_to_table(pcb)) { /* its FIN was acknowledged before */
		tcp_abandon(pcb, 0);
		return;
	}
	pcb->rcv_wnd = TCP_WND_MAX(pcb);
	pcb->tmr = tcp_ticks;
	tcp_close(pcb);
}

static bool all_acked(const struct tcp_sock *tp)
{
	return !tp->pcb->snd_queuelen;
}

void tcp_check_fin(struct tcp_sock *tp)
{
	if (!all_acked(tp))
		return;
	tp->fin_wanted = false;
	if (tp->inet.sk.sk_socket || tp->listener) {
		tcp_shutdown(tp->pcb, 0, 1);
		return;
	}
	hand_over(tp);
	tcp_sock_free(tp);
}

/* What Nagle's algorithm still holds back goes first. */
static void want_fin(struct tcp_sock *tp)
{
	tp->fin_wanted = true;
	tp->last_progress_ns = ktime_get_ns();
	tp->held_since_ns = 0;
	tcp_nagle_disable(tp->pcb);
	tcp_output(tp->pcb);
	tcp_want_poll(tp);
	tcp_check_fin(tp);
}

bool tcp_start_closing(struct sock *sk)
{
	if (sk->sk_state == TCP_ESTABLISHED)
		sk->sk_state = TCP_FIN_WAIT1;
	else if (sk->sk_state == TCP_CLOSE_WAIT)
		sk->sk_state = TCP_LAST_ACK;
	else
		return false;
	return true;
}

void tcp_shutdown_sock(struct sock *sk, int how)
{
	struct tcp_sock *tp = tcp_sk(sk);

	if (!(how & SEND_SHUTDOWN) || !tp->pcb || !tcp_start_closing(sk))
		return;
	want_fin(tp);
	net_flush_soon();
}

uint64_t tcp_linger_deadline(const struct sock *sk)
{
	return ktime_get_ns() + (uint64_t)sk->sk_lingertime * NSEC_PER_SEC;
}

/* SO_LINGER with a time: close(2) waits for the last acknowledgement. */
static void linger(struct tcp_sock *tp, struct socket *sock)
{
	struct sock *sk = tcp_to_sk(tp);
	uint64_t deadline = tcp_linger_deadline(sk);

	tcp_shutdown_sock(sk, SEND_SHUTDOWN);
	wait_event_until(&sock->wq,
			 !tp->pcb || (all_acked(tp) && !tp->fin_wanted),
			 deadline);
}

bool tcp_wants_reset(const struct sock *sk)
{
	return sock_flag(sk, SOCK_F_LINGER) && !sk->sk_lingertime;
}

static void close_connection(struct tcp_sock *tp)
{
	struct sock *sk = tcp_to_sk(tp);
	bool unread = !rxqueue_empty(&sk->sk_receive_queue);

	/* RFC 2525 2.17, socket(7): the peer shall learn that data was lost. */
	if (unread || tcp_wants_reset(sk)) {
		tcp_abort(tcp_detach(tp));
		tcp_sock_free(tp);
		return;
	}
	rxqueue_purge(&sk->sk_receive_queue);
	want_fin(tp);
}

/* A process that ends does not wait: net_drain() does, for all of them. */
static bool is_exiting(void)
{
	return current->process && current->process->exiting;
}

bool tcp_may_linger(const struct sock *sk)
{
	return sk->sk_socket && sock_flag(sk, SOCK_F_LINGER) &&
	       sk->sk_lingertime && !is_exiting() &&
	       (sk->sk_state == TCP_ESTABLISHED ||
		sk->sk_state == TCP_CLOSE_WAIT);
}

void tcp_close_sock(struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);

	if (tcp_may_linger(sk) && rxqueue_empty(&sk->sk_receive_queue))
		linger(tp, sk->sk_socket);
	sock_orphan(sk);
	sk->sk_shutdown = SHUTDOWN_MASK;
	if (sk->sk_state == TCP_LISTEN)
		tcp_listen_stop(tp);
	else if (tp->pcb && sk->sk_state == TCP_SYN_SENT)
		tcp_close(tcp_detach(tp));

	if (tp->pcb)
		close_connection(tp);
	else
		tcp_sock_free(tp);
	net_flush_soon();
}

bool tcp_orphan_expired(struct tcp_sock *tp)
{
	if (!tp->fin_wanted || tp->inet.sk.sk_socket || tp->listener)
		return false;
	return ktime_get_ns() - tp->last_progress_ns > ORPHAN_PATIENCE_NS;
}
