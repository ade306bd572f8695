/* SPDX-License-Identifier: MIT */
/*
 * Listening: a queue of connections whose handshake is complete, each with a
 * sock already, until accept(2) gives it a socket. A backlog of N admits N+1;
 * after that SYNs are dropped, and so are the ACKs that would complete a
 * handshake, so that the peer tries again (net/tcp/tcp_input.c asks
 * tcp_accept_queue_full()).
 */
#include "net/tcp/tcp_listen.h"

#include <errno.h>

#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"

#include "kernel/task/thread.h"
#include "net/base/counters.h"
#include "net/lwip/memp.h"
#include "net/socket/socket.h"
#include "net/tcp/local.h"
#include "net/tcp/local_wait.h"
#include "net/tcp/tcp_input.h"
#include "net/tcp/tcp_memory.h"
#include "net/tcp/tcp_window.h"

/* Also if memory is short for the connections in the queue. */
bool tcp_accept_queue_full(const struct tcp_sock *listener)
{
	const struct sock *sk = &listener->inet.sk;
	uint32_t n = sk->sk_ack_backlog;

	if (n > sk->sk_max_ack_backlog)
		return true;
	if (!n || !net_tcp_pcbs_short(n))
		return false;
	tcp_memory_want_pcb();
	return true;
}

/* O_NONBLOCK is not inherited. */
void tcp_inherit(struct tcp_sock *child, const struct tcp_sock *parent)
{
	const uint32_t own = BIT(SOCK_F_DONE) | BIT(SOCK_F_NOSPACE);
	const struct sock *from = &parent->inet.sk;
	struct sock *to = tcp_to_sk(child);

	to->sk_type = from->sk_type;
	to->sk_flags = from->sk_flags & ~own;
	to->sk_sndbuf = from->sk_sndbuf;
	to->sk_rcvbuf = from->sk_rcvbuf;
	to->sk_rcvlowat = from->sk_rcvlowat;
	to->sk_lingertime = from->sk_lingertime;
	to->sk_rcvtimeo = from->sk_rcvtimeo;
	to->sk_sndtimeo = from->sk_sndtimeo;
	to->sk_tsflags = from->sk_tsflags;
	to->sk_ll_usec = from->sk_ll_usec;
	to->sk_bound_dev_if = from->sk_bound_dev_if;
	to->sk_txrehash = from->sk_txrehash;
	child->inet.tos = parent->inet.tos;
	child->inet.ttl = parent->inet.ttl;
	child->inet.ip_flags = parent->inet.ip_flags;
	child->nodelay = parent->nodelay;
	child->cork = parent->cork;
	child->keepidle = parent->keepidle;
	child->keepintvl = parent->keepintvl;
	child->keepcnt = parent->keepcnt;
	child->syncnt = parent->syncnt;
	child->maxseg = parent->maxseg;
	child->user_timeout = parent->user_timeout;
	child->linger2 = parent->linger2;
	child->window_clamp = parent->window_clamp;
	child->notsent_lowat = parent->notsent_lowat;
}

void tcp_enqueue_child(struct tcp_sock *parent, struct tcp_sock *child)
{
	struct sock *sk = tcp_to_sk(parent);

	list_add_tail(&child->accept, &parent->accept);
	sk->sk_ack_backlog++;
	net_count(tcp_accepted);
	sk->sk_data_ready(sk);
}

/*
 * A handshake is complete. Without memory for its sock the connection is
 * reset: an error returned here makes lwIP abort it.
 */
static err_t accept_upcall(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct tcp_sock *parent = arg;
	struct tcp_sock *child;

	if (err != ERR_OK || !pcb)
		return ERR_VAL;
	child = tcp_sock_alloc();
	if (!child) {
		tcp_memory_want_pcb();
		net_count(tcp_accept_no_memory);
		return ERR_MEM;
	}
	tcp_inherit(child, parent);
	child->inet.sk.sk_state = TCP_ESTABLISHED;
	child->listener = parent;
	inet_inherit_port(&child->inet.binding, &parent->inet.binding,
			  ip_addr_get_ip4_u32(&pcb->local_ip));
	tcp_attach(child, pcb);
	tcp_window_init(child);
	tcp_rx_child(child);
	tcp_enqueue_child(parent, child);
	return ERR_OK;
}

