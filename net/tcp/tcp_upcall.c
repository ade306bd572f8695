/* SPDX-License-Identifier: MIT */
/*
 * lwIP's upcalls for data, acknowledgements, FIN and errors: they change the
 * sock's state and wake its waiters. They run deep inside lwIP, so they only
 * queue and wake.
 *
 * lwIP's rules: an upcall that calls tcp_abort() returns ERR_ABRT; the pcb is
 * already freed when the error upcall comes; a connection that moves to
 * TIME-WAIT has no upcall for it, but tcp_retire() is called.
 */
#include "net/tcp/tcp_upcall.h"

#include "net/base/rx_buffers.h"
#include "net/tcp/memory_wait.h"
#include "net/tcp/tcp.h"

#include <errno.h>

#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"

#include "kernel/task/clock.h"
#include "net/base/counters.h"
#include "net/base/memory.h"
#include "net/tcp/sosplice.h"
#include "net/tcp/tcp_close.h"
#include "net/tcp/tcp_figures.h"
#include "net/tcp/tcp_memory.h"
#include "net/tcp/tcp_send.h"
#include "net/tcp/tcp_transport.h"
#include "net/tcp/tcp_urg.h"

/* lwIP's slow ticks between two calls of the poll upcall. */
#define POLL_TICKS 1
#define MIN_LOCAL_MSS 88 /* while the peer's window is tiny */

bool tcp_is_orphan(const struct tcp_sock *tp)
{
	return !tp->inet.sk.sk_socket && !tp->listener;
}

void tcp_done(struct tcp_sock *tp, int err)
{
	struct sock *sk = tcp_to_sk(tp);

	if (tcp_is_orphan(tp)) {
		tcp_sock_free(tp);
		return;
	}
	if (!tp->inet.binding.port_asked)
		inet_release_port(&tp->inet.binding);
	sk->sk_state = TCP_CLOSE;
	sk->sk_shutdown = SHUTDOWN_MASK;
	sk->sk_err = err;
	sk->sk_state_change(sk);
	if (err)
		sk->sk_error_report(sk);
}

/*
 * Data for a closed socket: answered with a reset, because nobody will read it
 * (RFC 9293 section 3.6.1, RFC 1122 4.2.2.13).
 */
static err_t refuse_data(struct tcp_sock *tp, struct tcp_pcb *pcb,
			 struct pbuf *p)
{
	pbuf_free(p);
	tcp_detach(tp);
	tcp_sock_free(tp);
	net_count(tcp_orphans_aborted);
	if (pcb->state == TIME_WAIT) /* a FIN was behind the data */
		tcp_rst(pcb, pcb->snd_nxt, pcb->rcv_nxt, &pcb->local_ip,
			&pcb->remote_ip, pcb->local_port, pcb->remote_port);
	tcp_abort(pcb);
	return ERR_ABRT;
}

/*
 * As Linux's tcp_epollin_ready(): SO_RCVLOWAT is ignored when more cannot come,
 * because buffer, window or memory are full.
 */
bool tcp_is_readable(const struct tcp_sock *tp, size_t target)
{
	const struct sock *sk = &tp->inet.sk;
	const struct rxqueue *q = &tp->sk_receive_queue;

	if (!q->len || q->len >= target)
		return q->len;
	return q->truesize > sk->sk_rcvbuf - sk->sk_rcvbuf / 8 ||
	       net_memory_pressure() || tp->transport->is_full(tp);
}

void tcp_data_ready(struct sock *sk)
{
	/* SO_RCVLOWAT is for readers: a splice takes any byte. */
	if (tcp_is_readable(tcp_sk(sk), sk->sk_rcvlowat) ||
	    sosplice_is_source(sk))
		sk->sk_data_ready(sk);
}

void tcp_data_dropped(struct sock *sk)
{
	if (tcp_sk(sk)->sk_receive_queue.len < sk->sk_rcvlowat)
		tcp_data_ready(sk);
}

static void receive_data(struct tcp_sock *tp, struct pbuf *p)
{
	struct sock *sk = tcp_to_sk(tp);
	struct rxqueue *q = &tp->sk_receive_queue;
	bool compact = rx_buffers_scarce() || net_memory_pressure() ||
		       q->truesize > sk->sk_rcvbuf;

	tp->figures.bytes_received += p->tot_len;
	if (rxqueue_empty(q))
		tp->reading.mark = q->read;
	rxqueue_add(q, p, compact);
	tcp_progress(&tp->reading, q->read, rxqueue_end(q));
	if (tp->quickacks) {
		tp->quickacks--;
		tcp_ack_now(tp->pcb);
	}
	tcp_data_ready(sk);
}

/* The peer's FIN. */
static void receive_fin(struct tcp_sock *tp, struct tcp_pcb *pcb)
{
	struct sock *sk = tcp_to_sk(tp);

	sk->sk_shutdown |= RCV_SHUTDOWN;
	sock_set_flag(sk, SOCK_F_DONE);
	if (pcb->state == TIME_WAIT)
		return; /* net/tcp/tcp_demux.c handles the rest */
	sk->sk_state = pcb->state == CLOSING ? TCP_CLOSING : TCP_CLOSE_WAIT;
	sk->sk_state_change(sk);
}

