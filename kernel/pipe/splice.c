/* SPDX-License-Identifier: MIT */
/*
 * splice(2), and what its relatives share: waiting for data or room in a pipe,
 * bringing a file's bytes into a pipe, and writing a pipe's contents. Thread
 * context; owns nothing. The checks and their order are Linux's.
 *
 * Writing a pipe's contents may sleep while the other file still reads the
 * bytes. So they are taken off the pipe only afterwards, and other calls that
 * take bytes wait meanwhile (pipe_drain_begin()).
 */
#include "kernel/pipe/splice.h"

#include <errno.h>
#include <linux/fcntl.h>

#include "kernel/fs/file.h"
#include "kernel/mm/kvmalloc.h"
#include "kernel/mm/page.h"
#include "kernel/pipe/pipe_impl.h"
#include "kernel/task/signal.h"

/* The most slots in one batch, which becomes one message. */
#define BATCH_SLOTS 16

int splice_verify(int64_t pos, size_t len)
{
	if ((ssize_t)len < 0 || pos < 0)
		return -EINVAL;
	return len > (uint64_t)(INT64_MAX - pos) ? -EINVAL : 0;
}

int splice_wait_space(struct pipe *pipe, unsigned int flags)
{
	int err = 0;

	while (!err) {
		if (!pipe->readers)
			return pipe_broken();
		if (!pipe_is_full(pipe))
			break;
		if (flags & SPLICE_F_NONBLOCK)
			return -EAGAIN;
		err = pipe_wait_writable(pipe);
	}
	return err;
}

/* ---- Into a pipe --------------------------------------------------------- */

ssize_t splice_read(struct file *in, int64_t *pos, struct pipe *pipe,
		    size_t len, unsigned int flags)
{
	if (!(in->f_mode & FMODE_READ))
		return -EBADF;
	if (!len)
		return 0;
	len = MIN(len, pipe_space(pipe) * (size_t)PAGE_SIZE);
	if (!in->f_op->splice_read)
		return -EINVAL;
	return in->f_op->splice_read(in, pos, pipe, len, flags);
}

ssize_t splice_file_to_pipe(struct file *in, int64_t *pos, struct pipe *pipe,
			    size_t len, unsigned int flags)
{
	ssize_t n = splice_wait_space(pipe, flags);

	if (!n)
		n = splice_read(in, pos, pipe, len, flags);
	if (n > 0)
		pipe_wake_readers(pipe);
	return n;
}

/* Pages for a read to fill; fewer when memory is short. */
struct landing {
	struct iovec *iov;
	struct page **pages;
	unsigned int nr;
};

static void landing_free(struct landing *l, struct pipe *pipe,
			 unsigned int used)
{
	for (unsigned int i = used; i < l->nr; i++)
		pipe_page_put(pipe, l->pages[i]);
	kvfree(l->iov);
}

/* Pages for *len bytes, or for fewer, set in *len; -ENOMEM: none. */
static int landing_alloc(struct landing *l, struct pipe *pipe, size_t *len)
{
	unsigned int want = ALIGN_UP(*len, PAGE_SIZE) / PAGE_SIZE;
	size_t left = *len;

	l->nr = 0;
	l->iov = kvcalloc(want, sizeof(*l->iov) + sizeof(*l->pages));
	if (!l->iov)
		return -ENOMEM;
	l->pages = (struct page **)(l->iov + want);
	for (; l->nr < want; l->nr++) {
		struct page *page = pipe_page_get(pipe);

		if (!page)
			break;
		l->pages[l->nr] = page;
		l->iov[l->nr].iov_base = page_address(page);
		l->iov[l->nr].iov_len = MIN(left, PAGE_SIZE);
		left -= l->iov[l->nr].iov_len;
	}
	*len -= left;
	if (l->nr)
		return 0;
	landing_free(l, pipe, 0);
	return -ENOMEM;
}

