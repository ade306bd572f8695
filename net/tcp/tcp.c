/* SPDX-License-Identifier: MIT */
/*
 * Creation of TCP socks and their connection to a pcb. Ports are decided by
 * Pollux's port table, not by lwIP.
 */
#include "net/tcp/tcp.h"

#include <errno.h>
#include <string.h>

#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"

#include "kernel/check.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/random.h"
#include "kernel/task/clock.h"
#include "net/base/memory.h"
#include "net/inet/af_inet.h"
#include "net/lwip/memp.h"
#include "net/socket/socket.h"
#include "net/tcp/inet_stream.h"
#include "net/tcp/local.h"
#include "net/tcp/memory_wait.h"
#include "net/tcp/sockopt_tcp.h"
#include "net/tcp/sosplice.h"
#include "net/tcp/tcp_check.h"
#include "net/tcp/tcp_close.h"
#include "net/tcp/tcp_connect.h"
#include "net/tcp/tcp_demux.h"
#include "net/tcp/tcp_figures.h"
#include "net/tcp/tcp_icmp.h"
#include "net/tcp/tcp_memory.h"
#include "net/tcp/tcp_recv.h"
#include "net/tcp/tcp_send.h"
#include "net/tcp/tcp_timewait.h"
#include "net/tcp/tcp_transport.h"
#include "net/tcp/tcp_upcall.h"
#include "net/tcp/tcp_window.h"

/* tcp(7): the defaults of the keep-alive options, in seconds. */
#define KEEPIDLE_DEFAULT 7200
#define KEEPINTVL_DEFAULT 75
#define KEEPCNT_DEFAULT 9

struct sock_list tcp_socks = SOCK_LIST_INIT(tcp_socks);

static struct kmem_cache *cache;

struct inet_ports tcp_ports;

bool tcp_tuple_used(const struct tcp_tuple *id, bool has_port)
{
	ip_addr_t local = { id->laddr }, remote = { id->raddr };
	const struct tcp_time_wait *tw = tcp_time_wait_find(id);

	if (tw && !tcp_time_wait_reusable(tw, has_port))
		return true;
	return net_pcb_find(&local, id->lport, &remote, id->rport) ||
	       tcp_local_tuple_used(id->laddr, id->lport, id->raddr, id->rport);
}

static bool tuple_used(uint32_t addr, uint16_t port, uint32_t daddr,
		       uint16_t dport)
{
	return tcp_tuple_used(&(struct tcp_tuple){ addr, daddr, port, dport },
			      false);
}

static struct sock *tcp_alloc_sk(void)
{
	struct tcp_sock *tp = tcp_sock_alloc();

	return tp ? tcp_to_sk(tp) : NULL;
}

void tcp_queues(struct sock *sk, struct sock_queues *queues)
{
	if (sk->sk_state == TCP_LISTEN) {
		queues->rx = sk->sk_ack_backlog;
		return;
	}
	queues->rx = tcp_sk(sk)->sk_receive_queue.len;
	queues->tx = tcp_unacked_bytes(tcp_sk(sk));
	queues->rmem = queues->rx;
	queues->wmem = queues->tx;
}

const struct proto tcp_prot = {
	.name = "TCP",
	.ports = &tcp_ports,
	.alloc = tcp_alloc_sk,
	.close = tcp_close_sock,
	.connect = tcp_connect_sock,
	.disconnect = tcp_disconnect,
	.sendmsg = tcp_sendmsg,
	.recvmsg = tcp_recvmsg,
	.data_taken = tcp_window_read,
	.shutdown = tcp_shutdown_sock,
	.options_changed = tcp_options_to_pcb,
	.queues = tcp_queues,
};

static const char *sock_invariants(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	if (tp->pcb && tp->pcb->callback_arg != tp)
		return "tcp 1: a pcb is another sock's";
	if (!sk->sk_socket && !tp->pcb && !tp->listener &&
	    tp->transport != &tcp_local)
		return "tcp 2: a sock is nobody's";
	return NULL;
}

static const char *check_socks(void)
{
	const char *broken = inet_ports_check(&tcp_ports);

	return broken ? broken : sock_list_check(&tcp_socks, sock_invariants);
}

