/* SPDX-License-Identifier: MIT */
/*
 * The life of a TCP connection between two sockets of this machine, with all of
 * TCP that a program can observe: SYN, backlog, accept queue, states, FIN,
 * reset, TIME-WAIT. Thread context; net/tcp/local_wait.c enters from a timer.
 *
 * A handshake takes no time, but is a separate step, since connect(2) of a
 * non-blocking socket returns before the answer comes.
 *
 * With a full accept queue the sock waits in SYN-SENT: net/tcp/local_wait.c.
 */
#include "net/tcp/local.h"

#include <errno.h>
#include <string.h>

#include "kernel/cmdline.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "net/base/counters.h"
#include "net/base/inet_hash.h"
#include "net/inet/inet_sock.h"
#include "net/link/link.h"
#include "net/socket/socket.h"
#include "net/tcp/local_cork.h"
#include "net/tcp/local_send.h"
#include "net/tcp/local_wait.h"
#include "net/tcp/tcp.h"
#include "net/tcp/tcp_close.h"
#include "net/tcp/tcp_connect.h"
#include "net/tcp/tcp_listen.h"
#include "net/tcp/tcp_recv.h"
#include "net/tcp/tcp_send.h"
#include "net/tcp/tcp_timewait.h"
#include "net/tcp/tcp_transport.h"
#include "net/tcp/tcp_upcall.h"

/* ---- The table of local connections -------------------------------------- */

static struct list_head *chains;
static uint32_t chain_mask;

static struct list_head *chain_of(uint32_t saddr, uint16_t sport,
				  uint32_t daddr, uint16_t dport)
{
	return &chains[inet_hash(saddr, sport, daddr, dport) & chain_mask];
}

static void hash_insert(struct tcp_sock *tp)
{
	const struct inet_sock *inet = &tp->inet;

	list_add(&tp->hash,
		 chain_of(inet->saddr, inet->sport, inet->daddr, inet->dport));
}

bool tcp_local_tuple_used(uint32_t addr, uint16_t port, uint32_t daddr,
			  uint16_t dport)
{
	struct tcp_sock *tp;

	list_for_each_entry(tp, chain_of(addr, port, daddr, dport), hash) {
		const struct inet_sock *inet = &tp->inet;

		if (inet->sport == port && inet->dport == dport &&
		    inet->saddr == addr && inet->daddr == daddr)
			return true;
	}
	return false;
}

/* ---- The end of a connection --------------------------------------------- */

/* Keeps the tuple in use for TIME-WAIT's time, as over the wire. */
static void remember(const struct tcp_sock *tp, uint8_t state)
{
	const struct inet_sock *inet = &tp->inet;
	struct tcp_time_wait tw = {
		.id = { inet->saddr, inet->daddr, inet->sport, inet->dport },
		.state = state,
		.flags = BIT(TCP_TW_F_LOCAL) |
			 (inet->binding.reuse ? BIT(TCP_TW_F_REUSE) : 0) |
			 (inet->binding.reuseport ? BIT(TCP_TW_F_REUSEPORT) :
						    0),
	};

	net_count(tcp_time_waits);
	tcp_time_wait_add(&tw, TCP_TIMEWAIT_MS);
}

/* The TIME-WAIT entry of the other end, or NULL. */
static struct tcp_time_wait *memory_of_peer(const struct tcp_sock *tp)
{
	const struct inet_sock *inet = &tp->inet;
	struct tcp_tuple id = { inet->daddr, inet->saddr, inet->dport,
				inet->sport };

	return tcp_time_wait_find(&id);
}

/* The other end's entry in FIN-WAIT-2, if there is one, is now in TIME-WAIT. */
static void renew_memory(const struct tcp_sock *tp)
{
	struct tcp_time_wait *tw = memory_of_peer(tp);

	if (!tw)
		return;
	tw->state = TCP_TIME_WAIT;
	tcp_time_wait_restart(tw);
}

