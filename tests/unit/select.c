/* SPDX-License-Identifier: MIT */
/* unit: kernel/event/select.c kernel/fs/fdtable.c kernel/fs/file.c */
/* unit: kernel/fs/read_write.c kernel/task/wait.c */
/*
 * poll(2) and select(2): masks, sleeping on many queues, bad descriptors.
 */
#include <errno.h>
#include <linux/fcntl.h>
#include <linux/poll.h>

#include "kernel/event/eventpoll.h"
#include "kernel/event/select.h"
#include "kernel/fs/fdtable.h"
#include "kernel/fs/file.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/poll.h"
#include "lib/fake_kernel.h"

#define NR 200

void eventpoll_release(struct file *file)
{
}

void iput(struct inode *inode)
{
}

static struct probe {
	uint32_t mask;
	struct wait_queue_head wq;
} probes[NR];

static uint32_t probe_poll(struct file *file, struct poll_table *pt)
{
	struct probe *probe = file->private_data;

	poll_wait(file, &probe->wq, pt);
	return probe->mask;
}

static const struct file_operations fops = { .poll = probe_poll };
static struct fdtable *fdt;

static void begin(void)
{
	fdt = fdtable_create();
	for (int i = 0; i < NR; i++) {
		int fd = get_unused_fd(fdt, 0, 1024, false);

		probes[i].mask = 0;
		init_waitqueue_head(&probes[i].wq);
		fd_install(fdt, fd, file_alloc(&fops, &probes[i], O_RDWR));
	}
	nr_scheduled = 0;
}

static void end(const char *name)
{
	fdtable_destroy(fdt);
	ok(!live_objects && !nr_files(), "%s: everything is given back", name);
}

static int poll_fds(struct pollfd *fds, unsigned int n, uint64_t deadline)
{
	return do_sys_poll(fdt, fds, n, 1024, deadline);
}

static void news(int i, uint32_t mask, uint32_t key)
{
	probes[i].mask = mask;
	wake_up_poll(&probes[i].wq, key);
}

static void data_at_150(void)
{
	news(150, EPOLL_IN_SET, EPOLL_IN_SET);
}

static void other_news_then_data(void)
{
	news(150, EPOLL_OUT_SET, EPOLL_OUT_SET);
	if (self->state != THREAD_SLEEPING)
		bail_out("woken by news that was not asked for");
	data_at_150();
}

static void closed_then_data(void)
{
	fd_close(fdt, 150);
	data_at_150();
}

static void test_poll(void)
{
	struct pollfd fds[NR];

	begin();
	for (int i = 0; i < NR; i++)
		fds[i] = (struct pollfd){ .fd = i, .events = POLLIN };
	is(poll_fds(fds, NR, 0), 0, "poll: nothing");
	is(nr_scheduled, 0, "poll: does not sleep with timeout 0");
	meanwhile = data_at_150;
	is(poll_fds(fds, NR, UINT64_MAX), 1, "poll: woken by one of many");
	is(fds[150].revents, POLLIN, "poll: of what was asked");
	probes[150].mask = 0;
	meanwhile = other_news_then_data;
	is(poll_fds(fds, NR, UINT64_MAX), 1, "poll: by what was asked only");
	probes[150].mask = 0;
	is(poll_fds(fds, NR, 1000), 0, "poll: time is up");
	has_signal = true;
	is(poll_fds(fds, NR, UINT64_MAX), -ERESTARTNOHAND, "poll: a signal");
	has_signal = false;
	for (int i = 0; i < NR; i++)
		if (waitqueue_active(&probes[i].wq))
			bail_out("an entry stays on queue %d", i);

	probes[3].mask = EPOLLHUP | EPOLLOUT;
	fds[0] = (struct pollfd){ .fd = 3, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = 999, .events = POLLIN };
	fds[2] = (struct pollfd){ .fd = -1, .events = POLLIN, .revents = 7 };
	fds[3] = (struct pollfd){ .fd = 3, .events = POLLOUT };
	is(poll_fds(fds, 4, UINT64_MAX), 3, "poll: ready, bad, ignored, twice");
	is(fds[0].revents, POLLHUP, "poll: HUP unasked");
	is(fds[1].revents, POLLNVAL, "poll: not open is NVAL");
	is(fds[2].revents, 0, "poll: a negative one is nothing");
	is(fds[3].revents, POLLOUT | POLLHUP, "poll: the same one again");
	is(do_sys_poll(fdt, fds, 5, 4, 0), -EINVAL,
	   "poll: more than the limit");
	bad_from = (char *)&fds[1];
	is(poll_fds(fds, 4, 0), -EFAULT, "poll: bad address");
	bad_from = NULL;
	end("poll");
}

static void test_closed_meanwhile(void)
{
	struct pollfd fds[NR];

	begin();
	for (int i = 0; i < NR; i++)
		fds[i] = (struct pollfd){ .fd = i, .events = POLLIN };
	meanwhile = closed_then_data;
	is(poll_fds(fds, NR, UINT64_MAX), 1, "poll: a close in the meantime");
	is(fds[150].revents, POLLNVAL, "poll: shows at the next look");
	end("closed");
}

static void test_no_memory(void)
{
	struct pollfd fds[NR];
	int n, r = 0;

	begin();
	for (int i = 0; i < NR; i++)
		fds[i] = (struct pollfd){ .fd = i, .events = POLLIN };
	for (n = 0; n < 100; n++) {
		fail_at = n;
		r = poll_fds(fds, NR, 1000);
		if (r != -ENOMEM)
			break;
	}
	fail_at = -1;
	ok(!r && n > 2 && n < 10, "memory: each of %d allocations may fail", n);
	end("memory");
}

static int sel(int n, uint64_t *in, uint64_t *out, uint64_t *ex,
	       uint64_t deadline)
{
	return do_sys_select(fdt, n, in, out, ex, deadline);
}

static void test_select(void)
{
	uint64_t in[16] = { 0 }, out[16] = { 0 };

	begin();
	in[2] = BIT(150 - 128) | BIT(151 - 128);
	out[2] = BIT(150 - 128);
	meanwhile = data_at_150;
	is(sel(200, in, out, NULL, UINT64_MAX), 1, "select: woken");
	ok(in[2] == BIT(150 - 128) && !out[2], "select: by the one readable");
	out[2] = BIT(150 - 128);
	probes[150].mask = EPOLL_IN_SET | EPOLL_OUT_SET;
	is(sel(200, in, out, NULL, UINT64_MAX), 2, "select: bits are counted");
	in[3] = BIT(230 - 192);
	is(sel(231, in, NULL, NULL, 0), -EBADF, "select: not open is EBADF");
	is(sel(230, in, NULL, NULL, 0), 1, "select: beyond n is not looked at");
	in[15] = 1;
	is(sel(1000, in, NULL, NULL, 0), 1,
	   "select: nor beyond the table, as on Linux");
	is(sel(-1, in, NULL, NULL, 0), -EINVAL, "select: n below 0");
	is(sel(0, NULL, NULL, NULL, 1000), 0, "select: as a sleep");
	probes[150].mask = EPOLLPRI;
	in[2] = 0;
	in[3] = 0;
	out[2] = BIT(150 - 128);
	is(sel(200, NULL, NULL, out, 0), 1, "select: PRI is exceptional");
	bad_from = (char *)in;
	is(sel(200, in, NULL, NULL, 0), -EFAULT, "select: bad address");
	bad_from = NULL;
	end("select");
}

int main(void)
{
	file_init();
	test_poll();
	test_closed_meanwhile();
	test_no_memory();
	test_select();
	return done_testing();
}
