/* SPDX-License-Identifier: MIT */
/*
 * sendfile(2): a file's bytes into a pipe, or through a pipe of its own to any
 * other file that can be written. Thread context.
 */
#include "kernel/pipe/sendfile.h"

#include <errno.h>
#include <linux/fcntl.h>

#include "kernel/fs/file.h"
#include "kernel/pipe/pipe_impl.h"
#include "kernel/pipe/splice.h"

/* One transfer between two files. */
struct direct {
	struct file *in;
	struct file *out;
	int64_t pos;
	int64_t out_pos;
	size_t left;
	size_t done;
	struct pipe *pipe;
};

/*
 * Moves what fits into the pipe: bytes written, 0 at the end of the file, or
 * -errno. While the file may have more, the output gets SPLICE_F_MORE. Bytes
 * that were read but not written are read again by the next call.
 */
static ssize_t move_some(struct direct *d)
{
	int64_t from = d->pos;
	ssize_t have, n;
	unsigned int more;

	have = splice_read(d->in, &d->pos, d->pipe, d->left, 0);
	if (have <= 0)
		return have;
	more = (size_t)have < d->left ? SPLICE_F_MORE : 0;
	n = d->out->f_op->splice_write(d->pipe, d->out, &d->out_pos, have,
				       more);
	if (n < have)
		d->pos = n > 0 ? from + n : from;
	if (n > 0) {
		d->done += n;
		d->left -= n;
	}
	return n < have && n > 0 ? 0 : n;
}

static ssize_t move_all(struct direct *d)
{
	ssize_t n = 0;

	while (d->left) {
		n = move_some(d);
		if (n <= 0)
			break;
	}
	/* SPLICE_F_MORE was given, and nothing follows. */
	if (!n && d->left && d->done && d->out->f_op->splice_eof)
		d->out->f_op->splice_eof(d->out);
	return d->done ? (ssize_t)d->done : n;
}

static ssize_t to_file(struct file *in, int64_t *pos, struct file *out,
		       size_t len)
{
	struct direct d = {
		.in = in,
		.out = out,
		.pos = *pos,
		.out_pos = out->f_pos,
		.left = len,
	};
	ssize_t n = splice_verify(out->f_pos, len);

	if (n)
		return n;
	if (out->f_flags & O_APPEND || !(in->f_mode & FMODE_LSEEK))
		return -EINVAL;
	d.pipe = pipe_alloc();
	if (!d.pipe)
		return -ENOMEM;
	d.pipe->readers = 1;
	if (!out->f_op->splice_write)
		n = len ? -EINVAL : 0;
	else
		n = move_all(&d);
	pipe_free(d.pipe);
	if (n > 0) {
		*pos = d.pos;
		out->f_pos = d.out_pos;
	}
	return n;
}

ssize_t do_sendfile(struct file *in, int64_t *off_in, struct file *out,
		    size_t len)
{
	int64_t pos = off_in ? *off_in : in->f_pos;
	struct pipe *pipe;
	ssize_t n;

	if (!(in->f_mode & FMODE_READ))
		return -EBADF;
	if (off_in && !(in->f_mode & FMODE_PREAD))
		return -ESPIPE;
	n = splice_verify(pos, len);
	if (n)
		return n;
	if (!out || !(out->f_mode & FMODE_WRITE))
		return -EBADF;
	len = MIN(len, MAX_RW_COUNT);
	pipe = file_pipe(out);
	if (pipe)
		n = splice_file_to_pipe(
			in, &pos, pipe, len,
			out->f_flags & O_NONBLOCK ? SPLICE_F_NONBLOCK : 0);
	else
		n = to_file(in, &pos, out, len);
	if (n > 0)
		*(off_in ? off_in : &in->f_pos) = pos;
	return n;
}
