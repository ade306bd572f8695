/* SPDX-License-Identifier: MIT */
/*
 * Pipes as in pipe(7) and on Linux: a ring of slots, each written one with a
 * page. A small write goes into the last slot's page if it fits whole. Space
 * is counted in slots, so one byte left in a page keeps its slot. Other
 * contents come and go through splice.c. Thread context; reads and writes
 * sleep.
 *
 * Wake-ups: readers are woken by the first data in an empty pipe, writers by
 * the first free slot of a full one. Once the pipe has been polled, every
 * write wakes readers: edge-triggered users rely on that. Blocked readers and
 * writers wait exclusively; one is woken, and wakes the next if it leaves data
 * or room.
 */
#include "kernel/pipe/pipe.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <linux/fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "kernel/check.h"
#include "kernel/fs/file.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/poll.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/uaccess.h"
#include "kernel/pipe/pipe_impl.h"
#include "kernel/task/signal.h"
#include "kernel/task/thread.h"

#define DEFAULT_SLOTS 16
#define FEWEST_SLOTS 2 /* of a new pipe beyond USER_SLOTS_MAX */
/* /proc/sys/fs/pipe-max-size on Linux, and pipe-user-pages-soft: pipe(7). */
#define MAX_SIZE (PIPE_SLOTS_MAX * PAGE_SIZE)
#define USER_SLOTS_MAX 16384
#define SIGPIPE 13

static uint64_t last_ino;
static size_t user_slots; /* of all pipes: there is one user */
static LIST_HEAD(all_pipes);

/* ---- Waiting ------------------------------------------------------------- */

void pipe_wake_readers(struct pipe *pipe)
{
	wake_up(&pipe->rd_wait);
}

void pipe_wake_writers(struct pipe *pipe)
{
	wake_up(&pipe->wr_wait);
}

int pipe_broken(void)
{
	send_signal(current, SIGPIPE);
	return -EPIPE;
}

static void tell_readers(struct pipe *pipe)
{
	wake_up_poll(&pipe->rd_wait, EPOLL_IN_SET);
}

static void tell_writers(struct pipe *pipe)
{
	wake_up_poll(&pipe->wr_wait, EPOLL_OUT_SET);
}

static bool is_readable(const struct pipe *pipe)
{
	return !pipe_is_empty(pipe) || !pipe->writers;
}

static bool is_writable(const struct pipe *pipe)
{
	return !pipe_is_full(pipe) || !pipe->readers;
}

static int pipe_wait(struct pipe *pipe, struct wait_queue_head *wq,
		     bool (*is_done)(const struct pipe *pipe))
{
	return wait_attempt_exclusive(wq, is_done(pipe) ? 0 : -EAGAIN,
				      UINT64_MAX);
}

int pipe_wait_readable(struct pipe *pipe)
{
	return wait_event_until(&pipe->rd_wait, is_readable(pipe), UINT64_MAX);
}

int pipe_wait_writable(struct pipe *pipe)
{
	return wait_event_until(&pipe->wr_wait, is_writable(pipe), UINT64_MAX);
}

static int pipe_wait_drained(struct pipe *pipe)
{
	return wait_event_until(&pipe->drain_wait, !pipe->is_draining,
				UINT64_MAX);
}

int pipe_drain_begin(struct pipe *pipe)
{
	int err = pipe_wait_drained(pipe);

	if (!err)
		pipe->is_draining = true;
	return err;
}

void pipe_drain_end(struct pipe *pipe)
{
	pipe->is_draining = false;
	wake_up_all(&pipe->drain_wait);
}

/* ---- Reading ------------------------------------------------------------- */

/*
 * Reads from the oldest slot: bytes, or -EFAULT with nothing read. Sets *freed
 * if that made the first free slot of a full pipe.
 */
static ssize_t read_slot(struct pipe *pipe, struct iov_iter *to, bool *freed)
{
	struct pipe_buffer *buf = pipe_slot(pipe, pipe->tail);
	size_t n = MIN(buf->len, to->count);
	bool was_full = pipe_is_full(pipe);

	if (copy_to_iter(buf->data, n, to) < n)
		return -EFAULT;
	if (pipe_take(pipe, buf->is_packet ? buf->len : n))
		*freed |= was_full;
	return n;
}

