/* SPDX-License-Identifier: MIT */
/*
 * From one pipe to another: splice(2) moves slots, tee(2) duplicates them.
 * Their bytes are not copied. Thread context.
 */
#include <errno.h>
#include <linux/fcntl.h>

#include "kernel/fs/file.h"
#include "kernel/pipe/pipe_impl.h"
#include "kernel/pipe/splice.h"
#include "kernel/task/signal.h"

/* Waits for data or the end of writers: 0, -EAGAIN, -ERESTARTSYS. */
static int prepare_input(struct pipe *pipe, unsigned int flags)
{
	int err = 0;

	while (!err && pipe_is_empty(pipe)) {
		if (signal_pending())
			return -ERESTARTSYS;
		if (!pipe->writers)
			break;
		if (flags & SPLICE_F_NONBLOCK)
			return -EAGAIN;
		err = pipe_wait_readable(pipe);
	}
	return err;
}

/* Waits for room: 0, -errno. One with room is not checked for readers yet. */
static int prepare_output(struct pipe *pipe, unsigned int flags)
{
	return pipe_is_full(pipe) ? splice_wait_space(pipe, flags) : 0;
}

static int prepare(struct pipe *in, struct pipe *out, unsigned int flags)
{
	int err = prepare_input(in, flags);

	return err ? err : prepare_output(out, flags);
}

/* Moves a whole slot, which can still be appended to. */
static size_t move_slot(struct pipe *in, struct pipe *out)
{
	struct pipe_buffer *buf = pipe_slot(in, in->tail++);

	pipe_add(out, buf);
	return buf->len;
}

/* Duplicates the first len bytes of a slot: how many, or -ENOMEM. */
static ssize_t share_slot(struct pipe_buffer *from, struct pipe *out,
			  size_t len)
{
	struct pipe_buffer buf;
	int err = pipe_buf_share(&buf, from, len);

	if (err)
		return err;
	pipe_add(out, &buf);
	return buf.len;
}

/* Moves what can be moved now: bytes, 0: nothing, or -errno. */
static ssize_t move_slots(struct splice_desc *sd, struct pipe *out)
{
	struct pipe *in = sd->pipe;

	while (sd->left) {
		struct pipe_buffer *buf;
		ssize_t n;

		if (!out->readers)
			return sd->done ? (ssize_t)sd->done : pipe_broken();
		if (pipe_is_empty(in) || pipe_is_full(out))
			break;
		buf = pipe_slot(in, in->tail);
		if (sd->left >= buf->len) {
			n = move_slot(in, out);
			sd->owes_wakeup = true;
			sd->done += n;
			sd->left -= n;
			continue;
		}
		n = share_slot(buf, out, sd->left);
		if (n < 0)
			return n;
		splice_took(sd, n);
	}
	return sd->done;
}

ssize_t splice_pipe_to_pipe(struct pipe *in, struct pipe *out, size_t len,
			    unsigned int flags)
{
	struct splice_desc sd = { .pipe = in, .left = len, .flags = flags };
	ssize_t status;

	do {
		status = prepare(in, out, flags);
		if (!status)
			status = pipe_drain_begin(in);
		if (status)
			return status;
		status = move_slots(&sd, out);
		pipe_drain_end(in);
		/* Nothing moved and not the end: another thread was faster. */
	} while (!status && !(pipe_is_empty(in) && !in->writers));
	if (sd.done)
		pipe_wake_readers(out);
	return splice_end(&sd, status);
}

/* Duplicates the slots of in, the oldest first, while there is room. */
static ssize_t link_slots(struct pipe *in, struct pipe *out, size_t len)
{
	ssize_t done = 0, n;

	for (unsigned int at = in->tail; len; at++) {
		struct pipe_buffer *buf;

		if (!out->readers)
			return done ? done : pipe_broken();
		if (at == in->head || pipe_is_full(out))
			break;
		buf = pipe_slot(in, at);
		n = share_slot(buf, out, MIN(len, (size_t)buf->len));
		if (n < 0)
			return done ? done : n;
		done += n;
		len -= n;
		/* A shortened copy: the rest must not be skipped. */
		if ((size_t)n < buf->len)
			break;
	}
	return done;
}

ssize_t do_tee(struct file *in, struct file *out, size_t len,
	       unsigned int flags)
{
	struct pipe *ipipe = file_pipe(in), *opipe = file_pipe(out);
	ssize_t n;

	if (!(in->f_mode & FMODE_READ) || !(out->f_mode & FMODE_WRITE))
		return -EBADF;
	if (!ipipe || !opipe || ipipe == opipe)
		return -EINVAL;
	if ((in->f_flags | out->f_flags) & O_NONBLOCK)
		flags |= SPLICE_F_NONBLOCK;
	n = prepare(ipipe, opipe, flags);
	if (!n)
		n = link_slots(ipipe, opipe, len);
	if (n > 0)
		pipe_wake_readers(opipe);
	return n;
}
