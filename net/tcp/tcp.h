/* SPDX-License-Identifier: MIT */
/*
 * TCP sockets over lwIP's pcbs: what the files net/tcp/tcp_*.c share.
 *
 * A struct tcp_sock has a pcb from connect(2), or from the moment that a
 * handshake completed, until both directions are shut, the connection is
 * reset, or the sock hands a closing connection over to lwIP.
 */
#ifndef NET_TCP_TCP_H
#define NET_TCP_TCP_H

#include "net/inet/inet_sock.h"
#include "net/socket/sock.h"
#include "net/tcp/tcp_urg.h"

struct pipe;
struct poll_table;
struct tcp_cork;
struct tcp_info;

/* What TCP_INFO tells of a connection over the wire: net/tcp/tcp_figures.c. */
struct tcp_figures {
	uint64_t bytes_sent; /* with those sent again */
	uint64_t bytes_retrans;
	uint64_t bytes_acked;
	uint64_t bytes_received;
	uint32_t segs_out;
	uint32_t segs_in;
	uint32_t data_segs_out;
	uint32_t data_segs_in;
	uint32_t retrans; /* segments */
	uint32_t snd_high; /* nothing from here on was ever sent */
	/* Milliseconds of ktime_get_ns(). */
	uint32_t last_data_sent;
	uint32_t last_data_recv;
	uint32_t last_ack_recv;
	/* RFC 6298, in microseconds; one measurement at a time. */
	uint32_t srtt;
	uint32_t rttvar;
	uint32_t min_rtt;
	uint32_t timed_end; /* the number whose ACK ends it */
	uint64_t timed_since_ns; /* 0: none is going on */
};

/* Since when what was queued then has not all left: net/tcp/tcp_memory.c. */
struct tcp_progress {
	uint32_t mark; /* the end of the queue at that time */
	uint64_t since_ns;
};

struct tcp_sock {
	struct inet_sock inet;
	struct tcp_pcb *pcb;

	/* A listener's queue, or the place of a sock in its listener's. */
	struct list_head accept;
	struct tcp_sock *listener; /* until accepted, or the listener closed */

	/* The other end, and the place in the table: net/tcp/local.c. */
	struct tcp_sock *peer;
	struct list_head hash;
	struct tcp_cork *held_back; /* by TCP_CORK or MSG_MORE */
	bool deferred; /* by its listener's TCP_DEFER_ACCEPT */

	/* The receive window: net/tcp/tcp_window.c. */
	uint32_t window; /* what may be on its way or unread */
	uint32_t withheld; /* of lwIP's window, not given back to it */

	/* Memory, as net/base/memory.c's budget has it: net/tcp/tcp_memory.c. */
	struct list_head memory_wait; /* net/tcp/memory_wait.c */
	uint32_t charged; /* for data to send and beyond a gap */
	uint32_t beyond_gap; /* of it */
	struct tcp_progress sending;
	struct tcp_progress reading;

	/* Closing: net/tcp/tcp_close.c. */
	bool fin_wanted; /* queued behind the data */
	int err_soft; /* why nobody answers, if ICMP said so: errno */
	uint64_t last_progress_ns; /* waiting at a listener: patience ends */

	uint64_t last_challenge_ns;
	uint64_t last_cookie_ns; /* of a listener: net/tcp/tcp_synq.c */
	struct tcp_urg urg;

	/* Options that a pcb gets when there is one. */
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

	/* Data that a cork holds back, since when: net/tcp/tcp_timer.c. */
	uint64_t held_since_ns;

	struct tcp_figures figures;
};

static inline struct tcp_sock *tcp_sk(struct sock *sk)
{
	return container_of(sk, struct tcp_sock, inet.sk);
}

static inline struct sock *tcp_to_sk(struct tcp_sock *tp)
{
	return &tp->inet.sk;
}

/* lwIP's extra arguments of a pcb. */
#define TCP_EXT_ARG_HOLD 0 /* the hold on its port */

/* The listener of a binding, NULL if it does not hear interface ifindex. */
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

