/* SPDX-License-Identifier: MIT */
/*
 * Active open, and disconnecting.
 */
#include "net/tcp/tcp_connect.h"

#include <errno.h>

#include "lwip/ip.h"
#include "lwip/netif.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"

#include "kernel/task/clock.h"
#include "net/inet/route.h"
#include "net/socket/socket.h"
#include "net/tcp/local.h"
#include "net/tcp/memory_wait.h"
#include "net/tcp/tcp_listen.h"
#include "net/tcp/tcp_timewait.h"
#include "net/tcp/tcp_transport.h"
#include "net/tcp/tcp_window.h"

static err_t connected_upcall(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct tcp_sock *tp = arg;
	struct sock *sk = tcp_to_sk(tp);

	tcp_attach(tp, pcb);
	tcp_window_init(tp);
	sk->sk_state = TCP_ESTABLISHED;
	sk->sk_state_change(sk);
	return ERR_OK;
}

/* The source address of packets to dest; 0: no route. */
static uint32_t source_for(uint32_t dest)
{
	ip4_addr_t to = { dest };
	struct netif *netif = ip4_route(&to);

	return netif ? netif_ip4_addr(netif)->addr : 0;
}

static bool is_unicast(uint32_t addr)
{
	ip4_addr_t ip = { addr };

	return !ip4_addr_ismulticast(&ip) && addr != IPADDR_BROADCAST;
}

static bool has_used_tuple(const struct inet_binding *b, uint32_t daddr,
			   uint16_t dport)
{
	struct tcp_tuple id = { b->addr, daddr, b->port, dport };

	return tcp_tuple_used(&id, true);
}

/*
 * Gives the sock a local address and a port that, with the peer's, nobody
 * uses yet.
 */
static int choose_source(struct tcp_sock *tp, uint32_t daddr, uint16_t dport)
{
	struct inet_binding *b = &tp->inet.binding;
	int err = 0;

	if (!b->addr)
		b->addr = source_for(daddr);
	if (!b->addr || !source_for(daddr))
		err = -ENETUNREACH;
	else if (!b->port)
		err = inet_connect_port(&tcp_ports, b, daddr, dport);
	else if (has_used_tuple(b, daddr, dport))
		err = -EADDRNOTAVAIL;
	if (err)
		inet_forget_address(b);
	return err;
}

static int errno_of(err_t err)
{
	switch (err) {
	case ERR_OK:
		return 0;
	case ERR_RTE:
		return -ENETUNREACH;
	case ERR_USE:
		return -EADDRNOTAVAIL;
	default:
		return -ENOBUFS;
	}
}

int tcp_connect_sock(struct sock *sk, uint32_t daddr, uint16_t dport)
{
	struct tcp_sock *tp = tcp_sk(sk);
	ip_addr_t dest = { daddr };
	struct tcp_pcb *pcb;
	int err;

	if (!is_unicast(daddr))
		return -ENETUNREACH;
	err = net_route_allowed(sk, daddr);
	if (!err)
		err = choose_source(tp, daddr, dport);
	if (err)
		return err;
	sk->sk_err = 0; /* what a connection before this one left */
	sock_reset_flag(sk, SOCK_F_DONE);
	if (tcp_local_takes(daddr)) {
		tcp_local_connect(tp, daddr, dport);
		return 0;
	}
	pcb = tcp_pcb_for(tp);
	if (IS_ERR(pcb))
		return PTR_ERR(pcb);
	tcp_attach(tp, pcb);
	err = errno_of(tcp_connect(pcb, &dest, dport, connected_upcall));
	if (err) {
		tcp_abort(tcp_detach(tp));
		return err;
	}
	tp->last_progress_ns = ktime_get_ns();
	sk->sk_state = TCP_SYN_SENT;
	tp->inet.saddr = ip_addr_get_ip4_u32(&pcb->local_ip);
	tp->inet.sport = pcb->local_port;
	tp->inet.daddr = daddr;
	tp->inet.dport = dport;
	return 0;
}

/* The states in which a disconnect sets ECONNRESET. */
static bool was_in_use(const struct sock *sk)
{
	return sk->sk_state == TCP_SYN_SENT ||
	       sk->sk_state == TCP_ESTABLISHED ||
	       sk->sk_state == TCP_CLOSE_WAIT ||
	       sk->sk_state == TCP_FIN_WAIT1 || sk->sk_state == TCP_FIN_WAIT2;
}

/*
 * connect(2) to AF_UNSPEC, or the end of a connection that did not come. The
 * port stays to be seen, though it is free again unless bind(2) asked for it.
 */
int tcp_disconnect(struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);
	bool was_closed = sk->sk_state == TCP_CLOSE;
	bool was_listening = sk->sk_state == TCP_LISTEN;

	if (was_in_use(sk))
		sk->sk_err = ECONNRESET;
	if (was_listening)
		tcp_listen_stop(tp);
	else if (tp->pcb && sk->sk_state == TCP_SYN_SENT)
		tcp_close(tcp_detach(tp));
	else if (tp->pcb)
		tcp_abort(tcp_detach(tp));
	else if (tcp_sk(sk)->transport == &tcp_local)
		tcp_local_disconnect(tp);
	rxqueue_purge(&tp->sk_receive_queue);
	inet_forget_address(&tp->inet.binding);
	if (!tp->inet.binding.port_asked && !was_closed)
		inet_release_port(&tp->inet.binding);
	tp->inet.daddr = 0;
	tp->inet.dport = 0;
	tp->inet.saddr = tp->inet.binding.addr;
	tp->fin_wanted = false;
	tp->urg.data = 0;
	sk->sk_state = TCP_CLOSE;
	sk->sk_shutdown = 0;
	tcp_has_memory(tp);
	sock_reset_flag(sk, SOCK_F_NOSPACE);
	sock_reset_flag(sk, SOCK_F_DONE);
	if (was_listening)
		tcp_listen_drop(tp); /* before sk_state_change() */
	sk->sk_state_change(sk);
	return 0;
}