/* Removes tp from its connection: the tuple is free. */
static void leave(struct tcp_sock *tp)
{
	if (tp->peer)
		tp->peer->peer = NULL;
	tp->peer = NULL;
	tp->fin_wanted = false;
	tcp_local_drop_cork(tp);
	list_del_init(&tp->hash);
}

/* tcp_done() frees tp if it has no socket and is on no listener's queue. */
static void done(struct tcp_sock *tp, int err)
{
	leave(tp);
	if (tp->deferred)
		tcp_local_wait_no_more(tp);
	tcp_done(tp, err);
}

/* A reset also removes the other end's entry in FIN-WAIT-2. */
static void reset_memory(const struct tcp_sock *tp)
{
	struct tcp_time_wait *tw;

	if (tp->peer || tp->inet.sk.sk_state != TCP_CLOSE_WAIT)
		return;
	tw = memory_of_peer(tp);
	if (tw)
		tcp_time_wait_kill(tw);
}

static void receive_reset(struct tcp_sock *tp)
{
	done(tp, tcp_reset_errno(tcp_to_sk(tp)));
}

void tcp_local_abort(struct tcp_sock *tp)
{
	struct tcp_sock *peer = tp->peer;

	reset_memory(tp);
	leave(tp);
	if (tcp_to_sk(tp)->sk_state == TCP_SYN_SENT)
		tcp_local_wait_no_more(tp);
	if (peer && peer != tp)
		receive_reset(peer);
}

void tcp_local_kill(struct tcp_sock *tp, int err)
{
	struct tcp_sock *peer = tp->peer;

	reset_memory(tp);
	leave(tp);
	done(tp, err);
	if (peer && peer != tp)
		receive_reset(peer);
}

void tcp_local_disconnect(struct tcp_sock *tp)
{
	tcp_local_abort(tp);
	tcp_to_sk(tp)->sk_prot = &tcp_prot;
	tp->transport = &tcp_wire;
}

/* The FIN of the other end arrives at tp. */
static void receive_fin(struct tcp_sock *tp)
{
	struct sock *sk = tcp_to_sk(tp);

	sk->sk_shutdown |= RCV_SHUTDOWN;
	sock_set_flag(sk, SOCK_F_DONE);
	switch (sk->sk_state) {
	case TCP_ESTABLISHED:
		sk->sk_state = TCP_CLOSE_WAIT;
		sk->sk_state_change(sk);
		if (tp->deferred)
			tcp_local_accept_deferred(tp);
		break;
	case TCP_FIN_WAIT1:
		sk->sk_state = TCP_CLOSING;
		sk->sk_state_change(sk);
		break;
	case TCP_FIN_WAIT2:
		remember(tp, TCP_TIME_WAIT);
		done(tp, 0);
		break;
	}
}

/* The acknowledgement of tp's own FIN arrives. */
static void fin_acked(struct tcp_sock *tp)
{
	switch (tcp_to_sk(tp)->sk_state) {
	case TCP_FIN_WAIT1:
		tcp_fin_acked(tp);
		break;
	case TCP_CLOSING:
		remember(tp, TCP_TIME_WAIT);
		done(tp, 0);
		break;
	case TCP_LAST_ACK:
		renew_memory(tp);
		done(tp, 0);
		break;
	}
}

static bool is_orphan(const struct tcp_sock *tp)
{
	return !tp->inet.sk.sk_socket && !tp->listener;
}

/* Nobody holds tp and its FIN is acknowledged: only an entry remains. */
static void retire(struct tcp_sock *tp)
{
	remember(tp, TCP_FIN_WAIT2);
	leave(tp);
	tcp_sock_free(tp);
}

void tcp_local_deliver_fin(struct tcp_sock *tp)
{
	struct tcp_sock *peer = tp->peer;
	bool closing = tcp_to_sk(tp)->sk_state == TCP_FIN_WAIT1;

	tp->fin_wanted = false;
	if (peer == tp) { /* connected to itself */
		tcp_to_sk(tp)->sk_shutdown |= RCV_SHUTDOWN;
		sock_set_flag(tcp_to_sk(tp), SOCK_F_DONE);
		remember(tp, TCP_TIME_WAIT);
		done(tp, 0);
		return;
	}
	if (peer)
		receive_fin(peer);
	fin_acked(tp);
	if (closing && is_orphan(tp))
		retire(tp);
}

