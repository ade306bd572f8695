/* SPDX-License-Identifier: MIT */
/*
 * What UDP, raw and ping sockets have in common: a receive queue bounded by
 * SO_RCVBUF, an error queue, and packets not yet sent, bounded by SO_SNDBUF.
 *
 * Datagrams from this machine and packets to send are charged in Linux's
 * sizes, because programs see them: how many fit, and what is dropped.
 *
 * Invariants:
 *  1. rmem is the sum of truesize over both queues, and deficit.
 *  2. count is the length of the receive queue; unread <= count: how many of
 *     them the deferred uncharge waits for (uncharge() in dgram.c).
 *  3. A closed sock is freed once wmem is 0.
 */
#ifndef NET_DGRAM_DGRAM_H
#define NET_DGRAM_DGRAM_H

#include "net/inet/inet_sock.h"
#include "net/inet/protocol.h"
#include "net/socket/sock.h"

struct iov_iter;
struct pbuf; /* lwIP's */

/* struct sock_extended_err, ip(7); <linux/errqueue.h> wants a C library. */
struct ip_extended_err {
	uint32_t err;
	uint8_t origin;
	uint8_t type;
	uint8_t code;
	uint8_t pad;
	uint32_t info;
	uint32_t data;
};

#define SO_EE_ORIGIN_LOCAL 1
#define SO_EE_ORIGIN_ICMP 2

struct dgram {
	struct list_head node;
	struct pbuf *p; /* what recv(2) copies */
	uint32_t truesize;
	uint32_t dropped; /* by the socket before this one: SO_RXQ_OVFL */
	bool is_local; /* from this machine: truesize is Linux's */
	bool peeked;
	bool knows_route; /* IP_PKTINFO was on at its arrival */
	uint64_t stamp; /* CLOCK_REALTIME, nanoseconds */
	struct ip_info ip;
	uint16_t sport;
	uint16_t dport;
	/* On the error queue: ip(7), IP_RECVERR. */
	struct ip_extended_err ee;
	uint32_t offender;
	uint32_t error_addr; /* where it was sent; the port is sport */
};

struct udp_cork;

struct dgram_sock {
	struct inet_sock inet;
	bool addr_bound; /* by bind(2): disconnecting keeps it */
	bool port_bound;

	/* Receiving. */
	struct list_head sk_receive_queue;
	uint32_t count;
	uint32_t unread;
	uint32_t rmem;
	uint32_t deficit; /* read, but not yet subtracted from rmem */
	uint32_t drops;
	int peek_off; /* SO_PEEK_OFF, -1: off */
	struct list_head sk_error_queue;

	/* Sending. */
	uint32_t wmem;
	bool closed;
	bool corked; /* UDP_CORK */
	struct udp_cork *cork; /* NULL: nothing is pending */
	uint16_t gso_size; /* UDP_SEGMENT */

	/* Raw sockets: net/dgram/raw.c. */
	uint32_t icmp_filter;
};

static inline struct dgram_sock *dgram_sk(const struct sock *sk)
{
	return container_of(sk, struct dgram_sock, inet.sk);
}

static inline struct sock *dgram_to_sk(struct dgram_sock *ds)
{
	return &ds->inet.sk;
}

void dgram_init(void); /* the slab caches */

/* An unconnected sock with the defaults of datagram sockets, or NULL. */
struct dgram_sock *dgram_sock_alloc(const struct proto *prot, int protocol);
/* Frees what is queued, and the sock once all its packets have been sent. */
void dgram_sock_close(struct dgram_sock *ds);

/* Fills all of p from the iterator: -EFAULT. */
int dgram_fill(struct pbuf *p, struct iov_iter *from);
/*
 * What Linux charges for a datagram that a socket sends: len bytes behind
 * headers of `header` bytes.
 */
uint32_t dgram_truesize(size_t len, size_t header);

/*
 * Queues a datagram with its own reference to p and calls sk_data_ready().
 * truesize 0: the memory that p takes. A drop is counted in ds->drops and, by
 * the caller, for its protocol: -ENOMEM, SO_RCVBUF or the network's budget is
 * full; -ENOBUFS, no memory.
 */
int dgram_deliver(struct dgram_sock *ds, struct pbuf *p,
		  const struct ip_info *ip, uint16_t sport, uint16_t dport,
		  uint32_t truesize);
/* Appends d, which is consumed, to the error queue; false: no room. */
bool dgram_deliver_error(struct dgram_sock *ds, struct dgram *d);
/* A datagram on no queue, with its own reference to p, or NULL. */
struct dgram *dgram_alloc(struct pbuf *p, uint32_t truesize);
void dgram_free(struct dgram *d);
/*
 * Takes the first datagram off the error queue, NULL: none. sk_err becomes
 * the error of the next one if that is from ICMP.
 */
struct dgram *dgram_take_error(struct dgram_sock *ds);

/*
 * Waits for a datagram to read: 0 with *d, which stays on the queue, and *off,
 * the offset where reading starts (SO_PEEK_OFF); 0 with *d NULL after a
 * shutdown; -errno.
 */
int dgram_wait(struct dgram_sock *ds, uint32_t flags, uint32_t *off,
	       struct dgram **d);
/* Takes d off the queue and frees it. */
void dgram_consume(struct dgram_sock *ds, struct dgram *d);
/* Copies n bytes from offset off: -EFAULT. */
int dgram_copy(const struct dgram *d, size_t off, size_t n,
	       struct iov_iter *to);

/*
 * A packet charged to ds until it is freed: len bytes in one piece, with room
 * for headers in front; NULL: no memory.
 */
struct pbuf *dgram_wire_alloc(void *ds, size_t len);
/* To be called before: waits for room in SO_SNDBUF. 0 or -errno. */
int dgram_wait_wmem(struct dgram_sock *ds, bool nonblock);
/* The check before every send: the pending error, -EPIPE after a shutdown. */
int dgram_may_send(struct dgram_sock *ds);
/* A datagram was sent to this machine: calls sk_write_space(). */
void dgram_sent_locally(struct dgram_sock *ds);

uint32_t dgram_poll_mask(struct sock *sk);
void dgram_queues(struct sock *sk, struct sock_queues *queues);
/* SIOCOUTQ, and SIOCINQ: the length of the first datagram. */
long dgram_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg);

/* Bytes in the queues of all datagram sockets. */
size_t dgram_memory(void);

/* The invariants: kernel/check.h. */
const char *dgram_check(const struct dgram_sock *ds);
/* Those of a table of ports, and of all sockets that have one of them. */
const char *dgram_ports_check(const struct inet_ports *ports);

#endif
