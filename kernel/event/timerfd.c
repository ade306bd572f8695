/* SPDX-License-Identifier: MIT */
/*
 * timerfd_create(2): a timer whose expirations are counted and read. Owns its
 * timers. Thread context; the expiration runs in the timer softirq.
 *
 * A periodic timer fires once and is then not armed until it is read (or the
 * time left is asked for): then the periods that passed meanwhile are counted.
 * So a timer that nobody reads costs nothing, and an edge-triggered watcher is
 * woken once.
 *
 * Setting the time of day moves the expirations of timers on that clock. A
 * timer with TIMERFD_CANCEL_ON_SET is on cancel_list: its readers are woken,
 * and read ECANCELED once.
 */
#include "kernel/event/timerfd.h"

#include <errno.h>
#include <linux/fcntl.h>

#include "kernel/fs/file.h"
#include "kernel/fs/poll.h"
#include "kernel/lib/list.h"
#include "kernel/lib/seq_buf.h"
#include "kernel/mm/slab.h"
#include "kernel/task/clock.h"
#include "kernel/task/timer.h"

/* CLOCK_REALTIME: <linux/time.h> does not go with the C library's headers. */
#define REAL_CLOCK 0

struct timerfd_ctx {
	struct timer timer;
	struct wait_queue_head wq;
	int64_t expires; /* the last or next expiration, by the timer's clock */
	bool real; /* the clock is the time of day */
	bool was_set; /* the time of day was set: ECANCELED is due */
	struct list_head cancel; /* on cancel_list: TIMERFD_CANCEL_ON_SET */
	uint64_t interval;
	uint64_t ticks; /* expirations not yet read */
	bool has_expired; /* fired and was not armed again */
	int clockid;
	uint32_t settime_flags;
};

static LIST_HEAD(cancel_list);

static void timerfd_expire(struct timer *timer)
{
	struct timerfd_ctx *ctx = container_of(timer, struct timerfd_ctx,
					       timer);

	ctx->has_expired = true;
	ctx->ticks++;
	wake_up_poll(&ctx->wq, EPOLLIN);
}

static void timerfd_arm(struct timerfd_ctx *ctx)
{
	timer_start(&ctx->timer,
		    (uint64_t)ctx->expires | (ctx->real ? REAL_TIME : 0));
}

static int64_t timerfd_now(const struct timerfd_ctx *ctx)
{
	return (int64_t)(ctx->real ? ktime_get_real_ns() : ktime_get_ns());
}

/*
 * Counts the periods that passed since the timer fired, and arms it again. If
 * the clock was set back to before the expiration, that one is uncounted, as
 * on Linux.
 */
static void timerfd_forward(struct timerfd_ctx *ctx)
{
	uint64_t periods = 0, passed;
	int64_t now = timerfd_now(ctx);

	if (!ctx->has_expired || !ctx->interval)
		return;
	if (now >= ctx->expires)
		periods = (uint64_t)(now - ctx->expires) / ctx->interval + 1;
	ctx->ticks += periods - 1;
	ctx->has_expired = false;
	if (__builtin_mul_overflow(periods, ctx->interval, &passed) ||
	    __builtin_add_overflow(ctx->expires, passed, &ctx->expires))
		ctx->expires = INT64_MAX;
	timerfd_arm(ctx);
}

/* Whether the time of day was set since the timer was; true once. */
static bool timerfd_canceled(struct timerfd_ctx *ctx)
{
	if (list_empty(&ctx->cancel) || !ctx->was_set)
		return false;
	ctx->was_set = false;
	return true;
}

static void timerfd_clock_was_set(void)
{
	struct timerfd_ctx *ctx;

	list_for_each_entry(ctx, &cancel_list, cancel) {
		ctx->was_set = true;
		ctx->ticks++;
		wake_up_poll(&ctx->wq, EPOLLIN);
	}
}

static ssize_t timerfd_read(struct file *file, struct iov_iter *to,
			    int64_t *pos)
{
	struct timerfd_ctx *ctx = file->private_data;
	uint64_t ticks;
	ssize_t stored;
	int err;

	if (to->count < sizeof(ticks))
		return -EINVAL;
	if (!ctx->ticks) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_until(&ctx->wq, ctx->ticks, UINT64_MAX);
		if (err)
			return err;
	}
	if (timerfd_canceled(ctx)) {
		ctx->ticks = 0;
		ctx->has_expired = false;
		return -ECANCELED;
	}
	timerfd_forward(ctx);
	ticks = ctx->ticks;
	ctx->ticks = 0;
	ctx->has_expired = false;
	if (!ticks)
		return 0;
	/* As on Linux: the bytes that could be stored; the ticks are gone. */
	stored = copy_to_iter(&ticks, sizeof(ticks), to);
	return stored ? stored : -EFAULT;
}