void tcp_init_sockets(void)
{
	static struct inet_protosw protosw __ro_after_init_data = {
		.type = SOCK_STREAM,
		.protocol = IPPROTO_TCP,
		.prot = &tcp_prot,
		.ops = &inet_stream_ops,
	};

	cache = kmem_cache_create("sock", sizeof(struct tcp_sock), 0);
	if (!cache)
		panic("no memory for TCP sockets");
	tcp_ports.exclusive_listen = true;
	tcp_ports.tuple_used = tuple_used;
	tcp_ports.random = random_u32;
	if (!tcp_time_wait_setup() || !tcp_local_setup())
		panic("no memory for the tables of connections");
	net_pcb_set_output_done(tcp_output_done);
	check_register("tcp", check_socks);
	inet_register_protosw(&protosw);
	sockopt_tcp_init();
	tcp_icmp_init();
	tcp_memory_init();
	sosplice_init();
}

bool tcp_sock_may_alloc(void)
{
	return cache->active < cache->room || !pages_are_low(0);
}

static void destruct(struct sock *sk)
{
	rxqueue_purge(&tcp_sk(sk)->sk_receive_queue);
}

struct tcp_sock *tcp_sock_alloc(void)
{
	struct tcp_sock *tp = kmem_cache_zalloc(cache);

	if (!tp)
		return NULL;
	sock_init_data(NULL, tcp_to_sk(tp));
	sock_link(tcp_to_sk(tp), &tcp_socks);
	tp->inet.sk.sk_prot = &tcp_prot;
	tp->inet.sk.sk_destruct = destruct;
	tp->transport = &tcp_wire;
	tp->inet.sk.sk_protocol = IPPROTO_TCP;
	inet_sock_init(&tp->inet);
	INIT_LIST_HEAD(&tp->accept);
	INIT_LIST_HEAD(&tp->hash);
	INIT_LIST_HEAD(&tp->memory_wait);
	tp->keepidle = KEEPIDLE_DEFAULT;
	tp->keepintvl = KEEPINTVL_DEFAULT;
	tp->keepcnt = KEEPCNT_DEFAULT;
	tp->syncnt = 6;
	return tp;
}

void tcp_sock_free(struct tcp_sock *tp)
{
	struct sock *sk = tcp_to_sk(tp);

	ASSERT(!tp->pcb && !sk->sk_socket);
	sk->sk_destruct(sk);
	tcp_has_memory(tp);
	sock_unlink(sk, &tcp_socks);
	inet_release_port(&tp->inet.binding);
	kmem_cache_free(cache, tp);
}

void tcp_options_to_pcb(struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);
	struct tcp_pcb *pcb = tp->pcb;

	if (!pcb)
		return;
	pcb->so_options = 0;
	if (tp->inet.binding.reuse)
		ip_set_option(pcb, SOF_REUSEADDR);
	if (tp->inet.binding.reuseport)
		ip_set_option(pcb, TCP_SOF_REUSEPORT);
	if (sock_flag(sk, SOCK_F_KEEPALIVE))
		ip_set_option(pcb, SOF_KEEPALIVE);
	pcb->tos = tp->inet.tos;
	pcb->ttl = tp->inet.ttl;
	if (pcb->state == LISTEN)
		return; /* a listening pcb ends here */
	net_pcb_wake(pcb);
	pcb->keep_idle = tp->keepidle * 1000;
	pcb->keep_intvl = tp->keepintvl * 1000;
	pcb->keep_cnt = tp->keepcnt;
	if (tp->nodelay || tp->urg.sending)
		tcp_nagle_disable(pcb);
	else
		tcp_nagle_enable(pcb);
}

void tcp_attach(struct tcp_sock *tp, struct tcp_pcb *pcb)
{
	tp->pcb = pcb;
	tp->sending.since_ns = tp->reading.since_ns = ktime_get_ns();
	if (tp->maxseg)
		pcb->mss = MIN(pcb->mss, tp->maxseg);
	tcp_figures_start(tp);
	tcp_set_upcalls(tp, pcb);
	tcp_options_to_pcb(tcp_to_sk(tp));
	tp->inet.saddr = ip_addr_get_ip4_u32(&pcb->local_ip);
	tp->inet.daddr = ip_addr_get_ip4_u32(&pcb->remote_ip);
	tp->inet.sport = pcb->local_port;
	tp->inet.dport = pcb->remote_port;
}

