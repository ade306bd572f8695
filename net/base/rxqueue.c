/* SPDX-License-Identifier: MIT */
/*
 * The queue of received bytes. Owns the pbufs from rxqueue_add() until they
 * are read. Softirq (add) and system calls (read).
 */
#include "net/base/rxqueue.h"

#include <errno.h>
#include <string.h>

#include "kernel/fs/iov_iter.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "lwip/pbuf.h"
#include "net/base/counters.h"
#include "net/base/memory.h"
#include "net/base/rx_buffers.h"

/* Sizes of a block as kmalloc() gets them, with lwIP's header. */
#define BLOCK_MIN 256
#define BLOCK_MAX 4096
#define BLOCK_HEADER sizeof(struct pbuf)

/* The most that rxqueue_fill() copies in one step; a fault undoes the step. */
#define FILL_MAX (32768 - BLOCK_HEADER)

/* A read that faults is cut to a multiple of this, as on Linux. */
#define ATOMIC_COPY 65536

/* A device's receive buffer with the driver's header. */
#define RX_BUFFER_TRUESIZE 2304

/* A block filled by a sender of this machine; lwIP does not use this bit. */
#define PBUF_FLAG_LOCAL 0x80

static size_t total_memory;
static size_t local_memory; /* part of it, in PBUF_FLAG_LOCAL blocks */

/* Pipes may refer to memory of an 8th of the budget's size, beyond it. */
#define LENT_SHARE 8

static size_t lent_memory; /* counts a pbuf once for each reference */

size_t rxqueue_memory(void)
{
	return total_memory;
}

size_t rxqueue_lent_memory(void)
{
	return lent_memory;
}

size_t rxqueue_local_memory(void)
{
	return local_memory;
}

static void count_memory(const struct pbuf *p, size_t n)
{
	total_memory += n;
	if (p->flags & PBUF_FLAG_LOCAL)
		local_memory += n;
}

static void uncount_memory(const struct pbuf *p, size_t n)
{
	ASSERT(total_memory >= n);
	total_memory -= n;
	if (p->flags & PBUF_FLAG_LOCAL)
		local_memory -= n;
}

size_t pbuf_truesize(const struct pbuf *p)
{
	if (p->flags & PBUF_FLAG_IS_CUSTOM)
		return RX_BUFFER_TRUESIZE;
	return ksize(p);
}

/* The unit of a pbuf's field `charged`, in bytes. */
#define CHARGE_UNIT 64

struct pbuf *pbuf_right_size(struct pbuf *p)
{
	struct pbuf *copy;

	if (!(p->flags & PBUF_FLAG_IS_CUSTOM) ||
	    (p->tot_len > RX_COPYBREAK && !rx_buffers_short()))
		return p;
	copy = pbuf_clone(PBUF_RAW, PBUF_RAM, p);
	if (!copy)
		return p;
	pbuf_free(p);
	return copy;
}

static void charge(struct rxqueue *q, struct pbuf *p, size_t truesize)
{
	size_t n = ALIGN_UP(truesize, (size_t)CHARGE_UNIT);

	p->charged = n / CHARGE_UNIT;
	q->truesize += n;
	count_memory(p, n);
}

static void uncharge(struct rxqueue *q, const struct pbuf *p)
{
	size_t n = (size_t)p->charged * CHARGE_UNIT;

	ASSERT(q->truesize >= n);
	q->truesize -= n;
	uncount_memory(p, n);
}

static void link_tail(struct rxqueue *q, struct pbuf *p)
{
	p->next = NULL;
	p->tot_len = p->len;
	if (q->tail)
		q->tail->next = p;
	else
		q->head = p;
	q->tail = p;
}

/* Blocks grow with the queue, so that many small segments need few blocks. */
static size_t block_size(const struct rxqueue *q, size_t len)
{
	size_t size = BLOCK_MIN;

	while (size < BLOCK_MAX && size < BLOCK_HEADER + len + q->len)
		size *= 2;
	return size;
}

/*
 * An empty block of size bytes with its header: a PBUF_RAM as pbuf_alloc()
 * makes it. pbuf_free() frees it.
 */
static struct pbuf *new_block(size_t size, unsigned int flags)
{
	struct pbuf *p = kmalloc_flags(size, flags);