/* net/tcp/tcp.c */
struct tcp_sock *tcp_sock_alloc(void);
/* It would not be NULL. */
bool tcp_sock_may_alloc(void);
void tcp_sock_free(struct tcp_sock *tp);
/* Ties the two together; options and window go to the pcb. */
void tcp_attach(struct tcp_sock *tp, struct tcp_pcb *pcb);
/* The pcb, which is lwIP's alone from now on. */
struct tcp_pcb *tcp_detach(struct tcp_sock *tp);
void tcp_options_to_pcb(struct sock *sk);
/* A new pcb bound as the sock is, -errno if there is none: IS_ERR(). */
struct tcp_pcb *tcp_pcb_for(struct tcp_sock *tp);
/* Some data, or FIN, of any connection has not been acknowledged. */
bool tcp_has_unsent(void);
/* enum tcp_sk_state of a pcb. */
uint8_t tcp_state_of_pcb(const struct tcp_pcb *pcb);

/* net/tcp/tcp_upcall.c: lwIP's upcalls. */
void tcp_set_upcalls(struct tcp_sock *tp, struct tcp_pcb *pcb);
/* Closed by the application; what is left is to be delivered. */
bool tcp_is_orphan(const struct tcp_sock *tp);
/* The acknowledgement of our FIN has come. */
void tcp_fin_acked(struct tcp_sock *tp);
/* What a reset tells the application, by the state: positive errno or 0. */
int tcp_reset_errno(const struct sock *sk);
/* Whether a reader of target bytes is to be woken: SO_RCVLOWAT. */
bool tcp_is_readable(const struct tcp_sock *tp, size_t target);
/* Somebody may want to read what has come. */
void tcp_data_ready(struct sock *sk);
/* There was no memory for more: SO_RCVLOWAT holds nothing back now. */
void tcp_data_dropped(struct sock *sk);
/* The connection is over; err: positive errno, 0: in order. */
void tcp_done(struct tcp_sock *tp, int err);
/* Tells whoever waits for room, if there is some. */
void tcp_write_space(struct tcp_sock *tp);
/* lwIP calls back twice a second or so while somebody waits for room. */
void tcp_want_poll(struct tcp_sock *tp);

/* net/tcp/tcp_demux.c */
/* What a connection put off has been sent. */
void tcp_output_done(struct tcp_pcb *pcb);
/* The number that a connection starts with whose predecessor is remembered. */
struct tcp_tuple;
bool tcp_successor_isn(const struct tcp_tuple *id, uint32_t *isn);
/*
 * True: the connection is over, or only waits for its peer's FIN; the table
 * of net/tcp/tcp_timewait.c remembers it, tp has no pcb any more, and is freed if
 * nobody holds it. The pcb is the caller's.
 */
bool tcp_retire(struct tcp_sock *tp);

/* net/tcp/tcp_input.c: what lwIP's segment of now says to a sock that is new. */
void tcp_child_segment(struct tcp_sock *child);

/* net/tcp/tcp_listen.c */
int tcp_listen_start(struct sock *sk, int backlog);
void tcp_listen_stop(struct tcp_sock *tp);
/* Whoever waits for one that has stopped is turned away; others may run. */
void tcp_listen_drop(struct tcp_sock *tp);
/* What an accepted sock takes over from its listener: socket(7). */
void tcp_inherit(struct tcp_sock *child, const struct tcp_sock *parent);
/* A connection is there to be accepted. */
void tcp_enqueue_child(struct tcp_sock *parent, struct tcp_sock *child);
bool tcp_accept_queue_full(const struct tcp_sock *listener);
/* The oldest connection, waiting until deadline (0: not), or ERR_PTR. */
struct sock *tcp_accept_sock(struct sock *sk, uint64_t deadline);

/* net/tcp/tcp_connect.c */
int tcp_connect_sock(struct sock *sk, uint32_t daddr, uint16_t dport);
int tcp_disconnect(struct sock *sk);

/* net/tcp/tcp_send.c, net/tcp/tcp_recv.c */
ssize_t tcp_sendmsg(struct sock *sk, struct msg *msg);
ssize_t tcp_recvmsg(struct sock *sk, struct msg *msg);
/* 0 when data may be sent; -EPIPE, -EAGAIN, what the handshake ended with. */
int tcp_wait_connected(struct sock *sk, uint64_t deadline);
/* What a send returns that sent nothing, with SIGPIPE for -EPIPE. */
ssize_t tcp_send_error(struct sock *sk, int err, uint32_t flags);
/* What a read finds that got nothing: 0 is the end of the stream. */
int tcp_recv_empty(struct sock *sk);
bool tcp_writeable(const struct tcp_sock *tp);
/*
 * Whoever waits for tcp_writeable() is told: by the acknowledgement or the
 * reader that makes room, or by memory that is there again.
 */