static uint32_t clamp_backlog(int backlog)
{
	return MIN((uint32_t)backlog, (uint32_t)SOMAXCONN_LIMIT);
}

/*
 * lwIP's backlog bounds the handshakes in progress, sk_max_ack_backlog the
 * complete ones. lwIP checks for a second listener on a port only with
 * SOF_REUSEADDR, which is not set yet: the port table has checked already.
 */
int tcp_listen_start(struct sock *sk, int backlog)
{
	struct tcp_sock *tp = tcp_sk(sk);
	struct tcp_pcb *pcb;
	struct tcp_pcb *listening;

	sk->sk_max_ack_backlog = clamp_backlog(backlog);
	if (sk->sk_state == TCP_LISTEN) {
		tcp_backlog_set(tp->pcb, sk->sk_max_ack_backlog + 1);
		return 0;
	}
	pcb = tcp_pcb_for(tp);
	if (IS_ERR(pcb))
		return PTR_ERR(pcb);
	listening = tcp_listen_with_backlog(pcb, sk->sk_max_ack_backlog + 1);
	if (!listening) {
		tcp_abort(pcb);
		return -ENOBUFS;
	}
	tp->pcb = listening;
	tcp_arg(listening, tp);
	tcp_accept(listening, accept_upcall);
	tcp_options_to_pcb(sk);
	sk->sk_state = TCP_LISTEN;
	return 0;
}

static struct tcp_sock *first_child(struct list_head *queue)
{
	return list_first_entry(queue, struct tcp_sock, accept);
}

static void unlink_child(struct tcp_sock *child)
{
	struct tcp_sock *parent = child->listener;

	list_del_init(&child->accept);
	child->listener = NULL;
	parent->inet.sk.sk_ack_backlog--;
}

/*
 * Resets connections that were not accepted: nobody will read their data. The
 * sock may listen or connect again meanwhile.
 */
static void drop_children(struct tcp_sock *tp)
{
	LIST_HEAD(dropped);

	list_splice_init(&tp->accept, &dropped);
	while (!list_empty(&dropped)) {
		struct tcp_sock *child = first_child(&dropped);

		unlink_child(child);
		if (child->pcb)
			tcp_abort(tcp_detach(child));
		else
			tcp_local_abort(child);
		tcp_sock_free(child);
		cond_resched();
	}
}

/*
 * lwIP clears the listener of half-open pcbs, but not their callback argument,
 * which is the sock of the listener.
 */
static void forget_half_open(const struct tcp_sock *tp)
{
	for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next) {
		if (pcb->callback_arg == tp)
			tcp_arg(pcb, NULL);
	}
}

void tcp_listen_stop(struct tcp_sock *tp)
{
	forget_half_open(tp);
	tcp_close(tcp_detach(tp));
	tp->inet.binding.listening = false;
	tp->inet.sk.sk_state = TCP_CLOSE;
}

void tcp_listen_drop(struct tcp_sock *tp)
{
	drop_children(tp);
	tcp_local_listener_gone(tp);
}

static int try_accept(struct tcp_sock *tp, struct tcp_sock **child)
{
	if (tp->inet.sk.sk_state != TCP_LISTEN)
		return -EINVAL;
	if (list_empty(&tp->accept))
		return -EAGAIN;
	*child = first_child(&tp->accept);
	unlink_child(*child);
	return 0;
}

/* A new connection wakes only the thread that has waited longest. */
struct sock *tcp_accept_sock(struct sock *sk, uint64_t deadline)
{
	struct tcp_sock *tp = tcp_sk(sk);
	struct tcp_sock *child = NULL;
	ssize_t err = wait_attempt_exclusive(sk->sk_wq, try_accept(tp, &child),
					     deadline);

	err = sock_waited(err, deadline);
	if (err)
		return ERR_PTR(err);
	tcp_local_room(tp);
	return tcp_to_sk(child);
}
