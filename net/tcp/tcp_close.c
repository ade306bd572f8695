/* SPDX-License-Identifier: MIT */
/*
 * The end of a connection. FIN is queued behind the data to send; the sock
 * keeps its pcb, without a socket, until all of that is acknowledged. For lwIP
 * only the sending direction is shut down: if the other were too, it would stop
 * noting the peer's activity, and drop the connection although data flows.
 */
#include "net/tcp/tcp_close.h"

#include "net/softirq.h"
#include "net/tcp/tcp.h"

#include <errno.h>

#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"

#include "kernel/task/clock.h"
#include "kernel/task/thread.h"
#include "net/socket/socket.h"
#include "net/tcp/tcp_demux.h"
#include "net/tcp/tcp_listen.h"
#include "net/tcp/tcp_upcall.h"

/* An orphan is aborted after this time without an acknowledgement. */
#define ORPHAN_PATIENCE_NS (60 * NSEC_PER_SEC)

static bool all_acked(const struct tcp_sock *tp)
{
	return !tp->pcb->snd_queuelen;
}

/* Sends the FIN behind all data, also data held back by Nagle or a cork. */
static void want_fin(struct tcp_sock *tp)
{
	if (all_acked(tp)) {
		tp->last_progress_ns = ktime_get_ns();
		tp->sending.since_ns = tp->last_progress_ns;
	}
	tp->fin_wanted = true;
	tp->held_since_ns = 0;
	tcp_nagle_disable(tp->pcb);
	tcp_want_poll(tp);
	tcp_shutdown(tp->pcb, 0, 1);
	tcp_output(tp->pcb);
}

/*
 * Nobody holds the sock any more. If it only waits for the peer's FIN, an entry
 * in the table of net/tcp/tcp_timewait.c replaces its pcb.
 */
static void leave(struct tcp_sock *tp)
{
	struct tcp_pcb *pcb = tp->pcb;

	if (pcb->state == FIN_WAIT_2 && tp->linger2 < 0) {
		tcp_abort(tcp_detach(tp));
		tcp_sock_free(tp);
	} else if (tcp_retire(tp)) {
		tcp_abandon(pcb, 0);
	}
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
	wait_event_until(&sock->wq, !tp->pcb || all_acked(tp), deadline);
}

bool tcp_wants_reset(const struct sock *sk)
{
	return sock_flag(sk, SOCK_F_LINGER) && !sk->sk_lingertime;
}

static void close_connection(struct tcp_sock *tp)
{
	struct sock *sk = tcp_to_sk(tp);
	bool unread = !rxqueue_empty(&tp->sk_receive_queue);

	/* RFC 2525 2.17, socket(7): a reset reports the loss of data. */
	if (unread || tcp_wants_reset(sk)) {
		tcp_abort(tcp_detach(tp));
		tcp_sock_free(tp);
		return;
	}
	rxqueue_purge(&tp->sk_receive_queue);
	tcp_start_closing(sk);
	want_fin(tp);
	leave(tp);
}

/* An exiting process does not linger: net_drain() waits for all sockets. */
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

	if (tcp_may_linger(sk) && rxqueue_empty(&tp->sk_receive_queue))
		linger(tp, sk->sk_socket);
	sock_orphan(sk);
	sk->sk_shutdown = SHUTDOWN_MASK;
	if (sk->sk_state == TCP_LISTEN) {
		tcp_listen_stop(tp);
		tcp_listen_drop(tp);
	} else if (tp->pcb && sk->sk_state == TCP_SYN_SENT) {
		tcp_close(tcp_detach(tp));
	}
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