/* Reads all that is there, up to the end of a packet. */
static ssize_t read_all(struct pipe *pipe, struct iov_iter *to, bool *freed)
{
	ssize_t done = 0, n;

	while (to->count && !pipe_is_empty(pipe)) {
		bool is_packet = pipe_slot(pipe, pipe->tail)->is_packet;

		n = read_slot(pipe, to, freed);
		if (n < 0)
			return done ? done : n;
		done += n;
		if (is_packet)
			break;
	}
	return done;
}

/* Waits for something to read: 0 to look again, or -errno. */
static int read_wait(struct file *file, bool *has_slept)
{
	struct pipe *pipe = file->private_data;

	if (pipe->is_draining)
		return pipe_wait_drained(pipe);
	if (file->f_flags & O_NONBLOCK)
		return -EAGAIN;
	*has_slept = true;
	return pipe_wait(pipe, &pipe->rd_wait, is_readable);
}

static ssize_t pipe_read(struct file *file, struct iov_iter *to, int64_t *pos)
{
	struct pipe *pipe = file->private_data;
	bool freed = false, has_slept = false;
	ssize_t n;
	int err;

	if (!to->count)
		return 0;
	while (pipe->is_draining || pipe_is_empty(pipe)) {
		if (!pipe->is_draining && !pipe->writers)
			return 0;
		err = read_wait(file, &has_slept);
		if (err)
			return err;
	}
	n = read_all(pipe, to, &freed);
	if (freed)
		tell_writers(pipe);
	if (has_slept && !pipe_is_empty(pipe))
		tell_readers(pipe);
	return n;
}

/* ---- Writing ------------------------------------------------------------- */

/* Appends to the last slot's page if it fits: bytes, or -EFAULT. */
static ssize_t write_merge(struct pipe *pipe, struct iov_iter *from)
{
	size_t n = from->count % PAGE_SIZE;
	struct pipe_buffer *buf;

	if (!n || pipe_is_empty(pipe))
		return 0;
	buf = pipe_slot(pipe, pipe->head - 1);
	if (n > buf->room)
		return 0;
	if (copy_from_iter(buf->data + buf->len, n, from) < n)
		return -EFAULT;
	buf->len += n;
	buf->room -= n;
	return n;
}

/* Adds one slot to a pipe with room: bytes, -ENOMEM, -EFAULT. */
static ssize_t write_slot(struct pipe *pipe, struct iov_iter *from,
			  bool is_packet)
{
	size_t n = MIN(from->count, PAGE_SIZE);
	struct page *page = pipe_page_get(pipe);
	struct pipe_buffer *buf;

	if (!page)
		return -ENOMEM;
	if (copy_from_iter(page_address(page), n, from) < n) {
		pipe_page_put(pipe, page);
		return -EFAULT;
	}
	pipe_add_page(pipe, page, n);
	buf = pipe_slot(pipe, pipe->head - 1);
	buf->is_packet = is_packet;
	buf->room = is_packet ? 0 : PAGE_SIZE - n;
	return n;
}

/* A write in progress: bytes done, and whether readers have to be woken. */
struct pipe_writing {
	ssize_t done;
	bool was_empty;
	bool has_slept;
};

/* Waits for a free slot: 0, -EPIPE, -EAGAIN, -ERESTARTSYS. */
static int write_wait(struct file *file, struct pipe_writing *w)
{
	struct pipe *pipe = file->private_data;
	int err = 0;

	while (!err && pipe->readers && pipe_is_full(pipe)) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (w->was_empty)
			tell_readers(pipe);
		err = pipe_wait(pipe, &pipe->wr_wait, is_writable);
		w->was_empty = pipe_is_empty(pipe);
		w->has_slept = true;
	}
	return pipe->readers ? err : pipe_broken();
}

static ssize_t write_all(struct file *file, struct iov_iter *from,
			 struct pipe_writing *w)
{
	struct pipe *pipe = file->private_data;
	bool is_packet = file->f_flags & O_DIRECT;
	ssize_t n = 0;