/* Waits if another thread has used the room while the read slept. */
static int landing_add(const struct landing *l, struct pipe *pipe,
		       unsigned int i, size_t len)
{
	int err = splice_wait_space(pipe, 0);

	if (!err)
		pipe_add_page(pipe, l->pages[i], len);
	return err;
}

ssize_t copy_splice_read(struct file *in, int64_t *pos, struct pipe *pipe,
			 size_t len, unsigned int flags)
{
	unsigned int used = 0;
	struct iov_iter to;
	struct landing l;
	ssize_t n, left;
	int err;

	len = MIN(len, pipe_space(pipe) * (size_t)PAGE_SIZE);
	err = landing_alloc(&l, pipe, &len);
	if (err)
		return err;
	iov_iter_init(&to, l.iov, l.nr, len, false);
	n = in->f_op->read_iter ? in->f_op->read_iter(in, &to, pos) : -EINVAL;
	for (left = n; left > 0 && !err; left -= PAGE_SIZE) {
		err = landing_add(&l, pipe, used, MIN((size_t)left, PAGE_SIZE));
		if (!err)
			used++;
	}
	landing_free(&l, pipe, used);
	if (!err)
		return n;
	return used ? (ssize_t)(used * PAGE_SIZE) : err;
}

/* ---- Out of a pipe ------------------------------------------------------- */

static void pay_wakeup(struct splice_desc *sd)
{
	if (sd->owes_wakeup)
		pipe_wake_writers(sd->pipe);
	sd->owes_wakeup = false;
}

int splice_wait_data(struct splice_desc *sd)
{
	struct pipe *pipe = sd->pipe;
	int err = signal_pending() ? -ERESTARTSYS : 0;

	while (!err && pipe_is_empty(pipe)) {
		if (!pipe->writers || sd->done)
			return 0;
		if (sd->flags & SPLICE_F_NONBLOCK)
			return -EAGAIN;
		pay_wakeup(sd);
		err = pipe_wait_readable(pipe);
	}
	return err ? err : 1;
}

void splice_took(struct splice_desc *sd, size_t n)
{
	sd->owes_wakeup |= pipe_take(sd->pipe, n);
	sd->done += n;
	sd->left -= n;
}

ssize_t splice_end(struct splice_desc *sd, ssize_t status)
{
	pay_wakeup(sd);
	return sd->done ? (ssize_t)sd->done : status;
}

/* Collects a batch of the oldest bytes; true if wanted ones are left. */
static bool gather(const struct splice_desc *sd, struct iovec *iov,
		   struct iov_iter *from)
{
	const struct pipe *pipe = sd->pipe;
	unsigned int at = pipe->tail, nr = 0;
	size_t sum = 0;

	for (; at != pipe->head && sum < sd->left; at++) {
		const struct pipe_buffer *buf = pipe_slot(pipe, at);
		size_t n = MIN(buf->len, sd->left - sum);

		if (nr == BATCH_SLOTS)
			break;
		iov[nr++] = (struct iovec){ buf->data, n };
		sum += n;
	}
	iov_iter_init(from, iov, nr, sum, false);
	return at != pipe->head && sum < sd->left;
}

/* Positive to go on, else a status for splice_end(). */
static ssize_t write_batch(struct splice_desc *sd, struct file *out,
			   int64_t *pos, splice_batch_fn write)
{
	struct iovec iov[BATCH_SLOTS];
	struct iov_iter from;
	bool more = gather(sd, iov, &from) || (sd->flags & SPLICE_F_MORE);
	ssize_t n = write(out, &from, pos, more);

	if (n > 0)
		splice_took(sd, n);
	return n;
}

/* 1 if take() took slots as they are, else 0. */
static ssize_t take_slots(struct splice_desc *sd, struct file *out,
			  splice_take_fn take)
{
	size_t n = take ? take(out, sd->pipe, sd->left) : 0;

	if (!n)
		return 0;
	sd->owes_wakeup = true;
	sd->done += n;
	sd->left -= n;
	return 1;
}

