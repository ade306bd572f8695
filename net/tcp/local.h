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
#include <stdint.h>

struct proto;
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
