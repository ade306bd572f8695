/* SPDX-License-Identifier: MIT */
/*
 * Messages between sockets of this machine: memory, copies, queues. Owns the
 * messages' memory; the family owns the queues. Thread context.
 */
#include "net/socket/sockbuf.h"

#include <errno.h>

#include "kernel/fs/iov_iter.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/pipe/pipe_impl.h"
#include "kernel/task/thread.h"
#include "net/base/skb_size.h"
#include "net/socket/sock.h"

/* Linux's: the smallest block, and PAGE_ALLOC_COSTLY_ORDER. */
#define LEAST_BLOCK 512
#define PIECE_ORDER 3

_Static_assert(sizeof(struct sockbuf) + SOCKBUF_HEAD_MAX <= PAGE_SIZE,
	       "no block of several pages");

uint32_t sockbuf_truesize(size_t head, size_t paged)
{
	size_t need = ALIGN_UP(head, SKB_ALIGN) + SKB_SHARED_INFO;
	size_t block = LEAST_BLOCK;

	while (block < need)
		block *= 2;
	return block + SKB_OVERHEAD + ALIGN_UP(paged, PAGE_SIZE);
}

static void free_bytes(struct sockbuf *buf)
{
	while (!list_empty(&buf->pages)) {
		struct page *page = list_first_entry(&buf->pages, struct page,
						     lru);

		list_del(&page->lru);
		put_page(page);
	}
}

static void put_head(struct sockbuf *buf)
{
	if (!--buf->refs)
		kfree(buf);
}

static size_t piece_size(const struct page *page)
{
	return PAGE_SIZE << page->order;
}

/*
 * As on Linux: the largest piece that len fills, down to single pages when
 * memory has none. Programs see it in how many pipe slots a message takes.
 */
static struct page *piece_alloc(size_t len)
{
	unsigned int order = PIECE_ORDER;
	struct page *page = NULL;

	for (; order && !page; order -= !page) {
		if (ALIGN_UP(len, PAGE_SIZE) >= PAGE_SIZE << order)
			page = alloc_pages(order, ALLOC_USER);
	}
	return page ? page : user_page_alloc(0);
}

struct sockbuf *sockbuf_alloc(size_t len)
{
	size_t head = MIN(len, (size_t)SOCKBUF_HEAD_MAX);
	struct sockbuf *buf = kmalloc_flags(sizeof(*buf) + head, ALLOC_USER);

	if (!buf)
		return NULL;
	*buf = (struct sockbuf){ .refs = 1, .len = len };
	INIT_LIST_HEAD(&buf->pages);
	for (size_t at = head; at < len;) {
		struct page *page = piece_alloc(len - at);

		if (!page) {
			free_bytes(buf);
			put_head(buf);
			return NULL;
		}
		list_add_tail(&page->lru, &buf->pages);
		at += piece_size(page);
	}
	return buf;
}

void sockbuf_free(struct sockbuf *buf)
{
	if (buf->destructor)
		buf->destructor(buf);
	free_bytes(buf);
	put_head(buf);
}

/* A position in a message: n bytes at data lie in one piece. */
struct cursor {
	struct sockbuf *buf;
	struct page *page; /* NULL: data is in the head */
	char *data;
	size_t n;
};

static void next_piece(struct cursor *c)
{
	struct list_head *at = c->page ? &c->page->lru : &c->buf->pages;

	c->page = list_entry(at->next, struct page, lru);
	c->data = page_address(c->page);
	c->n = piece_size(c->page);
}

/* Moves to byte `at`, which must be in the message. */
static void seek(struct cursor *c, struct sockbuf *buf, size_t at)
{
	c->buf = buf;
	c->page = NULL;
	c->data = buf->head;
	c->n = MIN((size_t)buf->len, (size_t)SOCKBUF_HEAD_MAX);
	while (at >= c->n) {
		at -= c->n;
		next_piece(c);
	}
	c->data += at;
	c->n -= at;
}

int sockbuf_fill(struct sockbuf *buf, struct iov_iter *from)
{
	size_t left = buf->len;
	struct cursor c;

	if (!left)
		return 0;
	for (seek(&c, buf, 0);; next_piece(&c)) {
		size_t n = MIN(c.n, left);

		if (copy_from_iter(c.data, n, from) < n)
			return -EFAULT;
		left -= n;
		if (!left)
			return 0;
	}
}

int sockbuf_copy(struct sockbuf *buf, size_t n, struct iov_iter *to)
{
	struct cursor c;

	if (!n)
		return 0;
	for (seek(&c, buf, buf->taken);; next_piece(&c)) {
		size_t part = MIN(c.n, n);

		if (copy_to_iter(c.data, part, to) < part)
			return -EFAULT;
		n -= part;
		if (!n)
			return 0;
	}
}

static bool lent_get(struct pipe_buffer *buf)
{
	struct sockbuf *owner = buf->owner;

	owner->refs++;
	return true;
}

static void lent_release(struct pipe_buffer *buf)
{
	put_head(buf->owner);
}

static const struct pipe_buf_ops lent_ops = {
	.get = lent_get,
	.release = lent_release,
};

static void lend_head(struct pipe *pipe, struct cursor *c, size_t n)
{
	c->buf->refs++;
	pipe_add(pipe, &(struct pipe_buffer){
			       .ops = &lent_ops,
			       .owner = c->buf,
			       .data = c->data,
			       .len = n,
		       });
}

size_t sockbuf_splice(struct sockbuf *buf, size_t n, struct pipe *pipe)
{
	size_t done = 0;
	struct cursor c;

	if (!n || pipe_is_full(pipe))
		return 0;
	for (seek(&c, buf, buf->taken);; next_piece(&c)) {
		size_t part = MIN(c.n, n - done);

		if (c.page)
			pipe_lend_page(pipe, c.page, c.data, part);
		else
			lend_head(pipe, &c, part);
		done += part;
		if (done == n || pipe_is_full(pipe))
			return done;
	}
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
		cond_resched();
	}
}
