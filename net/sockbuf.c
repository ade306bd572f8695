/* SPDX-License-Identifier: MIT */
/*
 * Messages between sockets of this machine: memory, copies, queues. Owns the
 * bytes; whose they are is the family's business. Thread context.
 */
#include "net/sockbuf.h"

#include <errno.h>

#include "kernel/fs/iov_iter.h"
#include "kernel/fs/pipe_buf.h"
#include "kernel/mm/slab.h"
#include "net/sock.h"

/* Linux on x86-64: struct sk_buff, struct skb_shared_info, a cache line. */
#define SKB_OVERHEAD 256
#define SKB_SHARED_INFO 320
#define CACHE_LINE 64
#define LEAST_BLOCK 512

uint32_t sockbuf_truesize(size_t head, size_t paged)
{
	size_t need = ALIGN_UP(head, CACHE_LINE) + SKB_SHARED_INFO;
	size_t block = LEAST_BLOCK;

	while (block < need)
		block *= 2;
	return block + SKB_OVERHEAD + ALIGN_UP(paged, PAGE_SIZE);
}

struct sockbuf *sockbuf_alloc(size_t len)
{
	size_t head = MIN(len, (size_t)SOCKBUF_HEAD_MAX);
	struct sockbuf *buf = kmalloc(sizeof(*buf) + head);

	if (!buf)
		return NULL;
	*buf = (struct sockbuf){ .refs = 1, .len = len };
	if (len == head)
		return buf;
	buf->tail = kmalloc(len - head);
	if (!buf->tail) {
		kfree(buf);
		return NULL;
	}
	return buf;
}

static void put_bytes(struct sockbuf *buf)
{
	if (--buf->refs)
		return;
	kfree(buf->tail);
	kfree(buf);
}

void sockbuf_free(struct sockbuf *buf)
{
	if (buf->destructor)
		buf->destructor(buf);
	put_bytes(buf);
}

int sockbuf_fill(struct sockbuf *buf, struct iov_iter *from)
{
	size_t head = MIN((size_t)buf->len, (size_t)SOCKBUF_HEAD_MAX);
	size_t rest = buf->len - head;

	if (copy_from_iter(buf->head, head, from) < head)
		return -EFAULT;
	if (rest && copy_from_iter(buf->tail, rest, from) < rest)
		return -EFAULT;
	return 0;
}

int sockbuf_copy(const struct sockbuf *buf, size_t n, struct iov_iter *to)
{
	size_t at = buf->taken;
	size_t part;

	if (at < SOCKBUF_HEAD_MAX) {
		part = MIN(n, SOCKBUF_HEAD_MAX - at);
		if (copy_to_iter(buf->head + at, part, to) < part)
			return -EFAULT;
		at += part;
		n -= part;
	}
	if (n && copy_to_iter(buf->tail + at - SOCKBUF_HEAD_MAX, n, to) < n)
		return -EFAULT;
	return 0;
}

static bool lent_get(struct pipe_buffer *buf)
{
	struct sockbuf *owner = buf->owner;

	owner->refs++;
	return true;
}

static void lent_release(struct pipe_buffer *buf)
{
	put_bytes(buf->owner);
}

static const struct pipe_buf_ops lent_ops = {
	.get = lent_get,
	.release = lent_release,
};

/* The bytes from at on that lie in one piece, n at most. */
static size_t one_piece(struct sockbuf *buf, size_t at, size_t n, char **data)
{
	if (at >= SOCKBUF_HEAD_MAX) {
		*data = buf->tail + at - SOCKBUF_HEAD_MAX;
		return n;
	}
	*data = buf->head + at;
	return MIN(n, SOCKBUF_HEAD_MAX - at);
}

size_t sockbuf_splice(struct sockbuf *buf, size_t n, struct pipe *pipe)
{
	size_t done = 0;

	while (done < n && !pipe_is_full(pipe)) {
		struct pipe_buffer lent = { .ops = &lent_ops, .owner = buf };

		lent.len = one_piece(buf, buf->taken + done, n - done,
				     &lent.data);
		buf->refs++;
		pipe_add(pipe, &lent);
		done += lent.len;
	}
	return done;
}

void sockbuf_deliver(struct sock *sk, struct sockbuf_queue *q,
		     struct sockbuf *buf)
{
	list_add_tail(&buf->node, &q->list);
	q->count++;
	sk->sk_data_ready(sk);
}

void sockbuf_unlink(struct sockbuf_queue *q, struct sockbuf *buf)
{
	list_del(&buf->node);
	q->count--;
}

void sockbuf_purge(struct sockbuf_queue *q)
{
	struct sockbuf *buf;

	while ((buf = sockbuf_first(q))) {
		sockbuf_unlink(q, buf);
		sockbuf_free(buf);
	}
}