/* ---- The handshake ------------------------------------------------------- */

/*
 * The listener's end of the connection, with all that it inherits. NULL: no
 * memory.
 */
static struct tcp_sock *make_child(const struct tcp_sock *tp,
				   struct tcp_sock *parent)
{
	struct tcp_sock *child = tcp_sock_alloc();

	if (!child) {
		net_count(tcp_accept_no_memory);
		return NULL;
	}
	tcp_inherit(child, parent);
	child->inet.sk.sk_prot = &tcp_local_prot;
	child->transport = &tcp_local;
	child->inet.sk.sk_state = TCP_ESTABLISHED;
	child->inet.saddr = tp->inet.daddr;
	child->inet.sport = tp->inet.dport;
	child->inet.daddr = tp->inet.saddr;
	child->inet.dport = tp->inet.sport;
	inet_inherit_port(&child->inet.binding, &parent->inet.binding,
			  child->inet.saddr);
	child->listener = parent;
	return child;
}

static void established(struct tcp_sock *tp, struct tcp_sock *peer)
{
	struct sock *sk = tcp_to_sk(tp);

	tp->peer = peer;
	sk->sk_state = TCP_ESTABLISHED;
	sk->sk_state_change(sk);
}

/* Sends the FIN at once if tp was shut down before it was connected. */
static void keep_shut(struct tcp_sock *tp)
{
	struct sock *sk = tcp_to_sk(tp);

	if ((sk->sk_shutdown & SEND_SHUTDOWN) && tcp_start_closing(sk))
		tcp_local_send_fin(tp);
}

/* A listener's shutdown from before listen(2) holds for its children too. */
static bool join(struct tcp_sock *tp, struct tcp_sock *parent)
{
	struct tcp_sock *child = make_child(tp, parent);

	if (!child)
		return false;
	net_count(tcp_local_passive_opens);
	hash_insert(child);
	child->peer = tp;
	tcp_to_sk(child)->sk_shutdown = tcp_to_sk(parent)->sk_shutdown;
	established(tp, child);
	if (parent->defer_accept)
		tcp_local_wait(child, parent, parent->defer_accept);
	else
		tcp_enqueue_child(parent, child);
	keep_shut(child);
	return true;
}

/* Whether the socket connects to its own address and port. */
static bool is_self(const struct tcp_sock *tp)
{
	const struct inet_sock *inet = &tp->inet;

	return inet->saddr == inet->daddr && inet->sport == inet->dport;
}

/* As after a simultaneous open. */
static void meet_oneself(struct tcp_sock *tp)
{
	established(tp, tp);
	keep_shut(tp);
}

static struct tcp_sock *find_listener(const struct tcp_sock *tp)
{
	const struct inet_sock *inet = &tp->inet;
	struct inet_binding *b = inet_lookup_listener(
		&tcp_ports, inet->saddr, inet->sport, inet->daddr, inet->dport);

	return b ? tcp_listener_on(b, LINK_LO) : NULL;
}

static void refuse(struct tcp_sock *tp)
{
	net_count(tcp_local_refused);
	tcp_local_kill(tp, ECONNREFUSED);
}

void tcp_local_send_syn(struct tcp_sock *tp)
{
	struct tcp_sock *parent = find_listener(tp);

	if (!parent && is_self(tp))
		meet_oneself(tp);
	else if (!parent)
		refuse(tp);
	else if (tcp_accept_queue_full(parent) || !join(tp, parent))
		tcp_local_wait(tp, parent, 0);
}

static void handshake(struct sock *sk)
{
	if (sk->sk_state == TCP_SYN_SENT && list_empty(&tcp_sk(sk)->accept))
		tcp_local_send_syn(tcp_sk(sk));
}

