/* SPDX-License-Identifier: MIT */
/*
 * Datagrams that wait for the application, and what the sockets that receive
 * them (UDP, raw, ping) have in common: a queue bounded by SO_RCVBUF, an error
 * queue, and the memory of what is on its way out, bounded by SO_SNDBUF.
 *
 * A datagram is charged in the sizes that Linux charges, because programs see
 * them: how many fit, and what is dropped.
 *
 * Invariants:
 *  1. rmem is the sum of truesize over both queues, and deficit.
 *  2. count is the length of the queue; unread <= count: datagrams that were
 *     there when the reader last looked.
 *  3. A sock lives until wmem is 0, whoever closed it.
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
	uint32_t dropped; /* by the socket until now: SO_RXQ_OVFL */
	bool is_local; /* truesize is what Linux charges for its own */
	bool peeked;
	bool knows_route; /* IP_PKTINFO was on when it came */
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
	bool addr_bound; /* by bind(2): connect(2) does not take it away */
	bool port_bound;

	/* Receiving. */
	struct list_head sk_receive_queue;
	uint32_t count;
	uint32_t unread;
	uint32_t rmem;
	uint32_t deficit; /* read, but not yet given back to rmem */
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

/* A closed socket with the defaults of sockets of datagrams, or NULL. */
struct dgram_sock *dgram_sock_alloc(const struct proto *prot, int protocol);
/* Frees what is queued, and the sock once nothing of it is on its way out. */
void dgram_sock_close(struct dgram_sock *ds);

/* All of p from the iterator: -EFAULT. */
int dgram_fill(struct pbuf *p, struct iov_iter *from);
/*
 * What Linux charges for a datagram of len bytes from a socket of this
 * machine, with header bytes in front.
 */
uint32_t dgram_truesize(size_t len, size_t header);

/*
 * Queues a datagram with its own reference to p and tells the receiver.
 * truesize 0: the memory of p. A drop adds to ds->drops, and the protocol
 * counts it: -ENOMEM, SO_RCVBUF or the budget of all is full; -ENOBUFS, there
 * is no memory.
 */
int dgram_deliver(struct dgram_sock *ds, struct pbuf *p,
		  const struct ip_info *ip, uint16_t sport, uint16_t dport,
		  uint32_t truesize);
/* Appends d, which is consumed, to the error queue; false: no room. */
bool dgram_deliver_error(struct dgram_sock *ds, struct dgram *d);
/* A datagram of nobody's yet, with a reference of its own to p, or NULL. */
struct dgram *dgram_alloc(struct pbuf *p, uint32_t truesize);
void dgram_free(struct dgram *d);
/* Takes the first error, and arms what follows: NULL if there is none. */
struct dgram *dgram_take_error(struct dgram_sock *ds);

/*
 * The datagram to read, after waiting for it: 0 with *d, which stays on the
 * queue, or *d NULL at the end; -errno. *off: in SO_PEEK_OFF or 0, out the
 * offset into this datagram.
 */
int dgram_wait(struct dgram_sock *ds, uint32_t flags, uint32_t *off,
	       struct dgram **d);
/* Takes d off the queue and frees it. */
void dgram_consume(struct dgram_sock *ds, struct dgram *d);
/* Copies n bytes from off on: -EFAULT. */
int dgram_copy(const struct dgram *d, size_t off, size_t n,
	       struct iov_iter *to);

/*
 * A packet that is charged to ds until it has left: len bytes in one piece,
 * with room for headers in front; NULL without memory.
 */
struct pbuf *dgram_wire_alloc(void *ds, size_t len);
/* Before that: waits for room in SO_SNDBUF. -EAGAIN, or why not to wait. */
int dgram_wait_wmem(struct dgram_sock *ds, bool nonblock);
/* What every send does first: the pending error, or the end of sending. */
int dgram_may_send(struct dgram_sock *ds);
/* A datagram to ourselves has left the sender in the same moment. */
void dgram_sent_locally(struct dgram_sock *ds);

uint32_t dgram_poll_mask(struct sock *sk);
void dgram_queues(struct sock *sk, struct sock_queues *queues);
/* SIOCOUTQ, and SIOCINQ: the length of the first datagram. */
long dgram_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg);

/* Memory in all queues of all such sockets. */
size_t dgram_memory(void);

/* The invariants: kernel/check.h. */
const char *dgram_check(const struct dgram_sock *ds);
/* Those of a table of ports, and of all sockets that have one of them. */
const char *dgram_ports_check(const struct inet_ports *ports);

#endif
