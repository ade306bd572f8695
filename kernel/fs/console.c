/* SPDX-License-Identifier: MIT */
/*
 * /dev/console. Owns the ring of input bytes and the queue of readers. The
 * serial driver fills the ring in its interrupt handler, which never runs in
 * the middle of kernel code (kernel/x86/irq.h); threads empty it.
 *
 * Input is raw: bytes as they came, no echo, no editing, no end of input (a
 * Ctrl-D is the byte 4). A read takes what is there, and waits only when the
 * ring is empty.
 *
 * Output goes at the speed of the line, and the writing thread sleeps in
 * between, even with O_NONBLOCK: no interrupt tells that the line is ready. A
 * line that takes nothing for STUCK_NS is stuck, and text is lost until it is
 * ready again (kernel/printk.h), so that a server need not wait for somebody
 * to read its log.
 */
#include "kernel/fs/console.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <linux/fcntl.h>

#include "kernel/fs/dev.h"
#include "kernel/fs/file.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/open.h"
#include "kernel/fs/poll.h"
#include "kernel/mm/uaccess.h"
#include "kernel/pipe/splice.h"
#include "kernel/printk.h"
#include "kernel/task/clock.h"
#include "kernel/task/process.h"
#include "kernel/task/thread.h"

#define RING_SIZE 4096 /* power of two */
#define CHUNK 256 /* bytes on the stack at a time */
/* A FIFO of 16 bytes is empty after 1.4 ms at 115,200 baud. */
#define LOOK_EACH_NS (NSEC_PER_MSEC * 7 / 10)
#define STUCK_NS (NSEC_PER_SEC / 2)

static char ring[RING_SIZE];
static size_t head; /* bytes ever put in */
static size_t tail; /* bytes ever taken out */
static size_t dropped; /* bytes that found the ring full */
static struct wait_queue_head input = { LIST_HEAD_INIT(input.head) };

void console_receive(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (head - tail == RING_SIZE) {
			dropped += len - i;
			break;
		}
		ring[head++ % RING_SIZE] = text[i];
	}
	wake_up_poll(&input, EPOLL_IN_SET);
}

void console_break(void)
{
	process_terminate();
}

size_t console_dropped(void)
{
	return dropped;
}

static ssize_t console_read(struct file *file, struct iov_iter *to,
			    int64_t *pos)
{
	size_t done = 0;
	int err;

	if (!to->count)
		return 0;
	if (head == tail) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_until(&input, head != tail, UINT64_MAX);
		if (err)
			return err;
	}
	while (to->count && head != tail) {
		size_t at = tail % RING_SIZE;
		size_t n = MIN(head - tail, RING_SIZE - at);

		n = copy_to_iter(ring + at, n, to);
		if (!n)
			break;
		tail += n;
		done += n;
	}
	return done ? (ssize_t)done : -EFAULT;
}

/* Sleeps until the line takes bytes or is given up: 0 or -ERESTARTSYS. */
static int wait_for_line(void)
{
	static struct wait_queue_head nobody = { LIST_HEAD_INIT(nobody.head) };
	uint64_t now = ktime_get_ns(), end = now + STUCK_NS;
	int err;

	for (; now < end; now = ktime_get_ns()) {
		err = wait_event_until(&nobody, console_ready(),
				       now + LOOK_EACH_NS);
		if (err != -ETIMEDOUT)
			return err;
	}
	console_give_up();
	return 0;
}

/* The number of bytes that the line takes now, or -EFAULT. */
static ssize_t write_some(struct iov_iter *from)
{
	struct iov_iter rest = *from;
	char chunk[CHUNK];
	size_t n = copy_from_iter(chunk, sizeof(chunk), &rest);

	if (!n)
		return -EFAULT;
	n = console_try_write(chunk, n);
	iov_iter_advance(from, n);
	return n;
}

static ssize_t console_write_iter(struct file *file, struct iov_iter *from,
				  int64_t *pos)
{
	size_t done = 0;
	ssize_t n = 0;

	while (from->count) {
		n = write_some(from);
		if (!n)
			n = wait_for_line();
		if (n < 0)
			break;
		done += n;
		/* Yields once a page, so a line of usual length stays whole. */
		if ((done - n) / PAGE_SIZE == done / PAGE_SIZE)
			continue;
		if (fatal_signal_pending())
			break;
		cond_resched();
	}
	return done ? (ssize_t)done : n;
}

static uint32_t console_poll(struct file *file, struct poll_table *pt)
{
	poll_wait(file, &input, pt);
	return EPOLL_OUT_SET | (head != tail ? EPOLL_IN_SET : 0);
}

static long console_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	int queued = head - tail;

	if (cmd == FIONREAD)
		return put_user(queued, (int *)arg);
	return -ENOTTY;
}

const struct file_operations console_fops = {
	.read_iter = console_read,
	.write_iter = console_write_iter,
	.splice_read = copy_splice_read,
	.splice_write = iter_splice_write,
	.poll = console_poll,
	.ioctl = console_ioctl,
};

struct file *console_open(void)
{
	struct file *file = vfs_open(vfs_root(), "/dev/console", O_RDWR);

	return IS_ERR(file) ? NULL : file;
}
