/* SPDX-License-Identifier: MIT */
/*
 * Received bytes that wait for the application: pbufs in order, either the
 * device's own receive buffers, without a copy, or blocks that hold what
 * came in small pieces. A receive buffer is 2 KiB whatever is in it, so
 * small payloads are copied: a peer that sends single bytes cannot take the
 * receive ring's memory, and a waiting byte costs about a byte.
 */
#ifndef NET_BASE_RXQUEUE_H
#define NET_BASE_RXQUEUE_H

#include <sys/types.h>

#include "kernel/base.h"

struct iov_iter;
struct pbuf; /* lwIP's */

struct rxqueue {
	struct pbuf *head;
	struct pbuf *tail;
	uint32_t len; /* bytes that can be read */
	uint32_t truesize; /* memory that they take */
	uint16_t room; /* bytes free in the tail, a block; else 0 */
	uint32_t read; /* bytes that have left the queue, ever */
};

static inline bool rxqueue_empty(const struct rxqueue *q)
{
	return !q->len;
}

/* The number of the next byte that will be queued, counted as read is. */
static inline uint32_t rxqueue_end(const struct rxqueue *q)
{
	return q->read + q->len;
}

/*
 * Appends a chain and consumes it; never fails. compact: copy even what
 * would not be copied, because memory is short.
 */
void rxqueue_add(struct rxqueue *q, struct pbuf *chain, bool compact);
/*
 * Appends n bytes from the iterator, which has them: how many, 0 without
 * memory, -EFAULT when not even the first block could be read.
 */
ssize_t rxqueue_fill(struct rxqueue *q, struct iov_iter *from, size_t n);
/* Moves all bytes of from, which is empty then, to the end of q. */
void rxqueue_splice(struct rxqueue *q, struct rxqueue *from);
/* The byte at the end of a queue that is not empty. */
uint8_t rxqueue_last(const struct rxqueue *q);
/*
 * Moves up to n bytes to the iterator, or nowhere if it is NULL; peek leaves
 * them in the queue too. Returns how many: fewer than there are when the
 * iterator's memory is bad.
 */
size_t rxqueue_read(struct rxqueue *q, struct iov_iter *to, size_t n,
		    bool peek);
/* Copies up to n bytes from the one behind the first skip, all of which stay. */
size_t rxqueue_peek(const struct rxqueue *q, struct iov_iter *to, size_t skip,
		    size_t n);
/*
 * Moves the oldest pbuf, or its first n bytes, to the end of another queue:
 * how many, or -ENOMEM for a part that would have to be copied.
 */
ssize_t rxqueue_move(struct rxqueue *to, struct rxqueue *from, size_t n,
		     bool compact);
void rxqueue_purge(struct rxqueue *q);

/* Memory in all queues of all sockets; of it, what rxqueue_fill() filled. */
size_t rxqueue_memory(void);
size_t rxqueue_local_memory(void);

/*
 * A reference to p that is not in a queue, a pipe's. Its memory is counted
 * apart until it is returned, and has a bound, beyond which bytes are to be
 * copied: pipes that nobody reads shall not hold what the network receives.
 */
bool rxqueue_may_lend(const struct pbuf *p);
size_t rxqueue_lent_memory(void);
void rxqueue_lend(struct pbuf *p);
void rxqueue_return(struct pbuf *p);
/*
 * The same for one that is to be queued again, of which the caller has the
 * last reference: len bytes at data, which lie in it.
 */
void rxqueue_requeue(struct rxqueue *q, struct pbuf *p, void *data, size_t len,
		     bool compact);

/* The memory of a single pbuf. */
size_t pbuf_truesize(const struct pbuf *p);

/*
 * p, or a copy in p's place that does not keep a receive buffer: of what is
 * small, and of everything while such buffers are short.
 */
struct pbuf *pbuf_right_size(struct pbuf *p);

/* Payloads up to this size do not keep a receive buffer. */
#define RX_COPYBREAK 512

#endif
