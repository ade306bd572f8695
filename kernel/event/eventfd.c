/* SPDX-License-Identifier: MIT */
/*
 * eventfd(2): a 64-bit counter that writes add to and reads take from. Each
 * write, even of 0, announces that it is readable, each read that it is
 * writable. Owns its counters. Thread context; reads and writes sleep.
 */
#include "kernel/event/eventfd.h"

#include <errno.h>
#include <linux/fcntl.h>

#include "kernel/fs/file.h"
#include "kernel/fs/poll.h"
#include "kernel/lib/seq_buf.h"
#include "kernel/mm/slab.h"

#define COUNT_MAX (UINT64_MAX - 1) /* the most that write(2) can reach */

struct eventfd_ctx {
	struct wait_queue_head wq; /* of readers, writers and pollers */
	uint64_t count;
	bool is_semaphore;
	unsigned int id;
};

static unsigned int last_id;

/* As on Linux, the count is taken even if the copy fails. */
static ssize_t eventfd_read(struct file *file, struct iov_iter *to,
			    int64_t *pos)
{
	struct eventfd_ctx *ctx = file->private_data;
	uint64_t n;
	int err;

	if (to->count < sizeof(n))
		return -EINVAL;
	if (!ctx->count) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_until(&ctx->wq, ctx->count, UINT64_MAX);
		if (err)
			return err;
	}
	n = ctx->is_semaphore ? 1 : ctx->count;
	ctx->count -= n;
	wake_up_poll(&ctx->wq, EPOLLOUT);
	if (copy_to_iter(&n, sizeof(n), to) < sizeof(n))
		return -EFAULT;
	return sizeof(n);
}

/* Adds one number, which must fill the current segment. */
static ssize_t eventfd_add(struct file *file, struct iov_iter *from)
{
	struct eventfd_ctx *ctx = file->private_data;
	uint64_t n;
	int err;

	if (from->iov->iov_len - from->iov_offset != sizeof(n))
		return -EINVAL;
	if (copy_from_iter(&n, sizeof(n), from) != sizeof(n))
		return -EFAULT;
	if (n > COUNT_MAX)
		return -EINVAL;
	if (n > COUNT_MAX - ctx->count) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_until(&ctx->wq, n <= COUNT_MAX - ctx->count,
				       UINT64_MAX);
		if (err)
			return err;
	}
	ctx->count += n;
	wake_up_poll(&ctx->wq, EPOLLIN);
	return sizeof(n);
}

/* Each buffer of writev(2) is a write of its own, as on Linux. */
static ssize_t eventfd_write(struct file *file, struct iov_iter *from,
			     int64_t *pos)
{
	ssize_t done = 0, n;

	do {
		n = eventfd_add(file, from);
		if (n < 0)
			return done ? done : n;
		done += n;
		iov_iter_next_segment(from);
	} while (from->count);
	return done;
}

static uint32_t eventfd_poll(struct file *file, struct poll_table *pt)
{
	const struct eventfd_ctx *ctx = file->private_data;
	uint32_t mask = 0;

	poll_wait(file, &((struct eventfd_ctx *)file->private_data)->wq, pt);
	if (ctx->count)
		mask |= EPOLLIN;
	if (ctx->count < COUNT_MAX)
		mask |= EPOLLOUT;
	return mask;
}

static void eventfd_release(struct file *file)
{
	kfree(file->private_data);
}

static void eventfd_show_fdinfo(struct seq_buf *m, struct file *file)
{
	const struct eventfd_ctx *ctx = file->private_data;

	seq_printf(m,
		   "eventfd-count: %16llx\neventfd-id: %u\n"
		   "eventfd-semaphore: %d\n",
		   (unsigned long long)ctx->count, ctx->id, ctx->is_semaphore);
}

static const struct file_operations eventfd_fops = {
	.read_iter = eventfd_read,
	.write_iter = eventfd_write,
	.poll = eventfd_poll,
	.llseek = noop_llseek,
	.release = eventfd_release,
	.show_fdinfo = eventfd_show_fdinfo,
};

struct file *eventfd_create(uint32_t count, uint32_t flags)
{
	struct eventfd_ctx *ctx = kzalloc(sizeof(*ctx));
	struct file *file;

	if (!ctx)
		return NULL;
	file = file_alloc(&eventfd_fops, ctx, O_RDWR | (flags & O_NONBLOCK));
	if (!file) {
		kfree(ctx);
		return NULL;
	}
	init_waitqueue_head(&ctx->wq);
	ctx->count = count;
	ctx->is_semaphore = flags & EFD_SEMAPHORE;
	ctx->id = last_id++;
	file->f_name = "anon_inode:[eventfd]";
	return file;
}
