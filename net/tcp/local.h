/* SPDX-License-Identifier: MIT */
/*
 * TCP between two sockets of this machine, without lwIP, interface or ring: two
 * socks are joined, and data sent on one is put on the other's
 * sk_receive_queue.
 *
 * A tcp_sock of such a connection has tcp_local_prot and no pcb. peer is the
 * other end; NULL after that was reset, or closed with its FIN delivered.
 *
 * Bytes in the peer's queue that fit in its receive window count as delivered,
 * those beyond it as unsent: SO_SNDBUF bounds them, SIOCOUTQ reports them, and
 * a FIN waits for them.
 */
#ifndef NET_TCP_LOCAL_H
#define NET_TCP_LOCAL_H

#include <stdbool.h>
#include <stdint.h>

struct proto;
struct tcp_sock;

extern const struct proto tcp_local_prot;

/* Allocates the table of local connections; false: no memory. */
bool tcp_local_setup(void);

/*
 * Whether connections to daddr are local ones: it is this machine's address,
 * and the kernel's command line does not have "loopback=lwip".
 */
bool tcp_local_takes(uint32_t daddr);

/*
 * connect(2) to an address of this machine; the source has been chosen. The
 * sock is in SYN-SENT until tcp_local_prot.handshake().
 */
void tcp_local_connect(struct tcp_sock *tp, uint32_t daddr, uint16_t dport);
/*
 * Aborts the connection, with a reset to the peer, or the attempt to connect.
 * The sock has no peer then; it is not freed.
 */
void tcp_local_abort(struct tcp_sock *tp);
/* Aborts, and sets the sock back to tcp_prot: it may connect anywhere again. */
void tcp_local_disconnect(struct tcp_sock *tp);

/* Whether there is a connection from addr:port to daddr:dport. */
bool tcp_local_tuple_used(uint32_t addr, uint16_t port, uint32_t daddr,
			  uint16_t dport);

/* One SYN: connects, is refused, or waits (net/tcp/local_wait.c). */
void tcp_local_send_syn(struct tcp_sock *tp);
/* Delivers tp's FIN and its acknowledgement: changes both states. */
void tcp_local_deliver_fin(struct tcp_sock *tp);
/*
 * Ends the connection: err for tp, a reset for its peer. tp is freed if it has
 * no socket and is on no listener's queue.
 */
void tcp_local_kill(struct tcp_sock *tp, int err);

#endif
