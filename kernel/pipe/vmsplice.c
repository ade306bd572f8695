/* SPDX-License-Identifier: MIT */
/*
 * vmsplice(2): pages of the application into a pipe, by reference, and bytes
 * of a pipe into its memory. A page is freed when both the application and the
 * pipe are done with it; as on Linux the reader sees what the application
 * writes into it meanwhile. Thread context.
 */
#include "kernel/pipe/vmsplice.h"

#include <errno.h>

#include "kernel/fs/file.h"
#include "kernel/mm/mm.h"
#include "kernel/mm/page.h"
#include "kernel/pipe/pipe_impl.h"
#include "kernel/pipe/splice.h"

static bool user_page_get(struct pipe_buffer *buf)
{
	get_page(buf->owner);
	return true;
}

static void user_page_release(struct pipe_buffer *buf)
{
	put_page(buf->owner);
}

static const struct pipe_buf_ops user_page_ops = {
	.get = user_page_get,
	.release = user_page_release,
};

/* Adds the iterator's next bytes, within one page: bytes, -EFAULT, -ENOMEM. */
static ssize_t add_user_page(struct pipe *pipe, struct mm *mm,
			     const struct iov_iter *i)
{
	uintptr_t va = (uintptr_t)i->iov->iov_base + i->iov_offset;
	size_t offset = va % PAGE_SIZE;
	size_t n = MIN(i->iov->iov_len - i->iov_offset, PAGE_SIZE - offset);
	struct page *page;
	int err = mm_get_page(mm, va, &page);

	if (err)
		return err;
	pipe_add(pipe, &(struct pipe_buffer){
			       .ops = &user_page_ops,
			       .owner = page,
			       .data = (char *)page_address(page) + offset,
			       .len = n,
		       });
	return n;
}

static ssize_t to_pipe(struct pipe *pipe, struct mm *mm, struct iov_iter *i,
		       unsigned int flags)
{
	ssize_t done = 0, n = splice_wait_space(pipe, flags);

	if (n)
		return n;
	while (i->count && !pipe_is_full(pipe)) {
		iov_iter_next_segment(i);
		n = add_user_page(pipe, mm, i);
		if (n < 0)
			break;
		iov_iter_advance(i, n);
		done += n;
	}
	if (done)
		pipe_wake_readers(pipe);
	return done ? done : n;
}

/* Copies each slot's wanted bytes at once, or none of them. */
static ssize_t to_user(struct pipe *pipe, struct iov_iter *to,
		       unsigned int flags)
{
	struct splice_desc sd = {
		.pipe = pipe,
		.left = to->count,
		.flags = flags,
	};
	ssize_t status = 0;

	while (sd.left) {
		const struct pipe_buffer *buf;
		size_t n;

		status = splice_wait_data(&sd);
		if (status <= 0)
			break;
		status = pipe_drain_begin(pipe);
		if (status)
			break;
		if (!pipe_is_empty(pipe)) {
			buf = pipe_slot(pipe, pipe->tail);
			n = MIN((size_t)buf->len, sd.left);
			if (copy_to_iter(buf->data, n, to) == n)
				splice_took(&sd, n);
			else
				status = -EFAULT;
		}
		pipe_drain_end(pipe);
		if (status)
			break;
	}
	return splice_end(&sd, status);
}

ssize_t do_vmsplice(struct file *file, struct mm *mm, struct iov_iter *iter,
		    unsigned int flags)
{
	struct pipe *pipe = file_pipe(file);

	if (!iter->count)
		return 0;
	if (!pipe)
		return -EBADF;
	if (file->f_mode & FMODE_WRITE)
		return to_pipe(pipe, mm, iter, flags);
	return to_user(pipe, iter, flags);
}