void tcp_want_space(struct tcp_sock *tp);
size_t tcp_unacked_bytes(const struct tcp_sock *tp);
/* What one segment holds, as lwIP's tcp_write() cuts them. */
size_t tcp_segment_size(const struct tcp_pcb *pcb);
/* Sends what lwIP lets go now. */
void tcp_push(struct tcp_sock *tp);

/* net/tcp/tcp_splice.c: struct proto_ops has the contracts */
ssize_t tcp_splice_read(struct socket *sock, struct pipe *pipe, size_t len,
			unsigned int flags);
size_t tcp_splice_take(struct socket *sock, struct pipe *pipe, size_t len);
void tcp_splice_eof(struct socket *sock);

/* Sends an acknowledgement that is due, but has been put off. */
void tcp_ack_delayed(struct tcp_sock *tp);

/* net/tcp/tcp_icmp.c */
void tcp_icmp_init(void);

/* net/tcp/tcp_timer.c: what is queued may wait for more, for a while. */
void tcp_hold(struct tcp_sock *tp);

/* net/tcp/tcp_figures.c */
void tcp_figures_start(struct tcp_sock *tp);
void tcp_figures_in(struct tcp_sock *tp, size_t len);
void tcp_figures_out(struct tcp_sock *tp, uint32_t seq, size_t len);
void tcp_figures_acked(struct tcp_sock *tp, uint32_t ack, size_t n);

/* net/tcp/tcp_memory.c */
void tcp_memory_init(void);
/* What lwIP has queued for tp, which has a pcb, has changed. */
void tcp_memory_update(struct tcp_sock *tp);
/* Nothing is queued any more. */
void tcp_memory_release(struct tcp_sock *tp);
/* Payload, in whole segments, that memory lets tp queue for sending now. */
size_t tcp_memory_room(const struct tcp_sock *tp);
/* Payload that comes can be kept; NULL: of a connection to be. */
bool tcp_memory_may_receive(const struct tcp_sock *tp);
/* So can payload beyond a gap. */
bool tcp_memory_may_keep_gap(const struct tcp_sock *tp);
/* Everything before gone has left a queue that ends at end now. */
void tcp_progress(struct tcp_progress *p, uint32_t gone, uint32_t end);
/* A connection could not be opened for want of a pcb. */
void tcp_memory_want_pcb(void);

/* net/tcp/tcp_window.c */
void tcp_window_init(struct tcp_sock *tp);
/* n bytes were read: the window opens again. */
void tcp_window_read(struct sock *sk, size_t n);

/* net/tcp/memory_wait.c: nothing more is queued until there is memory again. */
void tcp_wait_for_memory(struct tcp_sock *tp);
/* The sock has got some by itself, or goes away. */
void tcp_has_memory(struct tcp_sock *tp);
static inline bool tcp_waits_for_memory(const struct tcp_sock *tp)
{
	return !list_empty(&tp->memory_wait);
}

/* net/tcp/tcp_close.c */
void tcp_shutdown_sock(struct sock *sk, int how);
void tcp_close_sock(struct sock *sk);
/* The state after which a FIN is sent; false: it has been already. */
bool tcp_start_closing(struct sock *sk);
/* SO_LINGER: whether close(2) has to wait, how long, or to reset. */
bool tcp_may_linger(const struct sock *sk);
uint64_t tcp_linger_deadline(const struct sock *sk);
bool tcp_wants_reset(const struct sock *sk);
/* Too long without progress? Then the connection ends: true. */
bool tcp_orphan_expired(struct tcp_sock *tp);

/* net/tcp/tcp_poll.c */
uint32_t tcp_poll_mask(struct sock *sk);
long tcp_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg);

/* net/tcp/tcp_info.c */
void tcp_get_info(struct sock *sk, struct tcp_info *info);

#endif
