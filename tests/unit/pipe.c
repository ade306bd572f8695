/* SPDX-License-Identifier: MIT */
/* unit: kernel/pipe/pipe.c kernel/pipe/pipe_buf.c kernel/event/eventfd.c */
/* unit: kernel/fs/file.c kernel/fs/read_write.c kernel/fs/iov_iter.c */
/* unit: kernel/task/wait.c kernel/lib/seq_buf.c */
/*
 * Pipes and eventfds: what goes in comes out, space is counted in pages, and
 * memory that is short or an address that is bad leaves nothing behind.
 */
#include <errno.h>
#include <linux/fcntl.h>

#include "kernel/check.h"
#include "kernel/event/eventfd.h"
#include "kernel/event/eventpoll.h"
#include "kernel/fs/file.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/poll.h"
#include "kernel/pipe/pipe.h"
#include "kernel/pipe/pipe_impl.h"
#include "kernel/task/signal.h"
#include "lib/fake_kernel.h"
#include "lib/fake_pages.h"

static int nr_sigpipe;

void eventpoll_release(struct file *file)
{
}

void iput(struct inode *inode)
{
}

void send_signal(struct thread *thread, int sig)
{
	nr_sigpipe += sig == 13;
}

static char out[256 * 1024], in[256 * 1024];
static struct file *ends[2];

static ssize_t io(struct file *file, void *buf, size_t n,
		  ssize_t (*rw)(struct file *, struct iov_iter *, int64_t *))
{
	struct iovec iov = { buf, n };
	struct iov_iter i;

	iov_iter_init(&i, &iov, 1, n, true);
	return rw(file, &i, NULL);
}

static ssize_t put(size_t n)
{
	return io(ends[1], out, n, file_write_iter);
}

static ssize_t take(size_t n)
{
	return io(ends[0], in, n, file_read_iter);
}

static void begin(void)
{
	if (pipe_create(O_NONBLOCK, ends))
		bail_out("no pipe");
}

static void end(const char *name)
{
	is(check_all(), 0, "%s: all invariants hold", name);
	for (int i = 0; i < 2; i++)
		if (ends[i])
			fput(ends[i]);
	ok(!live_objects && !nr_files(), "%s: everything is given back", name);
}

static void test_space(void)
{
	begin();
	is(put(70000), 65536, "pipe: 16 pages fit");
	is(put(1), -EAGAIN, "pipe: and no byte more");
	is(take(4095), 4095, "pipe: after 4095 bytes were read");
	is(put(1), -EAGAIN, "pipe: still not one");
	is(take(1), 1, "pipe: after one more");
	is(put(5000), 4096, "pipe: a page");
	is(pipe_set_size(ends[0], 4096), -EBUSY, "pipe: too full to shrink");
	is(pipe_set_size(ends[0], 200000), 262144,
	   "pipe: grows in powers of 2");
	is(put(1), 1, "pipe: and has room");
	is(take(sizeof(in)), 65537, "pipe: nothing was lost");
	end("pipe");
}

static void test_packets(void)
{
	begin();
	ends[1]->f_flags |= O_DIRECT;
	put(10);
	put(10);
	is(take(4), 4, "packets: a short read");
	is(take(100), 10, "packets: drops the rest of its packet");
	is(take(1), -EAGAIN, "packets: no more");
	end("packets");
}

static void test_ends(void)
{
	begin();
	put(3);
	fput(ends[1]);
	is(vfs_poll(ends[0], NULL), EPOLL_IN_SET | EPOLLHUP,
	   "ends: no writer is HUP, with data IN");
	is(take(10), 3, "ends: the data is there");
	is(take(10), 0, "ends: then the end");
	ends[1] = NULL;
	end("ends");

	begin();
	fput(ends[0]);
	is(vfs_poll(ends[1], NULL), EPOLL_OUT_SET | EPOLLERR,
	   "ends: no reader is ERR");
	is(put(1), -EPIPE, "ends: and EPIPE");
	is(nr_sigpipe, 1, "ends: with a SIGPIPE");
	ends[0] = NULL;
	end("ends");
}

static void writer_comes(void)
{
	self = &threads[1];
	put(5);
}

static void writer_leaves(void)
{
	fput(ends[1]);
	ends[1] = NULL;
}

static void test_blocking(void)
{
	begin();
	ends[0]->f_flags &= ~O_NONBLOCK;
	meanwhile = writer_comes;
	is(take(10), 5, "blocking: a write wakes the reader");
	meanwhile = writer_leaves;
	is(take(10), 0, "blocking: so does the end");
	end("blocking");

	begin();
	ends[0]->f_flags &= ~O_NONBLOCK;
	has_signal = true;
	is(take(10), -ERESTARTSYS, "blocking: so does a signal");
	has_signal = false;
	end("blocking");
}

