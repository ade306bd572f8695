/* SPDX-License-Identifier: MIT */
/*
 * For tests of eventpoll: files whose mask the test sets and whose news it
 * makes, and short names for the calls. Included once in a program.
 */
#ifndef TESTS_UNIT_LIB_FAKE_EPOLL_H
#define TESTS_UNIT_LIB_FAKE_EPOLL_H

#include <errno.h>
#include <linux/fcntl.h>

#include "kernel/event/eventpoll_impl.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/stat.h"
#include "kernel/lib/seq_buf.h"
#include "kernel/task/clock.h"
#include "kernel/task/softirq.h"
#include "lib/fake_kernel.h"

void iput(struct inode *inode)
{
}

void file_identify(struct file *file, struct file_id *id)
{
	*id = (struct file_id){ .ino = 7, .dev = 3 };
}

/* Each look at the clock takes a microsecond; softirqs only count. */
static uint64_t now_ns;
static int nr_net_polls;
static void (*on_net_poll)(void);

uint64_t ktime_get_ns(void)
{
	return now_ns += NSEC_PER_USEC;
}

void raise_softirq(enum softirq nr)
{
	nr_net_polls += nr == SOFTIRQ_NET;
}

void do_softirq(void)
{
	if (on_net_poll)
		on_net_poll();
}

struct probe {
	struct file *file;
	uint32_t mask; /* what poll says */
	struct wait_queue_head wq;
	struct wait_queue_head wq2;
	int queues; /* that poll names: 1 or 2 */
	int polled; /* times asked */
	void (*on_poll)(struct probe *probe); /* runs inside poll, once */
};

static uint32_t probe_poll(struct file *file, struct poll_table *pt)
{
	struct probe *probe = file->private_data;
	void (*fn)(struct probe *) = probe->on_poll;

	probe->polled++;
	poll_wait(file, &probe->wq, pt);
	if (probe->queues > 1)
		poll_wait(file, &probe->wq2, pt);
	probe->on_poll = NULL;
	if (fn)
		fn(probe);
	return probe->mask;
}

static const struct file_operations probe_fops = { .poll = probe_poll };
static const struct file_operations no_poll_fops = { 0 };

static inline void probe_open(struct probe *probe)
{
	*probe = (struct probe){ .queues = 1 };
	init_waitqueue_head(&probe->wq);
	init_waitqueue_head(&probe->wq2);
	probe->file = file_alloc(&probe_fops, probe, O_RDWR);
}

/* News: the file's mask now, told to its queue as the bits of key. */
static inline void probe_news(struct probe *probe, uint32_t mask, uint32_t key)
{
	probe->mask = mask;
	wake_up_poll(&probe->wq, key);
}

static inline void probe_arrive(struct probe *probe)
{
	probe_news(probe, probe->mask | EPOLL_IN_SET, EPOLL_IN_SET);
}

static struct epoll_event got[64];

static inline int ctl(struct file *ep, int op, struct file *file, int fd,
		      uint32_t events, uint64_t data)
{
	struct epoll_event event = { .events = events, .data = data };

	return eventpoll_ctl(ep, op, file, fd,
			     op == EPOLL_CTL_DEL ? NULL : &event);
}

static inline int add(struct file *ep, struct probe *probe, uint64_t data,
		      uint32_t events)
{
	return ctl(ep, EPOLL_CTL_ADD, probe->file, data, events, data);
}

static inline int mod(struct file *ep, struct probe *probe, uint64_t data,
		      uint32_t events)
{
	return ctl(ep, EPOLL_CTL_MOD, probe->file, data, events, data);
}

static inline int del(struct file *ep, struct probe *probe, uint64_t data)
{
	return ctl(ep, EPOLL_CTL_DEL, probe->file, data, 0, 0);
}

static inline int wait_max(struct file *ep, int max)
{
	int n = eventpoll_wait(ep, got, max, 0);

	must_hold(ep_check(ep_of_file(ep)));
	return n;
}

static inline int wait_now(struct file *ep)
{
	return wait_max(ep, ARRAY_SIZE(got));
}

/* The data of what was got last, as digits: "132". */
static inline const char *got_order(int n)
{
	static char text[ARRAY_SIZE(got) + 1];

	memset(text, 0, sizeof(text));
	for (int i = 0; i < n; i++)
		text[i] = '0' + got[i].data;
	return text;
}

#endif /* TESTS_UNIT_LIB_FAKE_EPOLL_H */
