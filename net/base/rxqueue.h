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
	uint32_t truesize; /* memory of its pbufs */
	uint16_t room; /* bytes free in the tail if that is a block; else 0 */
	uint32_t read; /* bytes that have left the queue since its start */
};

static inline bool rxqueue_empty(const struct rxqueue *q)
{
	return !q->len;
}

/* The number of the next byte to be queued, in the count of `read`. */
static inline uint32_t rxqueue_end(const struct rxqueue *q)
{
	return q->read + q->len;
}

/*
 * Appends a chain and consumes it; never fails. compact: copies large payloads
 * too, because memory is short.
 */
void rxqueue_add(struct rxqueue *q, struct pbuf *chain, bool compact);
/*
 * Appends n bytes from the iterator, which must have them. How many; 0: no
 * memory; -EFAULT: the first step of the copy faulted.
 */
ssize_t rxqueue_fill(struct rxqueue *q, struct iov_iter *from, size_t n);
/* Moves all bytes of from to the end of q; from is empty then. */
void rxqueue_splice(struct rxqueue *q, struct rxqueue *from);
/* The byte at the end of a queue that is not empty. */
uint8_t rxqueue_last(const struct rxqueue *q);
/*
 * Moves up to n bytes to the iterator; NULL: discards them. peek: leaves them
 * in the queue. Returns how many: fewer after a fault in the iterator's memory.
 */
size_t rxqueue_read(struct rxqueue *q, struct iov_iter *to, size_t n,
		    bool peek);
/* Copies up to n bytes behind the first skip bytes; all stay in the queue. */
size_t rxqueue_peek(const struct rxqueue *q, struct iov_iter *to, size_t skip,
		    size_t n);
/*
 * Moves the oldest pbuf to the end of another queue, or copies up to n of its
 * bytes if it is longer or shared. How many bytes; -ENOMEM: the copy failed.
 */
ssize_t rxqueue_move(struct rxqueue *to, struct rxqueue *from, size_t n,
		     bool compact);
void rxqueue_purge(struct rxqueue *q);

/* Memory of all rxqueues; the part of it that rxqueue_fill() filled. */
size_t rxqueue_memory(void);
size_t rxqueue_local_memory(void);

/*
 * A pipe's reference to p. The memory of such references is counted separately
 * until they are returned, and bounded, so that pipes nobody reads cannot hold
 * all received data; beyond the bound (may_lend false) the caller has to copy.
 */
bool rxqueue_may_lend(const struct pbuf *p);
size_t rxqueue_lent_memory(void);
void rxqueue_lend(struct pbuf *p);
void rxqueue_return(struct pbuf *p);
/*
 * Returns p, of which the caller has the last reference, and appends its len
 * bytes at data, which lie in p, to q.
 */
void rxqueue_requeue(struct rxqueue *q, struct pbuf *p, void *data, size_t len,
		     bool compact);

/* The memory of a single pbuf. */
size_t pbuf_truesize(const struct pbuf *p);

/*
 * Frees the receive buffer of a small payload, or of any while they are short:
 * returns a copy in place of p; else p.
 */
struct pbuf *pbuf_right_size(struct pbuf *p);

/* Payloads up to this size do not keep a receive buffer. */
#define RX_COPYBREAK 512

#endif