	if (pipe->readers) {
		n = write_merge(pipe, from);
		w->done = MAX(n, 0);
	}
	while (n >= 0 && from->count) {
		n = write_wait(file, w);
		if (!n)
			n = write_slot(pipe, from, is_packet);
		if (n > 0)
			w->done += n;
	}
	return n;
}

static ssize_t pipe_write(struct file *file, struct iov_iter *from,
			  int64_t *pos)
{
	struct pipe *pipe = file->private_data;
	struct pipe_writing w = { .was_empty = pipe_is_empty(pipe) };
	ssize_t n;

	if (!from->count)
		return 0;
	n = write_all(file, from, &w);
	if (w.was_empty || pipe->is_polled)
		tell_readers(pipe);
	if (w.has_slept && !pipe_is_full(pipe))
		tell_writers(pipe);
	return w.done ? w.done : n;
}

/* ---- The rest ------------------------------------------------------------ */

static uint32_t pipe_poll(struct file *file, struct poll_table *pt)
{
	struct pipe *pipe = file->private_data;
	uint32_t mask = 0;

	pipe->is_polled = true;
	if (file->f_mode & FMODE_READ) {
		poll_wait(file, &pipe->rd_wait, pt);
		if (!pipe_is_empty(pipe))
			mask |= EPOLL_IN_SET;
		if (!pipe->writers)
			mask |= EPOLLHUP;
	}
	if (file->f_mode & FMODE_WRITE) {
		poll_wait(file, &pipe->wr_wait, pt);
		if (!pipe_is_full(pipe))
			mask |= EPOLL_OUT_SET;
		if (!pipe->readers)
			mask |= EPOLLERR;
	}
	return mask;
}

static long pipe_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	const struct pipe *pipe = file->private_data;
	int bytes = 0;

	if (cmd != FIONREAD)
		return -ENOTTY;
	for (unsigned int n = pipe->tail; n != pipe->head; n++)
		bytes += pipe_slot(pipe, n)->len;
	return put_user(bytes, (int *)arg);
}

static int pipe_getattr(struct file *file, struct stat *st)
{
	const struct pipe *pipe = file->private_data;

	memset(st, 0, sizeof(*st));
	st->st_dev = DEV_ANON;
	st->st_ino = pipe->ino;
	st->st_nlink = 1;
	st->st_mode = S_IFIFO | 0600;
	st->st_blksize = PAGE_SIZE;
	return 0;
}

static void ring_free(struct pipe_buffer **bufs)
{
	for (size_t i = 0; i < PIPE_RING_PARTS; i++)
		kfree(bufs[i]);
}

static int ring_alloc(struct pipe_buffer **bufs, unsigned int slots)
{
	size_t part = MIN((size_t)slots, PIPE_RING_PART);

	memset(bufs, 0, PIPE_RING_PARTS * sizeof(*bufs));
	for (size_t i = 0; i * part < slots; i++) {
		bufs[i] = kcalloc(part, sizeof(*bufs[i]));
		if (!bufs[i]) {
			ring_free(bufs);
			return -ENOMEM;
		}
	}
	return 0;
}

void pipe_free(struct pipe *pipe)
{
	pipe_purge(pipe);
	ring_free(pipe->bufs);
	list_del(&pipe->all);
	user_slots -= pipe->slots;
	kfree(pipe);
}

static void pipe_release(struct file *file)
{
	struct pipe *pipe = file->private_data;

	pipe->readers -= !!(file->f_mode & FMODE_READ);
	pipe->writers -= !!(file->f_mode & FMODE_WRITE);
	if (!pipe->readers && !pipe->writers) {
		pipe_free(pipe);
		return;
	}
	if (!pipe->readers || !pipe->writers) {
		wake_up_all(&pipe->rd_wait);
		wake_up_all(&pipe->wr_wait);
	}
}

static const struct file_operations pipe_fops = {
	.read_iter = pipe_read,
	.write_iter = pipe_write,
	.poll = pipe_poll,
	.ioctl = pipe_ioctl,
	.getattr = pipe_getattr,
	.release = pipe_release,
};

bool is_file_pipe(const struct file *file)
{
	return file->f_op == &pipe_fops;
}

