/* SPDX-License-Identifier: MIT */
/*
 * Messages between two sockets of this machine. The bytes are copied in once
 * and out once; in between a message moves by reference, together with its
 * descriptors and credentials.
 *
 * A message is charged to its sender (owner) until it is freed. The charge is
 * Linux's, because programs see it: in how much fits before EAGAIN and in
 * SIOCOUTQ.
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

/* The most that Linux puts in the head, which is one page at most. */
#define SOCKBUF_HEAD_MAX 3776

/*
 * The first bytes follow the struct; the others lie in pieces of several
 * pages or, when memory has no such piece, in single pages.
 */
struct sockbuf {
	struct list_head node;
	uint32_t refs; /* to the head: the queue's or reader's, and pipes' */
	struct sock *owner;
	/* Releases all but the message's memory; may be NULL. */
	void (*destructor)(struct sockbuf *buf);
	struct scm scm;
	uint32_t len; /* bytes */
	uint32_t taken; /* bytes already read */
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

/* NULL: the queue is empty. */
static inline struct sockbuf *sockbuf_first(const struct sockbuf_queue *q)
{
	if (list_empty(&q->list))
		return NULL;
	return list_first_entry(&q->list, struct sockbuf, node);
}

/* Bytes not yet read. */
static inline size_t sockbuf_left(const struct sockbuf *buf)
{
	return buf->len - buf->taken;
}

/*
 * What Linux charges for a message with head bytes in one block and paged
 * bytes in pages.
 */
uint32_t sockbuf_truesize(size_t head, size_t paged);

/* Room for len bytes, no owner, not charged; NULL: no memory. */
struct sockbuf *sockbuf_alloc(size_t len);
/*
 * Gives back all that the message holds, and the charge; a page of it, or its
 * head, goes when no pipe refers to it any more.
 */
void sockbuf_free(struct sockbuf *buf);
/* Fills the message, which is buf->len bytes, from the iterator: -EFAULT. */
int sockbuf_fill(struct sockbuf *buf, struct iov_iter *from);
/* Copies the next n unread bytes and leaves them unread: -EFAULT. */
int sockbuf_copy(struct sockbuf *buf, size_t n, struct iov_iter *to);
/* Puts up to n unread bytes into a pipe by reference: how many fitted. */
size_t sockbuf_splice(struct sockbuf *buf, size_t n, struct pipe *pipe);

/*
 * The only way from sender to receiver: appends to sk's queue q and calls
 * sk_data_ready(). Consumes buf; never fails.
 */
void sockbuf_deliver(struct sock *sk, struct sockbuf_queue *q,
		     struct sockbuf *buf);
/* Takes buf off q; the caller owns it then. */
void sockbuf_unlink(struct sockbuf_queue *q, struct sockbuf *buf);
/* Frees all of q, which closes descriptors; other threads run. May sleep. */
void sockbuf_purge(struct sockbuf_queue *q);

#endif