	if (!p)
		return NULL;
	*p = (struct pbuf){
		.payload = p + 1,
		.type_internal = (uint8_t)PBUF_RAM,
		.ref = 1,
	};
	return p;
}

static void link_block(struct rxqueue *q, struct pbuf *p, size_t size)
{
	link_tail(q, p);
	q->room = size - BLOCK_HEADER - p->len;
	charge(q, p, size);
}

/* A new tail with room for at least len bytes; false: no memory. */
static bool add_block(struct rxqueue *q, size_t len)
{
	size_t size = block_size(q, len);
	struct pbuf *p = new_block(size, ALLOC_PACKET);

	if (!p)
		return false;
	link_block(q, p, size);
	return true;
}

static void append(struct pbuf *p, const uint8_t *data, size_t n)
{
	memcpy((uint8_t *)p->payload + p->len, data, n);
	p->len += n;
}

/* Copies one pbuf's bytes; false: no memory, nothing was copied. */
static bool add_copy(struct rxqueue *q, const struct pbuf *p)
{
	const uint8_t *data = p->payload;
	size_t head = MIN(q->room, p->len);
	size_t rest = p->len - head;
	struct pbuf *tail = q->tail;

	if (rest && !add_block(q, rest))
		return false;
	if (head)
		append(tail, data, head);
	if (rest)
		append(q->tail, data + head, rest);
	q->room -= rest ? rest : head;
	q->len += p->len;
	return true;
}

static void add_one(struct rxqueue *q, struct pbuf *p, bool compact)
{
	if ((compact || p->len <= RX_COPYBREAK) && add_copy(q, p)) {
		net_count(tcp_rx_copied);
		pbuf_free(p);
		return;
	}
	link_tail(q, p);
	q->room = 0;
	q->len += p->len;
	charge(q, p, pbuf_truesize(p));
}

void rxqueue_add(struct rxqueue *q, struct pbuf *chain, bool compact)
{
	while (chain) {
		struct pbuf *p = chain;

		chain = p->next;
		p->next = NULL;
		ASSERT(p->ref == 1);
		if (p->len)
			add_one(q, p, compact);
		else
			pbuf_free(p);
	}
}

/* For n bytes from a sender of this machine; smaller if memory is low. */
static struct pbuf *block_for(const struct rxqueue *q, size_t n, size_t *size)
{
	struct pbuf *p;

	*size = block_size(q, n);
	while (*size < BLOCK_HEADER + n)
		*size *= 2;
	p = new_block(*size, ALLOC_USER);
	if (p || *size <= BLOCK_MAX)
		return p;
	*size = BLOCK_MAX; /* no large piece of memory is left */
	return new_block(*size, ALLOC_USER);
}

/* n is at most FILL_MAX. Without a positive result nothing has changed. */
static ssize_t fill_some(struct rxqueue *q, struct iov_iter *from, size_t n)
{
	struct iov_iter before = *from;
	size_t head = MIN((size_t)q->room, n);
	size_t rest = n - head, size = 0;
	struct pbuf *block = rest ? block_for(q, rest, &size) : NULL;
	struct pbuf *tail = q->tail;

	rest = block ? MIN(rest, size - BLOCK_HEADER) : 0;
	if ((head && copy_from_iter((uint8_t *)tail->payload + tail->len, head,
				    from) < head) ||
	    (rest && copy_from_iter(block->payload, rest, from) < rest)) {
		if (block)
			pbuf_free(block);
		*from = before;
		return -EFAULT;
	}
	if (head) {
		tail->len += head;
		q->room -= head;
	}
	if (block) {
		block->len = rest;
		block->flags = PBUF_FLAG_LOCAL;
		link_block(q, block, size);
	}
	q->len += head + rest;
	return head + rest;
}

ssize_t rxqueue_fill(struct rxqueue *q, struct iov_iter *from, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t ret = fill_some(q, from, MIN(n - done, FILL_MAX));

		if (ret <= 0)
			return done ? (ssize_t)done : ret;
		done += ret;
	}
	return done;
}

void rxqueue_splice(struct rxqueue *q, struct rxqueue *from)
{
	if (!from->head)
		return;
	if (q->tail)
		q->tail->next = from->head;
	else
		q->head = from->head;
	q->tail = from->tail;
	q->room = from->room;
	q->len += from->len;
	q->truesize += from->truesize;
	*from = (struct rxqueue){ .read = rxqueue_end(from) };
}