struct pipe *file_pipe(const struct file *file)
{
	return is_file_pipe(file) ? file->private_data : NULL;
}

long pipe_get_size(const struct file *file)
{
	const struct pipe *pipe = file->private_data;

	return is_file_pipe(file) ? (long)(pipe->slots * PAGE_SIZE) : -EBADF;
}

static void pipe_set_slots(struct pipe *pipe, struct pipe_buffer **bufs,
			   unsigned int slots)
{
	unsigned int n = 0;

	for (; pipe->tail != pipe->head; pipe->tail++, n++)
		bufs[n / PIPE_RING_PART][n % PIPE_RING_PART] = *pipe_slot(
			pipe, pipe->tail);
	ring_free(pipe->bufs);
	memcpy(pipe->bufs, bufs, sizeof(pipe->bufs));
	pipe->tail = 0;
	pipe->head = n;
	user_slots = user_slots - pipe->slots + slots;
	pipe->slots = slots;
}

/* Rounds up to a power of two of pages; -EBUSY below what is in use. */
long pipe_set_size(struct file *file, unsigned long size)
{
	struct pipe *pipe = file->private_data;
	struct pipe_buffer *bufs[PIPE_RING_PARTS];
	unsigned int slots = 1;

	if (!is_file_pipe(file))
		return -EBADF;
	if (size > BIT(31))
		return -EINVAL;
	if (size > MAX_SIZE)
		return -EPERM;
	while (slots * PAGE_SIZE < size)
		slots *= 2;
	if (slots > pipe->slots &&
	    user_slots - pipe->slots + slots > USER_SLOTS_MAX)
		return -EPERM;
	if (pipe->head - pipe->tail > slots)
		return -EBUSY;
	if (ring_alloc(bufs, slots))
		return -ENOMEM;
	pipe_set_slots(pipe, bufs, slots);
	/* Wakes for any event, whether it grew or not, as on Linux. */
	wake_up(&pipe->wr_wait);
	return slots * PAGE_SIZE;
}

struct pipe *pipe_alloc(void)
{
	struct pipe *pipe = kzalloc(sizeof(*pipe));

	if (!pipe)
		return NULL;
	pipe->slots = user_slots + DEFAULT_SLOTS > USER_SLOTS_MAX ?
			      FEWEST_SLOTS :
			      DEFAULT_SLOTS;
	if (ring_alloc(pipe->bufs, pipe->slots)) {
		kfree(pipe);
		return NULL;
	}
	user_slots += pipe->slots;
	init_waitqueue_head(&pipe->rd_wait);
	init_waitqueue_head(&pipe->wr_wait);
	init_waitqueue_head(&pipe->drain_wait);
	list_add(&pipe->all, &all_pipes);
	pipe->ino = ++last_ino;
	snprintf(pipe->name, sizeof(pipe->name), "pipe:[%llu]",
		 (unsigned long long)pipe->ino);
	return pipe;
}

int pipe_create(uint32_t flags, struct file *ends[2])
{
	struct pipe *pipe = pipe_alloc();

	if (!pipe)
		return -ENOMEM;
	ends[0] = file_alloc(&pipe_fops, pipe, O_RDONLY | (flags & O_NONBLOCK));
	if (!ends[0]) {
		pipe_free(pipe);
		return file_alloc_error();
	}
	pipe->readers = 1;
	ends[0]->f_name = pipe->name;
	ends[1] = file_alloc(&pipe_fops, pipe,
			     O_WRONLY | (flags & (O_NONBLOCK | O_DIRECT)));
	if (!ends[1]) {
		int err = file_alloc_error();

		fput(ends[0]);
		return err;
	}
	pipe->writers = 1;
	ends[1]->f_name = pipe->name;
	return 0;
}

static const char *pipes_check(void)
{
	const struct pipe *pipe;
	const char *broken;

	if (!list_is_intact(&all_pipes))
		return "pipe: the links of the list of pipes disagree";
	list_for_each_entry(pipe, &all_pipes, all) {
		broken = pipe_check(pipe);
		if (broken)
			return broken;
	}
	return NULL;
}

void pipe_init(void)
{
	check_register("pipes", pipes_check);
}
