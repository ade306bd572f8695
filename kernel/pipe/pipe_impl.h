/* SPDX-License-Identifier: MIT */
/*
 * The inside of a pipe, for pipe.c, splice.c and the files that lend a pipe
 * their memory: a ring of slots, each a reference to bytes that lie in a page
 * of the pipe's own, a page of an application, a file of the initramfs or a
 * socket's buffer. What a slot refers to is never written to through it, but
 * for the room behind the bytes of the pipe's own pages.
 *
 * Invariants (pipe_check()):
 *  1. Slots tail to head - 1 are in use, counted without wrapping; slot n is
 *     entry n % slots of bufs, and slots is a power of two. None of them is
 *     empty.
 *  2. Bytes are taken off the tail by one call at a time: who sleeps on the
 *     way from looking at them to taking them holds is_draining. Anybody may
 *     add at the head meanwhile.
 */
#ifndef KERNEL_PIPE_PIPE_IMPL_H
#define KERNEL_PIPE_PIPE_IMPL_H

#include <sys/types.h>

#include "kernel/base.h"
#include "kernel/task/wait.h"

struct file;
struct page;
struct pipe_buffer;

/* get: one more reference for a copy of buf; false: there can be no more. */
struct pipe_buf_ops {
	bool (*get)(struct pipe_buffer *buf);
	void (*release)(struct pipe_buffer *buf);
};

struct pipe_buffer {
	const struct pipe_buf_ops *ops;
	void *owner; /* what ops count references of */
	char *data; /* the first unread byte */
	uint32_t len; /* unread bytes */
	uint16_t room; /* behind them, for a write to go on; else 0 */
	bool is_packet; /* O_DIRECT: one write, read at once or cut */
};

/* The ring is cut where it would be longer than a page. */
#define PIPE_RING_PART (PAGE_SIZE / sizeof(struct pipe_buffer))
#define PIPE_SLOTS_MAX (1 * MiB / PAGE_SIZE)
#define PIPE_RING_PARTS (PIPE_SLOTS_MAX / PIPE_RING_PART)

struct pipe {
	struct pipe_buffer *bufs[PIPE_RING_PARTS];
	unsigned int slots;
	unsigned int head;
	unsigned int tail;
	unsigned int readers;
	unsigned int writers;
	bool is_polled;
	bool is_draining;
	struct page *spare; /* for the next write, or NULL */
	struct wait_queue_head rd_wait;
	struct wait_queue_head wr_wait;
	struct wait_queue_head drain_wait;
	struct list_head all; /* pipes */
	uint64_t ino;
	char name[32];
};

static inline bool pipe_is_empty(const struct pipe *pipe)
{
	return pipe->head == pipe->tail;
}

/* Slots that are free. */
static inline unsigned int pipe_space(const struct pipe *pipe)
{
	return pipe->slots - (pipe->head - pipe->tail);
}

static inline bool pipe_is_full(const struct pipe *pipe)
{
	return pipe->head - pipe->tail >= pipe->slots;
}

static inline struct pipe_buffer *pipe_slot(const struct pipe *pipe,
					    unsigned int n)
{
	n &= pipe->slots - 1;
	return &pipe->bufs[n / PIPE_RING_PART][n % PIPE_RING_PART];
}

/* The pipe under an open file, or NULL. */
struct pipe *file_pipe(const struct file *file);
/* A pipe without ends, for a call that needs one; NULL: no memory. */
struct pipe *pipe_alloc(void);
/* What is in it is released; nobody may wait. */
void pipe_free(struct pipe *pipe);

/* kernel/check.h. */
const char *pipe_check(const struct pipe *pipe);

/* Releases what is in it. */
void pipe_purge(struct pipe *pipe);

/*
 * A page for bytes to be added, NULL: no memory. One that only the caller has
 * and nobody needs is kept for the next time.
 */
struct page *pipe_page_get(struct pipe *pipe);
void pipe_page_put(struct pipe *pipe, struct page *page);
/* Puts one more, with its reference, into a pipe that is not full. */
static inline void pipe_add(struct pipe *pipe, const struct pipe_buffer *added)
{
	ASSERT(!pipe_is_full(pipe) && added->len);
	*pipe_slot(pipe, pipe->head++) = *added;
}

/* A buffer of len bytes at the start of a page, whose reference it takes. */
void pipe_add_page(struct pipe *pipe, struct page *page, size_t len);
/* len bytes at data, in a piece of pages that has another owner as well. */
void pipe_lend_page(struct pipe *pipe, struct page *page, char *data,
		    size_t len);
/* pipe_add_page() with a copy of at most a page's bytes: 0 or -ENOMEM. */
int pipe_add_copy(struct pipe *pipe, const void *data, size_t len);
/*
 * to becomes another reference to the first len bytes of from, where nothing
 * can be appended: 0, or -ENOMEM when it had to be a copy.
 */
int pipe_buf_share(struct pipe_buffer *to, struct pipe_buffer *from,
		   size_t len);
/*
 * Takes n bytes off the oldest slots; tells whether that freed one. The
 * caller wakes whoever waits to write.
 */
bool pipe_take(struct pipe *pipe, size_t n);

/*
 * Waiting, by turns with calls of other threads: 0, or -ERESTARTSYS. What was
 * waited for may be gone again when the caller looks.
 */
int pipe_wait_readable(struct pipe *pipe);
int pipe_wait_writable(struct pipe *pipe);
/* The right to take bytes off the tail, over sleeps. */
int pipe_drain_begin(struct pipe *pipe);
void pipe_drain_end(struct pipe *pipe);

/* As Linux's splice: whoever waits or polls, whatever was there before. */
void pipe_wake_readers(struct pipe *pipe);
void pipe_wake_writers(struct pipe *pipe);
/* -EPIPE, with its signal, for a pipe that nobody reads. */
int pipe_broken(void);

#endif
