/* SPDX-License-Identifier: MIT */
/*
 * A pipe's slots, and the pages among their contents that are the pipe's own.
 * Pages have reference counts; the last one that was read empty is kept for
 * the next write. Thread context; nothing here sleeps.
 */
#include "kernel/pipe/pipe_impl.h"

#include <errno.h>
#include <string.h>

#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"

static bool page_buf_get(struct pipe_buffer *buf)
{
	get_page(buf->owner);
	return true;
}

static void page_buf_release(struct pipe_buffer *buf)
{
	put_page(buf->owner);
}

/* The pipe's own pages, which only slots refer to for long. */
static const struct pipe_buf_ops page_buf_ops = {
	.get = page_buf_get,
	.release = page_buf_release,
};

struct page *pipe_page_get(struct pipe *pipe)
{
	struct page *page = pipe->spare;

	pipe->spare = NULL;
	return page ? page : user_page_alloc(0);
}

void pipe_page_put(struct pipe *pipe, struct page *page)
{
	if (page->refs == 1 && !page->order && !pipe->spare)
		pipe->spare = page;
	else
		put_page(page);
}

static void buf_release(struct pipe *pipe, struct pipe_buffer *buf)
{
	if (buf->ops == &page_buf_ops)
		pipe_page_put(pipe, buf->owner);
	else
		buf->ops->release(buf);
}

void pipe_add_page(struct pipe *pipe, struct page *page, size_t len)
{
	pipe_add(pipe, &(struct pipe_buffer){
			       .ops = &page_buf_ops,
			       .owner = page,
			       .data = page_address(page),
			       .len = len,
		       });
}

void pipe_lend_page(struct pipe *pipe, struct page *page, char *data,
		    size_t len)
{
	get_page(page);
	pipe_add(pipe, &(struct pipe_buffer){
			       .ops = &page_buf_ops,
			       .owner = page,
			       .data = data,
			       .len = len,
		       });
}

int pipe_add_copy(struct pipe *pipe, const void *data, size_t len)
{
	struct page *page = pipe_page_get(pipe);

	if (!page)
		return -ENOMEM;
	memcpy(page_address(page), data, len);
	pipe_add_page(pipe, page, len);
	return 0;
}

int pipe_buf_share(struct pipe_buffer *to, struct pipe_buffer *from, size_t len)
{
	struct page *page;

	*to = *from;
	to->len = len;
	to->room = 0;
	if (from->ops->get(from))
		return 0;
	to->len = MIN(len, PAGE_SIZE);
	page = user_page_alloc(0);
	if (!page)
		return -ENOMEM;
	to->ops = &page_buf_ops;
	to->owner = page;
	to->data = memcpy(page_address(page), from->data, to->len);
	return 0;
}

bool pipe_take(struct pipe *pipe, size_t n)
{
	bool has_freed = false;

	while (n) {
		struct pipe_buffer *buf = pipe_slot(pipe, pipe->tail);
		size_t part = MIN(n, buf->len);

		buf->data += part;
		buf->len -= part;
		n -= part;
		if (buf->len)
			break;
		buf_release(pipe, buf);
		pipe->tail++;
		has_freed = true;
	}
	return has_freed;
}

void pipe_purge(struct pipe *pipe)
{
	for (; !pipe_is_empty(pipe); pipe->tail++)
		buf_release(pipe, pipe_slot(pipe, pipe->tail));
	if (pipe->spare)
		put_page(pipe->spare);
	pipe->spare = NULL;
}

const char *pipe_check(const struct pipe *pipe)
{
	unsigned int n;

	if (pipe->slots & (pipe->slots - 1) ||
	    pipe->head - pipe->tail > pipe->slots)
		return "pipe 1: more slots in use than there are";
	for (n = pipe->tail; n != pipe->head; n++)
		if (!pipe_slot(pipe, n)->len)
			return "pipe 1: an empty slot is in use";
	return NULL;
}
