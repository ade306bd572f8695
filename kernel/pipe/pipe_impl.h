/* SPDX-License-Identifier: MIT */
/*
 * The inside of a pipe, for pipe.c, splice.c and the files that lend a pipe
 * their memory: a ring of slots. Each refers to bytes in a page of the pipe's
 * own, a page of an application, a file of the initramfs or a socket's buffer.
 * Such bytes are never changed through the slot; only a page of the pipe's own
 * may be written to, after its bytes.
 *
 * Invariants (pipe_check()):
 *  1. Slots tail to head - 1 are in use, counted without wrapping; slot n is
 *     entry n % slots of bufs, and slots is a power of two. None of them is
 *     empty.
 *  2. One call at a time takes bytes off the tail: a call that sleeps between
 *     reading them and taking them holds is_draining. Any call may add at the
 *     head meanwhile.
 */
#ifndef KERNEL_PIPE_PIPE_IMPL_H
#define KERNEL_PIPE_PIPE_IMPL_H

#include <sys/types.h>

#include "kernel/base.h"
#include "kernel/task/wait.h"

struct file;
struct page;
struct pipe_buffer;

/* get: adds a reference, for a copy of buf; false: there can be no more. */
struct pipe_buf_ops {
	bool (*get)(struct pipe_buffer *buf);
	void (*release)(struct pipe_buffer *buf);
};

struct pipe_buffer {
	const struct pipe_buf_ops *ops;
	void *owner; /* the object whose references ops count */
	char *data; /* the first unread byte */
	uint32_t len; /* unread bytes */
	uint16_t room; /* bytes after them that a write may fill; else 0 */
	bool is_packet; /* O_DIRECT: one write, read at once or cut */
};

/* A ring longer than a page is cut into parts. */
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
	struct list_head all; /* on the list of all pipes */
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
/* A pipe without ends, for use inside a call; NULL: no memory. */
struct pipe *pipe_alloc(void);
/* Releases the contents; no thread may be waiting. */
void pipe_free(struct pipe *pipe);

/* kernel/check.h. */
const char *pipe_check(const struct pipe *pipe);

/* Releases the contents. */
void pipe_purge(struct pipe *pipe);

/*
 * pipe_page_get(): a page for bytes to be added; NULL: no memory.
 * pipe_page_put(): drops the caller's reference; an unshared page is kept for
 * the next time.
 */
struct page *pipe_page_get(struct pipe *pipe);
void pipe_page_put(struct pipe *pipe, struct page *page);
/* Adds a buffer, with its reference, to a pipe that is not full. */
static inline void pipe_add(struct pipe *pipe, const struct pipe_buffer *added)
{
	ASSERT(!pipe_is_full(pipe) && added->len);
	*pipe_slot(pipe, pipe->head++) = *added;
}

/* Adds len bytes at the start of a page; consumes the page's reference. */
void pipe_add_page(struct pipe *pipe, struct page *page, size_t len);
/* Adds len bytes at data, in pages that have another owner, too. */
void pipe_lend_page(struct pipe *pipe, struct page *page, char *data,
		    size_t len);
/* pipe_add_page() with a copy of at most a page's bytes: 0 or -ENOMEM. */
int pipe_add_copy(struct pipe *pipe, const void *data, size_t len);
/*
 * Makes *to another reference to the first len bytes of from, to which nothing
 * can be appended: 0, or -ENOMEM if that needed a copy.
 */
int pipe_buf_share(struct pipe_buffer *to, struct pipe_buffer *from,
		   size_t len);
/*
 * Takes n bytes off the oldest slots; true if that freed one. The caller wakes
 * writers.
 */
bool pipe_take(struct pipe *pipe, size_t n);

/*
 * Wait, in turn with calls of other threads: 0, or -ERESTARTSYS. The caller
 * has to check again.
 */
int pipe_wait_readable(struct pipe *pipe);
int pipe_wait_writable(struct pipe *pipe);
/* Holds is_draining, the right to take bytes off the tail, over sleeps. */
int pipe_drain_begin(struct pipe *pipe);
void pipe_drain_end(struct pipe *pipe);

/* As Linux's splice: wakes all who wait or poll, whatever the pipe held. */
void pipe_wake_readers(struct pipe *pipe);
void pipe_wake_writers(struct pipe *pipe);
/* -EPIPE, with SIGPIPE, for a pipe without readers. */
int pipe_broken(void);

#endif
