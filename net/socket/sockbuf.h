/* SPDX-License-Identifier: MIT */
/*
 * Messages between two sockets of this machine. One copy brings the bytes
 * in, one takes them out; between the two a message moves by reference, with
 * the descriptors and credentials that travel along.
 *
 * A message is charged to its sender (owner) until it is freed, in the sizes
 * that Linux charges, because programs see them: how much fits before EAGAIN
 * and what SIOCOUTQ says.
 */
#ifndef NET_SOCKET_SOCKBUF_H
#define NET_SOCKET_SOCKBUF_H

#include <sys/types.h>

#include "kernel/base.h"
#include "kernel/lib/list.h"
#include "net/socket/scm.h"

struct iov_iter;
struct pipe;
struct sock;

/* The most that Linux puts beside the bookkeeping in one page. */
#define SOCKBUF_HEAD_MAX 3776

/*
 * The first bytes stand behind the bookkeeping, the others in pieces of some
 * pages or, since no such piece can be counted on, in single ones.
 */
struct sockbuf {
	struct list_head node;
	uint32_t refs; /* to the head: of the queue or the reader, of pipes */
	struct sock *owner;
	/* Gives back what the message holds, but its memory; may be NULL. */
	void (*destructor)(struct sockbuf *buf);
	struct scm scm;
	uint32_t len; /* bytes */
	uint32_t taken; /* of them, by reads */
	uint32_t truesize; /* what the owner is charged */
	struct list_head pages; /* pieces beyond SOCKBUF_HEAD_MAX, by lru */
	char head[];
};

struct sockbuf_queue {
	struct list_head list;
	uint32_t count;
};

static inline void sockbuf_queue_init(struct sockbuf_queue *q)
{
	INIT_LIST_HEAD(&q->list);
	q->count = 0;
}

/* NULL when there is none. */
static inline struct sockbuf *sockbuf_first(const struct sockbuf_queue *q)
{
	if (list_empty(&q->list))
		return NULL;
	return list_first_entry(&q->list, struct sockbuf, node);
}

/* Bytes that were not read yet. */
static inline size_t sockbuf_left(const struct sockbuf *buf)
{
	return buf->len - buf->taken;
}

/*
 * What Linux charges for a message with head bytes in one block and paged
 * bytes in pages.
 */
uint32_t sockbuf_truesize(size_t head, size_t paged);

/* Room for len bytes, without owner and charge; NULL: no memory. */
struct sockbuf *sockbuf_alloc(size_t len);
/*
 * Gives back all that the message holds, and the charge; a page of it, or its
 * head, goes when no pipe refers to it any more.
 */
void sockbuf_free(struct sockbuf *buf);
/* The whole of the message comes from the iterator: -EFAULT. */
int sockbuf_fill(struct sockbuf *buf, struct iov_iter *from);
/* Copies n of the bytes that are left, takes none: -EFAULT. */
int sockbuf_copy(struct sockbuf *buf, size_t n, struct iov_iter *to);
/* Puts n of them into a pipe by reference: how many found room. */
size_t sockbuf_splice(struct sockbuf *buf, size_t n, struct pipe *pipe);

/*
 * The one way from a sender to a receiver: appends to the queue q of sk and
 * tells sk. Consumes buf; never fails.
 */
void sockbuf_deliver(struct sock *sk, struct sockbuf_queue *q,
		     struct sockbuf *buf);
/* Takes buf off q; the caller has it then. */
void sockbuf_unlink(struct sockbuf_queue *q, struct sockbuf *buf);
/* Of all of them; descriptors are closed, and others may run. May sleep. */
void sockbuf_purge(struct sockbuf_queue *q);

#endif