/* Removes the TIME-WAIT entry of this tuple, which connect(2) may reuse. */
static void take_over_time_wait(const struct inet_sock *inet)
{
	struct tcp_tuple id = { inet->saddr, inet->daddr, inet->sport,
				inet->dport };
	struct tcp_time_wait *tw = tcp_time_wait_find(&id);

	if (tw)
		tcp_time_wait_kill(tw);
}

void tcp_local_connect(struct tcp_sock *tp, uint32_t daddr, uint16_t dport)
{
	struct sock *sk = tcp_to_sk(tp);

	sk->sk_prot = &tcp_local_prot;
	tp->transport = &tcp_local;
	sk->sk_state = TCP_SYN_SENT;
	tp->inet.saddr = tp->inet.binding.addr;
	tp->inet.sport = tp->inet.binding.port;
	tp->inet.daddr = daddr;
	tp->inet.dport = dport;
	tp->last_progress_ns = 0;
	net_count(tcp_local_active_opens);
	take_over_time_wait(&tp->inet);
	hash_insert(tp);
}

/* ---- Shutdown and close -------------------------------------------------- */

static void local_shutdown(struct sock *sk, int how)
{
	struct tcp_sock *tp = tcp_sk(sk);

	if (!(how & SEND_SHUTDOWN) || !tcp_start_closing(sk))
		return;
	if (tp->peer)
		tcp_local_send_fin(tp);
	else
		fin_acked(tp); /* without a peer: as if it acknowledged */
}

/* Closes without a reset: the socket is gone. */
static void close_in_order(struct tcp_sock *tp)
{
	struct sock *sk = tcp_to_sk(tp);

	if (tcp_start_closing(sk)) {
		if (tp->peer)
			tcp_local_send_fin(tp);
		else
			fin_acked(tp);
	} else if (sk->sk_state == TCP_FIN_WAIT2) {
		retire(tp);
	} else if (!tp->peer) {
		leave(tp);
		tcp_sock_free(tp);
	}
}

static void linger(struct tcp_sock *tp, struct socket *sock)
{
	struct sock *sk = tcp_to_sk(tp);

	local_shutdown(sk, SEND_SHUTDOWN);
	wait_event_until(&sock->wq, !tp->fin_wanted, tcp_linger_deadline(sk));
}

static void local_close(struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);
	bool unread = !rxqueue_empty(&tp->sk_receive_queue);

	if (!unread && tcp_may_linger(sk))
		linger(tp, sk->sk_socket);
	sock_orphan(sk);
	sk->sk_shutdown = SHUTDOWN_MASK;
	if (sk->sk_state == TCP_SYN_SENT || sk->sk_state == TCP_CLOSE ||
	    unread || tcp_wants_reset(sk)) {
		tcp_local_abort(tp);
		tcp_sock_free(tp);
		return;
	}
	close_in_order(tp);
}

/* ---- The rest ------------------------------------------------------------ */

static bool uses_lwip; /* loopback=lwip: for comparison in tests */

bool tcp_local_takes(uint32_t daddr)
{
	return inet_addr_is_local(daddr) && !uses_lwip;
}

bool tcp_local_setup(void)
{
	const char *word = cmdline_get("loopback");
	size_t n = 64;

	uses_lwip = word && !strcmp(word, "lwip");
	while (n < nr_total_pages() / 64 && n < 65536)
		n *= 2;
	chains = kcalloc(n, sizeof(*chains));
	if (!chains)
		return false;
	chain_mask = n - 1;
	while (n--)
		INIT_LIST_HEAD(&chains[n]);
	return true;
}

static void no_pcb(struct sock *sk)
{
}

const struct proto tcp_local_prot = {
	.name = "TCP",
	.ports = &tcp_ports,
	.close = local_close,
	.handshake = handshake,
	.disconnect = tcp_disconnect,
	.sendmsg = tcp_sendmsg,
	.recvmsg = tcp_recvmsg,
	.data_taken = tcp_local_data_taken,
	.shutdown = local_shutdown,
	.options_changed = no_pcb,
	.queues = tcp_queues,
};
