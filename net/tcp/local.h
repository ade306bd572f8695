/* SPDX-License-Identifier: MIT */
/*
 * TCP between two sockets of this machine. Neither lwIP nor an interface nor
 * a ring sees any of it: two socks are joined, and what one sends is put on
 * the other's sk_receive_queue.
 *
 * A tcp_sock of such a connection has tcp_local_prot and no pcb. peer is its
 * other end, until that one is reset, or closed with its end delivered.
 *
 * What the receive window of the peer would hold counts as delivered, what
 * lies in its queue beyond that as unsent: that is what SO_SNDBUF bounds, what
 * SIOCOUTQ tells, and what a FIN waits for.
 */
#ifndef NET_TCP_LOCAL_H
#define NET_TCP_LOCAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct msg;
struct proto;
struct rxqueue;
struct sock;
struct tcp_sock;

extern const struct proto tcp_local_prot;

/* The table of local connections; false: no memory. */
bool tcp_local_setup(void);

/*
 * Whether a connection to this address is made here: it is the machine's own,
 * unless the kernel's command line says "loopback=lwip".
 */
bool tcp_local_takes(uint32_t daddr);

/*
 * connect(2) to an address of this machine; the source has been chosen. The
 * sock is in SYN-SENT until tcp_local_prot.handshake().
 */
void tcp_local_connect(struct tcp_sock *tp, uint32_t daddr, uint16_t dport);
/*
 * Gives the connection up, reset if it was one. The sock has no peer then and
 * waits for none; else it is as it was.
 */
void tcp_local_abort(struct tcp_sock *tp);
/* Back to tcp_prot: a sock that may connect again, to whomever. */
void tcp_local_disconnect(struct tcp_sock *tp);

/* Whether there is a connection from addr:port to daddr:dport. */
bool tcp_local_tuple_used(uint32_t addr, uint16_t port, uint32_t daddr,
			  uint16_t dport);

/* net/tcp/local_send.c */
ssize_t tcp_local_sendmsg(struct sock *sk, struct msg *msg);
/*
 * Moves up to n bytes from a queue to the peer's, buffers as they are where
 * that is possible. Bytes; 0: no room or memory, sk_write_space will tell;
 * -EOPNOTSUPP: no such connection, or its peer takes nothing.
 */
ssize_t tcp_local_send_queue(struct tcp_sock *tp, struct rxqueue *from,
			     size_t n);
/*
 * Where bytes may be queued for tp's peer now: its queue, or NULL; and the end
 * of it, when some were.
 */
struct rxqueue *tcp_local_queue(const struct tcp_sock *tp);
void tcp_local_queued(struct tcp_sock *tp);
/*
 * Bytes that memory lets it queue now; when it is 0, the reader need not be the
 * one who tells that there is more.
 */
size_t tcp_local_memory_room(const struct tcp_sock *tp);
bool tcp_local_writeable(const struct tcp_sock *tp);
/* Bytes sent that the peer's window does not hold. */
size_t tcp_local_unsent(const struct tcp_sock *tp);
/* The reader of sk has taken bytes: its peer may go on. */
void tcp_local_data_taken(struct sock *sk, size_t n);
/* Bytes have been put on the queue of tp. */
void tcp_local_arrived(struct tcp_sock *tp);
/* Whether the peer is gone, or answers data with a reset. */
bool tcp_local_refused(const struct tcp_sock *tp);
/* So it does: tp, and the peer if there is one, learn of it. */
void tcp_local_answer_reset(struct tcp_sock *tp);
/* The end of sending: FIN, behind what is unsent. */
void tcp_local_send_fin(struct tcp_sock *tp);

/* net/tcp/local_cork.c */
/* What has been held back so far; NULL: no memory, so nothing can be. */
struct rxqueue *tcp_local_cork(struct tcp_sock *tp);
size_t tcp_local_corked(const struct tcp_sock *tp);
/*
 * It goes to the peer. False: that one wants no more, the connection was
 * reset, and tp is freed if nobody holds it.
 */
bool tcp_local_uncork(struct tcp_sock *tp);
/* It goes nowhere. */
void tcp_local_drop_cork(struct tcp_sock *tp);

/* net/tcp/local_wait.c */
/*
 * tp waits for listener to take it: in SYN-SENT for room in the accept queue,
 * else, as TCP_DEFER_ACCEPT wants it, for data, some seconds at most.
 */
void tcp_local_wait(struct tcp_sock *tp, struct tcp_sock *listener,
		    uint32_t seconds);
void tcp_local_wait_no_more(struct tcp_sock *tp);
/* The first data of a connection that waits for them. */
void tcp_local_accept_deferred(struct tcp_sock *tp);
/* The listener has room for one more. */
void tcp_local_room(struct tcp_sock *listener);
/* It is gone: who waits for it is refused, or reset. */
void tcp_local_listener_gone(struct tcp_sock *listener);

/* Between the files. */
/* One SYN: the connection, a refusal, or a place among those who wait. */
void tcp_local_send_syn(struct tcp_sock *tp);
/* tp's FIN arrives, and its acknowledgement: states move on. */
void tcp_local_deliver_fin(struct tcp_sock *tp);
/*
 * The connection is over: tp learns err, its peer that it was reset. tp is
 * freed when nobody holds it.
 */
void tcp_local_kill(struct tcp_sock *tp, int err);

#endif