static void test_failures(void)
{
	int n, error;

	for (n = 0;; n++) {
		fail_at = n;
		error = pipe_create(0, ends);
		fail_at = -1;
		if (!error)
			break;
		is(error, -ENOMEM, "failures: create without memory");
		ok(!live_objects && !nr_files(), "failures: leaves nothing");
	}
	is(n, 4, "failures: four allocations");
	fail_at = 0;
	is(put(10), -ENOMEM, "failures: write without memory");
	fail_at = 1;
	is(put(8192), 4096, "failures: or with a little");
	fail_at = 0;
	is(pipe_set_size(ends[1], 8192), -ENOMEM, "failures: a new size");
	fail_at = -1;
	is(pipe_get_size(ends[0]), 65536, "failures: leaves the old one");
	is(take(8192), 4096, "failures: and what is in it");
	bad_from = out + 100;
	is(put(200), -EFAULT, "failures: a bad source");
	is(put(100), 100, "failures: good up to there");
	bad_from = in + 50;
	is(take(100), -EFAULT, "failures: a bad target");
	bad_from = NULL;
	is(take(8192), 100, "failures: nothing was consumed or made up");
	end("failures");
}

/* The slots' numbers begin anew at 2^32, in whatever state the ring is. */
static void test_wrap(void)
{
	struct pipe *pipe;
	int wrong = 0;

	begin();
	pipe = file_pipe(ends[0]);
	pipe->head = pipe->tail = UINT32_MAX - 20;
	for (int i = 0; i < 200; i++) {
		out[0] = i;
		wrong += put(4096 * (1 + i % 16)) != 4096 * (1 + i % 16);
		if (i % 3 == 0)
			wrong += pipe_set_size(ends[0], 65536 << i % 4) < 0;
		wrong += take(sizeof(in)) != 4096 * (1 + i % 16);
		wrong += in[0] != out[0];
	}
	is(wrong, 0, "pipe: slots are used in order where their numbers wrap");
	ok(pipe->head < 4096, "pipe: as they did");
	end("wrap");
}

/* A stream of counted bytes through random reads, writes and sizes. */
static void test_random(void)
{
	size_t written = 0, seen = 0, step, i;
	ssize_t n;
	bool good = true;

	begin();
	for (step = 0; step < 20000 && good; step++) {
		if (random_below(2)) {
			n = random_below(random_below(4) ? 300 : 20000);
			for (i = 0; i < (size_t)n; i++)
				out[i] = (written + i) * 7;
			n = put(n);
			written += n > 0 ? n : 0;
		} else {
			n = take(random_below(random_below(4) ? 300 : 20000));
			for (ssize_t k = 0; k < n; k++)
				good &= in[k] == (char)((seen + k) * 7);
			seen += n > 0 ? n : 0;
		}
		if (!random_below(100))
			pipe_set_size(ends[0], random_below(100000));
	}
	while ((n = take(sizeof(in))) > 0)
		seen += n;
	ok(good && seen == written,
	   "random: %zu bytes came out as they went in", written);
	end("random");
}

static void test_check(void)
{
	struct pipe *pipe;

	begin();
	pipe = file_pipe(ends[0]);
	put(1);
	pipe_slot(pipe, pipe->tail)->len = 0;
	is_str(pipe_check(pipe), "pipe 1: an empty slot is in use",
	       "check: an empty slot");
	pipe_slot(pipe, pipe->tail)->len = 1;
	pipe->head += pipe->slots;
	is_str(pipe_check(pipe), "pipe 1: more slots in use than there are",
	       "check: too many slots");
	pipe->head -= pipe->slots;
	end("check");
}

static void test_eventfd_vector(struct file *f)
{
	uint64_t v[3] = { 1, 2, 0 };
	struct iovec whole[] = { { v, 8 }, { NULL, 0 }, { v + 1, 8 } };
	struct iovec cut[] = { { v, 8 }, { v, 4 }, { v, 4 } };
	struct iov_iter i;

	iov_iter_init(&i, whole, 3, 16, true);
	is(file_write_iter(f, &i, NULL), 16, "eventfd: each buffer is a write");
	iov_iter_init(&i, cut, 3, 16, true);
	is(file_write_iter(f, &i, NULL), 8, "eventfd: up to one that is none");
	is(io(f, v + 2, 8, file_read_iter), 8, "eventfd: and a read takes all");
	is(v[2], 4, "eventfd: of it");
}

static void test_eventfd(void)
{
	struct file *f;
	uint64_t v = UINT64_MAX;
	int n;

	for (n = 0;; n++) {
		fail_at = n;
		f = eventfd_create(3, O_NONBLOCK);
		fail_at = -1;
		if (f)
			break;
		is(live_objects, 0, "eventfd: fails without a trace");
	}
	is(io(f, &v, 8, file_write_iter), -EINVAL, "eventfd: not all ones");
	v = UINT64_MAX - 1;
	is(io(f, &v, 8, file_write_iter), -EAGAIN,
	   "eventfd: not beyond the end");
	is(io(f, &v, 7, file_read_iter), -EINVAL, "eventfd: not in 7 bytes");
	is(io(f, &v, 8, file_read_iter), 8, "eventfd: read");
	is(v, 3, "eventfd: takes all");
	is(io(f, &v, 8, file_read_iter), -EAGAIN, "eventfd: then it is empty");
	test_eventfd_vector(f);
	fput(f);
	is(live_objects, 0, "eventfd: gives all back");
}

int main(void)
{
	random_seed();
	file_init();
	pipe_init();
	test_space();
	test_packets();
	test_ends();
	test_blocking();
	test_failures();
	test_wrap();
	test_random();
	test_check();
	test_eventfd();
	return done_testing();
}
