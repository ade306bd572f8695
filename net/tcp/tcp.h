/* SPDX-License-Identifier: MIT */
/*
 * A TCP socket: struct tcp_sock, and its connection to lwIP's pcb.
 *
 * A struct tcp_sock has a pcb from connect(2), or from the completion of a
 * handshake, until both directions are shut, the connection is reset, or the
 * sock hands a closing connection over to lwIP.
 *
 * Invariants, checked for panic():
 *  1. A sock with a pcb is that pcb's callback argument. A listener is also the
 *     argument of the pcbs in SYN-RECEIVED at it.
 *  2. A sock without a socket has a pcb or a local peer, or waits at its
 *     listener to be accepted.
 */
#ifndef NET_TCP_TCP_H
#define NET_TCP_TCP_H

#include "net/base/rxqueue.h"
#include "net/inet/inet_sock.h"
#include "net/socket/sock.h"
#include "net/tcp/tcp_urg.h"

struct tcp_cork;
struct sosplice;
struct tcp_info;
struct tcp_transport;
struct tcp_tuple;

/* TCP_INFO's figures of a connection over the wire: net/tcp/tcp_figures.c. */
struct tcp_figures {
	uint64_t bytes_sent; /* retransmissions included */
	uint64_t bytes_retrans;
	uint64_t bytes_acked;
	uint64_t bytes_received;
	uint32_t segs_out;
	uint32_t segs_in;
	uint32_t data_segs_out;
	uint32_t data_segs_in;
	uint32_t retrans; /* segments */
	uint32_t snd_high; /* the end of all that was sent so far */
	/* Milliseconds of ktime_get_ns(). */
	uint32_t last_data_sent;
	uint32_t last_data_recv;
	uint32_t last_ack_recv;
	/* RFC 6298, in microseconds; one measurement at a time. */
	uint32_t srtt;
	uint32_t rttvar;
	uint32_t min_rtt;
	uint32_t timed_end; /* the ACK of this number ends it */
	uint64_t timed_since_ns; /* 0: no measurement is going on */
};

/* Since when a queue's bytes before mark have not all left: tcp_memory.c. */
struct tcp_progress {
	uint32_t mark; /* the end of the queue at that time */
	uint64_t since_ns;
};

struct tcp_sock {
	struct inet_sock inet;
	struct tcp_pcb *pcb;
	const struct tcp_transport *transport;
	struct rxqueue sk_receive_queue;

	/* SO_SPLICE: as a source, as a drain. */
	struct sosplice *sk_splice;
	struct sosplice *sk_splice_from;

	/* A listener's queue, or the place of a sock in its listener's. */
	struct list_head accept;
	struct tcp_sock *listener; /* until accepted, or the listener closed */

	/* A local connection's other end, and hash entry: net/tcp/local.c. */
	struct tcp_sock *peer;
	struct list_head hash;
	struct tcp_cork *held_back; /* by TCP_CORK or MSG_MORE */
	bool deferred; /* by its listener's TCP_DEFER_ACCEPT */

	/* The receive window: net/tcp/tcp_window.c. */
	uint32_t window; /* bytes that may be on the way or unread */
	uint32_t withheld; /* part of lwIP's window that is not opened */

	/* Memory charged to net/base/memory.c's budget: net/tcp/tcp_memory.c. */
	struct list_head memory_wait; /* net/tcp/memory_wait.c */
	uint32_t charged; /* for data to send and out-of-order data */
	uint32_t beyond_gap; /* the latter's part of charged */
	struct tcp_progress sending;
	struct tcp_progress reading;

	/* Closing: net/tcp/tcp_close.c. */
	bool fin_wanted; /* queued behind the data */
	int err_soft; /* errno of the last ICMP error, for a timeout */
	uint64_t last_progress_ns; /* waiting at a listener: the deadline */

	uint64_t last_challenge_ns;
	uint64_t last_cookie_ns; /* of a listener: net/tcp/tcp_synq.c */
	struct tcp_urg urg;

	/* Options, which are copied to a new pcb. */
	bool nodelay;
	bool cork;
	bool pingpong; /* TCP_QUICKACK is off */
	uint8_t keepcnt;
	uint8_t syncnt;
	uint16_t maxseg;
	uint32_t keepidle; /* seconds */
	uint32_t keepintvl;
	uint32_t user_timeout; /* milliseconds */
	int32_t defer_accept; /* seconds */
	int32_t linger2;
	uint32_t window_clamp; /* 0: none */
	uint32_t notsent_lowat; /* 0: none */
	uint8_t quickacks; /* segments to be acknowledged at once */

	/* When a cork began to hold back data, or 0: net/tcp/tcp_timer.c. */
	uint64_t held_since_ns;

	struct tcp_figures figures;
};

static inline struct tcp_sock *tcp_sk(const struct sock *sk)
{
	return container_of(sk, struct tcp_sock, inet.sk);
}

static inline struct sock *tcp_to_sk(struct tcp_sock *tp)
{
	return &tp->inet.sk;
}

/* lwIP's extra arguments of a pcb. */
#define TCP_EXT_ARG_HOLD 0 /* the hold on its port */

/* The listener of a binding; NULL: it is bound to another interface. */
static inline struct tcp_sock *tcp_listener_on(struct inet_binding *b,
					       int ifindex)
{
	struct tcp_sock *tp = container_of(b, struct tcp_sock, inet.binding);
	int bound = tp->inet.sk.sk_bound_dev_if;

	return bound && bound != ifindex ? NULL : tp;
}

/* A bit of a pcb's so_options that lwIP does not use. */
#define TCP_SOF_REUSEPORT 0x40

extern const struct proto tcp_prot;
extern struct inet_ports tcp_ports;
extern struct sock_list tcp_socks;

void tcp_init_sockets(void);
void tcp_queues(struct sock *sk, struct sock_queues *queues);

struct tcp_sock *tcp_sock_alloc(void);
/* Whether it would not return NULL. */
bool tcp_sock_may_alloc(void);
void tcp_sock_free(struct tcp_sock *tp);
/* Connects the two, and copies options and window to the pcb. */
void tcp_attach(struct tcp_sock *tp, struct tcp_pcb *pcb);
/* Separates the two; returns the pcb. */
struct tcp_pcb *tcp_detach(struct tcp_sock *tp);
void tcp_options_to_pcb(struct sock *sk);
/* A new pcb bound like the sock, or ERR_PTR. */
struct tcp_pcb *tcp_pcb_for(struct tcp_sock *tp);
/*
 * Whether the tuple is in use, so that connect(2) may not have it. has_port:
 * the socket has its port already, it is not being chosen.
 */
bool tcp_tuple_used(const struct tcp_tuple *id, bool has_port);
/* Whether any connection has data or a FIN that is not acknowledged. */
bool tcp_has_unsent(void);
/* enum tcp_sk_state of a pcb. */
uint8_t tcp_state_of_pcb(const struct tcp_pcb *pcb);
/*
 * The sock that a pcb belongs to. NULL: it was closed, or does not exist yet (a
 * pcb in SYN-RECEIVED has none).
 */
struct tcp_sock *tcp_sk_of_pcb(const struct tcp_pcb *pcb);
/* The listener of a pcb in LISTEN or SYN-RECEIVED, else NULL. */
struct tcp_sock *tcp_listener_of_pcb(const struct tcp_pcb *pcb);

#endif