/* lwIP would not repeat a FIN that is refused: always ERR_OK for it. */
static err_t recv_upcall(void *arg, struct tcp_pcb *pcb, struct pbuf *p,
			 err_t err)
{
	struct tcp_sock *tp = arg;

	if (!p) {
		receive_fin(tp, pcb);
		return ERR_OK;
	}
	if (tcp_is_orphan(tp))
		return refuse_data(tp, pcb, p);
	receive_data(tp, p);
	return ERR_OK;
}

void tcp_write_space(struct tcp_sock *tp)
{
	struct sock *sk = tcp_to_sk(tp);

	if (!sock_flag(sk, SOCK_F_NOSPACE))
		return;
	if (!tcp_writeable(tp)) {
		tcp_want_space(tp); /* it may lack something else now */
		return;
	}
	sock_reset_flag(sk, SOCK_F_NOSPACE);
	if (tp->pcb && !tp->fin_wanted && !tp->held_since_ns)
		tcp_poll(tp->pcb, NULL, UINT8_MAX);
	sk->sk_write_space(sk);
}

static err_t sent_upcall(void *arg, struct tcp_pcb *pcb, u16_t len)
{
	struct tcp_sock *tp = arg;

	tp->last_progress_ns = ktime_get_ns();
	tp->err_soft = 0;
	tcp_memory_update(tp);
	tcp_progress(&tp->sending, pcb->lastack, pcb->snd_lbb);
	tcp_figures_acked(tp, pcb->lastack, len);
	tcp_urg_acked(tp);
	tcp_has_memory(tp);
	if (!tp->fin_wanted)
		tcp_write_space(tp);
	return ERR_OK;
}

/*
 * Checks for room that came without an acknowledgement (memory was short), and
 * for orphans whose peer has not acknowledged for too long.
 */
static err_t poll_upcall(void *arg, struct tcp_pcb *pcb)
{
	struct tcp_sock *tp = arg;

	if (tcp_orphan_expired(tp)) {
		tcp_detach(tp);
		tcp_sock_free(tp);
		net_count(tcp_orphans_aborted);
		tcp_abort(pcb);
		return ERR_ABRT;
	}
	tcp_write_space(tp);
	if (!tp->fin_wanted && !pcb->unsent &&
	    !sock_flag(tcp_to_sk(tp), SOCK_F_NOSPACE)) {
		tp->held_since_ns = 0;
		tcp_poll(pcb, NULL, UINT8_MAX);
	}
	return ERR_OK;
}

void tcp_want_poll(struct tcp_sock *tp)
{
	if (!tp->pcb) /* not needed for a local connection */
		return;
	tcp_poll(tp->pcb, poll_upcall, POLL_TICKS);
}

/* As Linux's tcp_reset(). */
int tcp_reset_errno(const struct sock *sk)
{
	switch (sk->sk_state) {
	case TCP_SYN_SENT:
		return ECONNREFUSED;
	case TCP_CLOSE_WAIT:
		return EPIPE;
	case TCP_CLOSE:
		return 0;
	default:
		return ECONNRESET;
	}
}

/* ERR_ABRT: lwIP has given up retransmitting. */
static int errno_of(const struct tcp_sock *tp, err_t err)
{
	const struct sock *sk = &tp->inet.sk;

	if (err == ERR_CLSD)
		return 0;
	if (err == ERR_RST)
		return tcp_reset_errno(sk);
	return tp->err_soft ? tp->err_soft : ETIMEDOUT;
}

static void err_upcall(void *arg, err_t err)
{
	struct tcp_sock *tp = arg;

	tp->pcb = NULL;
	tcp_memory_release(tp);
	tcp_done(tp, errno_of(tp, err));
}

void tcp_fin_acked(struct tcp_sock *tp)
{
	struct sock *sk = tcp_to_sk(tp);

	if (sk->sk_state == TCP_FIN_WAIT1)
		sk->sk_state = TCP_FIN_WAIT2;
	sk->sk_state_change(sk);
}

/*
 * lwIP makes segments of at most half of the largest window that the peer has
 * offered, but of full size while that is tiny. So the length would shrink when
 * the window opens a little, which lwIP asserts it never does; with this floor
 * it does not.
 */
static void raise_max_window(struct tcp_pcb *pcb)
{
	pcb->snd_wnd_max = MAX(pcb->snd_wnd_max, 2U * MIN_LOCAL_MSS);
}

void tcp_set_upcalls(struct tcp_sock *tp, struct tcp_pcb *pcb)
{
	tcp_arg(pcb, tp);
	tcp_recv(pcb, recv_upcall);
	tcp_sent(pcb, sent_upcall);
	tcp_err(pcb, err_upcall);
	tcp_poll(pcb, NULL, UINT8_MAX);
	raise_max_window(pcb);
}