ssize_t splice_by_batches(struct pipe *pipe, struct file *out, int64_t *pos,
			  size_t len, unsigned int flags, splice_take_fn take,
			  splice_batch_fn write)
{
	struct splice_desc sd = {
		.pipe = pipe,
		.left = len,
		.flags = flags,
	};
	ssize_t status = 0;

	while (sd.left) {
		status = splice_wait_data(&sd);
		if (status <= 0)
			break;
		status = pipe_drain_begin(pipe);
		if (status)
			break;
		if (pipe_is_empty(pipe))
			status = 1; /* another call took it */
		else
			status = take_slots(&sd, out, take);
		if (!status)
			status = write_batch(&sd, out, pos, write);
		pipe_drain_end(pipe);
		if (status <= 0)
			break;
	}
	return splice_end(&sd, status);
}

static ssize_t write_iter_batch(struct file *out, struct iov_iter *from,
				int64_t *pos, bool more)
{
	return out->f_op->write_iter(out, from, pos);
}

ssize_t iter_splice_write(struct pipe *pipe, struct file *out, int64_t *pos,
			  size_t len, unsigned int flags)
{
	return splice_by_batches(pipe, out, pos, len, flags, NULL,
				 write_iter_batch);
}

/* ---- splice(2) ----------------------------------------------------------- */

/*
 * Where a transfer starts in a file: at the caller's offset, which the file
 * must support, or at the file's own position. 0 or -errno.
 */
static int start_at(struct file *file, const int64_t *off, size_t len,
		    int64_t *pos)
{
	if (off && !(file->f_mode & FMODE_PREAD))
		return -EINVAL;
	*pos = off ? *off : file->f_pos;
	return splice_verify(*pos, len);
}

static ssize_t from_pipe(struct pipe *pipe, struct file *out, int64_t *off,
			 size_t len, unsigned int flags)
{
	int64_t *place = off ? off : &out->f_pos;
	int64_t pos;
	ssize_t n;

	if (out->f_flags & O_APPEND)
		return -EINVAL;
	n = start_at(out, off, len, &pos);
	if (n)
		return n;
	if (!out->f_op->splice_write)
		return -EINVAL;
	n = out->f_op->splice_write(pipe, out, &pos, len, flags);
	*place = pos;
	return n;
}

static ssize_t to_pipe(struct file *in, int64_t *off, struct pipe *pipe,
		       size_t len, unsigned int flags)
{
	int64_t *place = off ? off : &in->f_pos;
	int64_t pos;
	ssize_t n = start_at(in, off, len, &pos);

	if (n)
		return n;
	n = splice_file_to_pipe(in, &pos, pipe, len, flags);
	*place = pos;
	return n;
}

static unsigned int nonblock_of(const struct file *pipe_end)
{
	return pipe_end->f_flags & O_NONBLOCK ? SPLICE_F_NONBLOCK : 0;
}

ssize_t do_splice(struct file *in, int64_t *off_in, struct file *out,
		  int64_t *off_out, size_t len, unsigned int flags)
{
	struct pipe *ipipe = file_pipe(in), *opipe = file_pipe(out);

	if (!(in->f_mode & FMODE_READ) || !(out->f_mode & FMODE_WRITE))
		return -EBADF;
	if (ipipe && opipe) {
		if (ipipe == opipe)
			return -EINVAL;
		flags |= nonblock_of(in) | nonblock_of(out);
		return splice_pipe_to_pipe(ipipe, opipe, len, flags);
	}
	if (ipipe)
		return from_pipe(ipipe, out, off_out, len,
				 flags | nonblock_of(in));
	if (opipe)
		return to_pipe(in, off_in, opipe, len,
			       flags | nonblock_of(out));
	return -EINVAL;
}