uint8_t rxqueue_last(const struct rxqueue *q)
{
	const struct pbuf *p = q->tail;

	return ((const uint8_t *)p->payload)[p->len - 1];
}

static void remove_head(struct rxqueue *q)
{
	struct pbuf *p = q->head;

	uncharge(q, p);
	q->head = p->next;
	if (!q->head) {
		q->tail = NULL;
		q->room = 0;
	}
	p->next = NULL;
	pbuf_free(p);
}

static void consume(struct rxqueue *q, size_t n)
{
	struct pbuf *p = q->head;

	q->len -= n;
	q->read += n;
	p->payload = (uint8_t *)p->payload + n;
	p->len -= n;
	if (!p->len)
		remove_head(q);
}

/* Removes the next n bytes, all of which the queue has. */
static void consume_all(struct rxqueue *q, size_t n)
{
	while (n) {
		size_t now = MIN((size_t)q->head->len, n);

		consume(q, now);
		n -= now;
	}
}

/* After a fault what was copied beyond a whole ATOMIC_COPY stays queued. */
size_t rxqueue_read(struct rxqueue *q, struct iov_iter *to, size_t n, bool peek)
{
	struct pbuf *p = q->head;
	size_t done = 0;

	while (p && done < n) {
		size_t want = MIN((size_t)p->len, n - done);
		size_t moved = to ? copy_to_iter(p->payload, want, to) : want;

		if (moved < want) {
			done -= done % ATOMIC_COPY;
			break;
		}
		done += moved;
		p = p->next;
	}
	if (!peek)
		consume_all(q, done);
	return done;
}

/* Moves the head without a copy; from holds the only reference to it. */
static size_t move_head(struct rxqueue *to, struct rxqueue *from, bool compact)
{
	struct pbuf *p = from->head;
	size_t n = p->len;

	pbuf_ref(p);
	consume(from, n);
	/* consume() has advanced payload and zeroed len: undo that. */
	p->payload = (uint8_t *)p->payload - n;
	p->len = n;
	rxqueue_add(to, p, compact);
	return n;
}

ssize_t rxqueue_move(struct rxqueue *to, struct rxqueue *from, size_t n,
		     bool compact)
{
	const struct pbuf *p = from->head;
	struct iovec iov;
	struct iov_iter i;
	ssize_t moved;

	if (!p)
		return 0;
	if (p->len <= n && p->ref == 1)
		return move_head(to, from, compact);
	n = MIN(n, (size_t)p->len);
	iov = (struct iovec){ p->payload, n };
	iov_iter_init(&i, &iov, 1, n, false);
	moved = rxqueue_fill(to, &i, n);
	if (moved <= 0)
		return -ENOMEM;
	consume(from, moved);
	return moved;
}

size_t rxqueue_peek(const struct rxqueue *q, struct iov_iter *to, size_t skip,
		    size_t n)
{
	size_t done = 0;

	for (const struct pbuf *p = q->head; p && done < n; p = p->next) {
		size_t from = MIN(skip, (size_t)p->len);
		size_t want = MIN(p->len - from, n - done);
		const uint8_t *data = p->payload;
		size_t moved = to ? copy_to_iter(data + from, want, to) : want;

		skip -= from;
		if (moved < want)
			break;
		done += moved;
	}
	return done;
}

bool rxqueue_may_lend(const struct pbuf *p)
{
	return lent_memory + pbuf_truesize(p) <=
	       net_memory_limit() / LENT_SHARE;
}

void rxqueue_lend(struct pbuf *p)
{
	pbuf_ref(p);
	lent_memory += pbuf_truesize(p);
}

void rxqueue_return(struct pbuf *p)
{
	lent_memory -= pbuf_truesize(p);
	pbuf_free(p);
}

void rxqueue_requeue(struct rxqueue *q, struct pbuf *p, void *data, size_t len,
		     bool compact)
{
	lent_memory -= pbuf_truesize(p);
	p->payload = data;
	p->len = len;
	rxqueue_add(q, p, compact);
}

void rxqueue_purge(struct rxqueue *q)
{
	while (q->head)
		remove_head(q);
	q->read += q->len;
	q->len = 0;
}