static uint32_t timerfd_poll(struct file *file, struct poll_table *pt)
{
	struct timerfd_ctx *ctx = file->private_data;

	poll_wait(file, &ctx->wq, pt);
	return ctx->ticks ? EPOLLIN : 0;
}

static void timerfd_release(struct file *file)
{
	struct timerfd_ctx *ctx = file->private_data;

	timer_cancel(&ctx->timer);
	list_del(&ctx->cancel);
	kfree(ctx);
}

static uint64_t time_left(const struct timerfd_ctx *ctx)
{
	int64_t now = timerfd_now(ctx);

	if (!timer_pending(&ctx->timer))
		return 0;
	/* 0 would mean not armed; this one is due but has not fired yet. */
	return ctx->expires > now ? ctx->expires - now : 1;
}

static void show_time(struct seq_buf *m, const char *name, uint64_t ns)
{
	seq_printf(m, "%s: (%llu, %llu)\n", name,
		   (unsigned long long)(ns / NSEC_PER_SEC),
		   (unsigned long long)(ns % NSEC_PER_SEC));
}

static void timerfd_show_fdinfo(struct seq_buf *m, struct file *file)
{
	const struct timerfd_ctx *ctx = file->private_data;

	seq_printf(m, "clockid: %d\nticks: %llu\nsettime flags: 0%o\n",
		   ctx->clockid, (unsigned long long)ctx->ticks,
		   ctx->settime_flags);
	show_time(m, "it_value", time_left(ctx));
	show_time(m, "it_interval", ctx->interval);
}

static const struct file_operations timerfd_fops = {
	.read_iter = timerfd_read,
	.poll = timerfd_poll,
	.llseek = noop_llseek,
	.release = timerfd_release,
	.show_fdinfo = timerfd_show_fdinfo,
};

bool is_file_timerfd(const struct file *file)
{
	return file->f_op == &timerfd_fops;
}

void timerfd_get(struct file *file, struct timerfd_spec *left)
{
	struct timerfd_ctx *ctx = file->private_data;

	timerfd_forward(ctx);
	left->value = (int64_t)time_left(ctx);
	left->interval = ctx->interval;
}

int timerfd_clockid(const struct file *file)
{
	const struct timerfd_ctx *ctx = file->private_data;

	return ctx->clockid;
}

static void set_clock(struct timerfd_ctx *ctx, uint32_t flags)
{
	ctx->real = (flags & TIMERFD_ABSTIME) && ctx->clockid == REAL_CLOCK;
	if (!ctx->real || !(flags & TIMERFD_CANCEL_ON_SET))
		list_del_init(&ctx->cancel);
	else if (list_empty(&ctx->cancel))
		list_add(&ctx->cancel, &cancel_list);
}

int timerfd_set(struct file *file, uint32_t flags,
		const struct timerfd_spec *first)
{
	struct timerfd_ctx *ctx = file->private_data;

	timer_cancel(&ctx->timer);
	set_clock(ctx, flags);
	ctx->ticks = 0;
	ctx->has_expired = false;
	ctx->interval = first->interval;
	ctx->settime_flags = flags;
	ctx->expires = first->value;
	if (!first->value)
		return 0;
	timerfd_arm(ctx);
	return timerfd_canceled(ctx) ? -ECANCELED : 0;
}

struct file *timerfd_create(int clockid, uint32_t flags)
{
	struct timerfd_ctx *ctx = kzalloc(sizeof(*ctx));
	struct file *file;

	if (!ctx)
		return NULL;
	file = file_alloc(&timerfd_fops, ctx, O_RDWR | (flags & O_NONBLOCK));
	if (!file) {
		kfree(ctx);
		return NULL;
	}
	timer_setup(&ctx->timer, timerfd_expire);
	init_waitqueue_head(&ctx->wq);
	INIT_LIST_HEAD(&ctx->cancel);
	clock_on_set(timerfd_clock_was_set);
	ctx->clockid = clockid;
	file->f_name = "anon_inode:[timerfd]";
	return file;
}
