/* SPDX-License-Identifier: MIT */
/*
 * Moving bytes between a pipe and another file without the application's
 * memory: splice(2), tee(2), vmsplice(2), sendfile(2). Thread context; all may
 * sleep.
 */
#ifndef KERNEL_PIPE_SPLICE_H
#define KERNEL_PIPE_SPLICE_H

#include <sys/types.h>

#include "kernel/base.h"

struct file;
struct iov_iter;
struct mm;
struct pipe;

#define SPLICE_F_MOVE 1U /* a hint */
#define SPLICE_F_NONBLOCK 2U /* for the pipe, not the other side */
#define SPLICE_F_MORE 4U /* more will follow soon */
#define SPLICE_F_GIFT 8U /* a hint */
#define SPLICE_F_ALL 15U

/*
 * The calls, in Linux's order of checks; offsets are kernel memory, NULL: the
 * file's own position. flags: SPLICE_F_*, checked by the caller. Bytes or
 * -errno.
 */
ssize_t do_splice(struct file *in, int64_t *off_in, struct file *out,
		  int64_t *off_out, size_t len, unsigned int flags);
ssize_t do_tee(struct file *in, struct file *out, size_t len,
	       unsigned int flags);
/* ---- For file operations ------------------------------------------------- */

/* splice_read for files that can only be read, into the pipe's own pages. */
ssize_t copy_splice_read(struct file *in, int64_t *pos, struct pipe *pipe,
			 size_t len, unsigned int flags);
/* splice_write for files that have a write_iter. */
ssize_t iter_splice_write(struct pipe *pipe, struct file *out, int64_t *pos,
			  size_t len, unsigned int flags);

/*
 * Writes a batch of the pipe's contents: bytes or -errno. more: another batch
 * of the same call follows, or SPLICE_F_MORE was given.
 */
typedef ssize_t (*splice_batch_fn)(struct file *out, struct iov_iter *from,
				   int64_t *pos, bool more);
/*
 * Takes slots out of the pipe as they are, with their references, at most len
 * bytes: how many. 0: the next slot has to be written instead.
 */
typedef size_t (*splice_take_fn)(struct file *out, struct pipe *pipe,
				 size_t len);
/*
 * splice_write by batches: waits for data in the pipe, but not once the first
 * byte was written. take may be NULL.
 */
ssize_t splice_by_batches(struct pipe *pipe, struct file *out, int64_t *pos,
			  size_t len, unsigned int flags, splice_take_fn take,
			  splice_batch_fn write);

/* ---- Between kernel/pipe/'s files ---------------------------------------- */

/* One call's progress in taking bytes from a pipe. */
struct splice_desc {
	struct pipe *pipe;
	size_t left; /* bytes still wanted */
	size_t done;
	unsigned int flags;
	bool owes_wakeup; /* writers have to be woken */
};

/*
 * Waits for bytes in the pipe: 1; 0: the call ends; -EAGAIN, -ERESTARTSYS.
 */
int splice_wait_data(struct splice_desc *sd);
/* Takes n bytes, which were used, off the pipe. */
void splice_took(struct splice_desc *sd, size_t n);
/* The call's result; status: that of its last step. */
ssize_t splice_end(struct splice_desc *sd, ssize_t status);
/* Waits for a free slot: 0, -EPIPE, -EAGAIN, -ERESTARTSYS. */
int splice_wait_space(struct pipe *pipe, unsigned int flags);
/* One splice_read of `in`: bytes or -errno. */
ssize_t splice_read(struct file *in, int64_t *pos, struct pipe *pipe,
		    size_t len, unsigned int flags);
ssize_t splice_file_to_pipe(struct file *in, int64_t *pos, struct pipe *pipe,
			    size_t len, unsigned int flags);
ssize_t splice_pipe_to_pipe(struct pipe *in, struct pipe *out, size_t len,
			    unsigned int flags);
/* Checks the position and length of a transfer: 0 or -EINVAL. */
int splice_verify(int64_t pos, size_t len);

#endif