/* The pcb is being freed: releases its hold on the port. */
static void unhold_port(u8_t id, void *data)
{
	if (data)
		inet_unhold_port((uintptr_t)data);
}

static const struct tcp_ext_arg_callbacks hold_callbacks = {
	.destroy = unhold_port,
};

/* Keeps the port in use as long as lwIP has the pcb. */
static void hold_port(const struct tcp_sock *tp, struct tcp_pcb *pcb)
{
	const struct inet_binding *b = &tp->inet.binding;
	uintptr_t hold;

	if (!b->bucket)
		return;
	hold = inet_hold_port(b, ip_addr_get_ip4_u32(&pcb->local_ip),
			      inet_shares(b));
	tcp_ext_arg_set_callbacks(pcb, TCP_EXT_ARG_HOLD, &hold_callbacks);
	tcp_ext_arg_set(pcb, TCP_EXT_ARG_HOLD, (void *)hold);
}

struct tcp_pcb *tcp_detach(struct tcp_sock *tp)
{
	struct tcp_pcb *pcb = tp->pcb;

	tp->pcb = NULL;
	tcp_memory_release(tp);
	tcp_arg(pcb, NULL);
	if (pcb->state == LISTEN)
		return pcb;
	hold_port(tp, pcb);
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
	tcp_err(pcb, NULL);
	tcp_poll(pcb, NULL, UINT8_MAX);
	return pcb;
}

/*
 * In place of lwIP's tcp_bind(), which would check for conflicts by its own
 * rules; the port table has checked already.
 */
static void pcb_set_local(struct tcp_pcb *pcb, uint32_t addr, uint16_t port)
{
	ip_addr_set_ip4_u32(&pcb->local_ip, addr);
	pcb->local_port = port;
	TCP_REG(&tcp_bound_pcbs, pcb);
}

struct tcp_pcb *tcp_pcb_for(struct tcp_sock *tp)
{
	struct tcp_pcb *pcb;

	/* tcp_new() would take a closing connection's pcb. */
	if (net_tcp_pcbs_short(0) || !net_memory_share()) {
		tcp_memory_want_pcb();
		return ERR_PTR(-ENOBUFS);
	}
	pcb = tcp_new();
	if (!pcb)
		return ERR_PTR(-ENOBUFS);
	pcb_set_local(pcb, tp->inet.binding.addr, tp->inet.binding.port);
	return pcb;
}

/* Whether the handshake is complete. */
static bool is_synchronized(const struct tcp_pcb *pcb)
{
	return pcb->state >= ESTABLISHED;
}

bool tcp_has_unsent(void)
{
	for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next) {
		if (is_synchronized(pcb) && pcb->snd_queuelen)
			return true;
	}
	return false;
}

/* ---- From a pcb to its sock ---------------------------------------------- */

static const uint8_t state_of[] = {
	[CLOSED] = TCP_CLOSE,
	[LISTEN] = TCP_LISTEN,
	[SYN_SENT] = TCP_SYN_SENT,
	[SYN_RCVD] = TCP_SYN_RECV,
	[ESTABLISHED] = TCP_ESTABLISHED,
	[FIN_WAIT_1] = TCP_FIN_WAIT1,
	[FIN_WAIT_2] = TCP_FIN_WAIT2,
	[CLOSE_WAIT] = TCP_CLOSE_WAIT,
	[CLOSING] = TCP_CLOSING,
	[LAST_ACK] = TCP_LAST_ACK,
	[TIME_WAIT] = TCP_TIME_WAIT,
};

uint8_t tcp_state_of_pcb(const struct tcp_pcb *pcb)
{
	return state_of[pcb->state];
}

struct tcp_sock *tcp_sk_of_pcb(const struct tcp_pcb *pcb)
{
	struct tcp_sock *tp = pcb->state == LISTEN ? NULL : pcb->callback_arg;

	return tp && tp->pcb == pcb ? tp : NULL; /* else the listener's */
}

struct tcp_sock *tcp_listener_of_pcb(const struct tcp_pcb *pcb)
{
	const struct tcp_pcb_listen *l = NULL;

	if (pcb->state == LISTEN)
		l = (const struct tcp_pcb_listen *)pcb;
	else if (pcb->state == SYN_RCVD)
		l = pcb->listener;
	return l ? l->callback_arg : NULL;
}
