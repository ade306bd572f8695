/* SPDX-License-Identifier: MIT */
/* unit: kernel/event/timerfd.c kernel/fs/file.c kernel/fs/read_write.c */
/* unit: kernel/fs/iov_iter.c kernel/task/wait.c kernel/lib/seq_buf.c */
/*
 * timerfd with a clock and a timer that the test moves: what is counted, what
 * is left, and that it comes and goes without a trace.
 */
#include "kernel/event/timerfd.h"

#include <errno.h>
#include <linux/fcntl.h>

#include "kernel/event/eventpoll.h"
#include "kernel/fs/file.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/poll.h"
#include "kernel/task/clock.h"
#include "kernel/task/timer.h"
#include "lib/fake_kernel.h"

static uint64_t now = 1000;
static uint64_t offset = 1000000; /* the time of day minus now */
static struct timer *armed; /* one is enough */
static void (*clock_was_set)(void);

uint64_t ktime_get_ns(void)
{
	return now;
}

uint64_t ktime_get_real_ns(void)
{
	return now + offset;
}

uint64_t ktime_of(uint64_t moment)
{
	return moment & REAL_TIME ? (moment & ~REAL_TIME) - offset : moment;
}

void clock_on_set(void (*fn)(void))
{
	clock_was_set = fn;
}

void timer_setup(struct timer *timer, void (*func)(struct timer *timer))
{
	timer->func = func;
}

void timer_start(struct timer *timer, uint64_t expires)
{
	timer->expires = expires;
	armed = timer;
}

bool timer_pending(const struct timer *timer)
{
	return armed == timer;
}

bool timer_cancel(struct timer *timer)
{
	bool was_armed = armed == timer;

	if (was_armed)
		armed = NULL;
	return was_armed;
}

void eventpoll_release(struct file *file)
{
}

void iput(struct inode *inode)
{
}

/* Time passes; the timer fires once if it is due. */
static void pass(uint64_t ns)
{
	struct timer *timer = armed;

	now += ns;
	if (!timer || ktime_of(timer->expires) > now)
		return;
	armed = NULL;
	timer->func(timer);
}

static struct file *file;

static void arm(uint64_t in, uint64_t interval)
{
	struct timerfd_spec spec = { in ? now + in : 0, interval };

	timerfd_set(file, 0, &spec);
}

/* The expirations, or -errno. */
static int64_t take(void)
{
	uint64_t ticks = 0;
	struct iovec iov = { &ticks, sizeof(ticks) };
	struct iov_iter i;
	ssize_t n;

	iov_iter_init(&i, &iov, 1, sizeof(ticks), true);
	n = file_read_iter(file, &i, NULL);
	return n == sizeof(ticks) ? (int64_t)ticks : n;
}

static uint32_t mask(void)
{
	struct poll_table mask_only = { 0 };

	return vfs_poll(file, &mask_only);
}

static void test_create(void)
{
	int n;

	for (n = 0;; n++) {
		fail_at = n;
		file = timerfd_create(1, O_NONBLOCK);
		fail_at = -1;
		if (file)
			break;
		ok(!live_objects && !nr_files(),
		   "create: fails without a trace");
	}
	is(n, 2, "create: each of two allocations may fail");
	ok(is_file_timerfd(file) && timerfd_clockid(file) == 1,
	   "create: a timer of that clock");
}

static void test_once(void)
{
	struct timerfd_spec left;

	is(take(), -EAGAIN, "once: not armed");
	arm(100, 0);
	pass(99);
	ok(!mask() && take() == -EAGAIN, "once: not yet");
	timerfd_get(file, &left);
	is(left.value, 1, "once: a nanosecond is left");
	pass(1);
	ok(mask() & EPOLLIN, "once: now");
	timerfd_get(file, &left);
	is(left.value, 0, "once: nothing is left");
	is(take(), 1, "once: one expiration");
	ok(!mask() && take() == -EAGAIN, "once: no more");
	arm(100, 0);
	pass(100);
	arm(0, 0);
	ok(!mask() && !armed, "once: setting it drops what was not read");
}

static void test_periodic(void)
{
	struct timerfd_spec left;

	arm(100, 10);
	pass(100);
	ok(mask() && !armed, "periodic: fires, and waits to be read");
	pass(25);
	is(take(), 3, "periodic: all periods are counted");
	ok(armed && armed->expires == now + 5, "periodic: the next is due");
	pass(5);
	timerfd_get(file, &left);
	ok(left.value == 10 && left.interval == 10,
	   "periodic: asking arms it again");
	is(take(), 1, "periodic: and loses nothing");
	arm(100, UINT64_MAX);
	pass(100);
	is(take(), 1, "periodic: the largest interval");
	arm(0, 0);
}

/* Closes the file of this test; the next goes on with the other. */
static void file_put_test(struct file **of_test, struct file *other)
{
	fput(*of_test);
	*of_test = other;
}

static int arm_real(uint64_t in, uint64_t interval, uint32_t flags)
{
	struct timerfd_spec spec = { in ? now + offset + in : 0, interval };

	return timerfd_set(file, TIMERFD_ABSTIME | flags, &spec);
}

static void set_clock(int64_t by)
{
	offset += by;
	clock_was_set();
	pass(0);
}

static void test_time_of_day(void)
{
	struct timerfd_spec left;
	struct file *monotonic = file;

	file = timerfd_create(0, O_NONBLOCK);
	is(arm_real(1000, 0, 0), 0, "day: armed for a time of day");
	set_clock(-500);
	timerfd_get(file, &left);
	is(left.value, 1500, "day: set back, it takes longer");
	pass(1499);
	is(take(), -EAGAIN, "day: as long");
	pass(1);
	is(take(), 1, "day: and comes");
	arm_real(1000, 0, 0);
	set_clock(1000);
	is(take(), 1, "day: set forward, it comes at once");
	arm(1000, 0);
	set_clock(5000);
	is(take(), -EAGAIN, "day: a relative one is of the other clock");

	arm_real(1000, 100, 0);
	pass(1250);
	is(take(), 3, "day: periods are counted");
	pass(100);
	set_clock(-200);
	is(take(), 0, "day: set back meanwhile, the expiration is taken back");
	ok(armed && !mask(), "day: and still to come");
	arm(0, 0);
	file_put_test(&file, monotonic);
}

static void test_cancel_on_set(void)
{
	struct file *monotonic = file;

	file = timerfd_create(0, O_NONBLOCK);
	is(arm_real(1000, 0, TIMERFD_CANCEL_ON_SET), 0, "cancel: armed");
	set_clock(1);
	ok(mask() & EPOLLIN, "cancel: a clock that is set is an event");
	is(take(), -ECANCELED, "cancel: and an error");
	is(take(), -EAGAIN, "cancel: once");
	pass(1000);
	is(take(), 1, "cancel: the timer goes on");
	arm_real(1000, 0, TIMERFD_CANCEL_ON_SET);
	set_clock(1);
	is(arm_real(1000, 0, TIMERFD_CANCEL_ON_SET), -ECANCELED,
	   "cancel: arming again tells it, too");
	is(take(), -EAGAIN, "cancel: instead of the read");
	set_clock(1);
	arm_real(1000, 0, 0);
	set_clock(1);
	is(take(), -EAGAIN, "cancel: not for who does not ask");
	arm(1000, 0);
	set_clock(1);
	is(take(), -EAGAIN, "cancel: nor for a relative one");
	arm_real(1000, 0, TIMERFD_CANCEL_ON_SET);
	file_put_test(&file, monotonic);
	clock_was_set();
	ok(!armed, "cancel: a closed one hears nothing");
}

static void test_bad_target(void)
{
	static uint64_t ticks;
	struct iovec iov = { &ticks, sizeof(ticks) };
	struct iov_iter i;

	arm(1, 0);
	pass(1);
	bad_from = (char *)&ticks;
	iov_iter_init(&i, &iov, 1, sizeof(ticks), true);
	is(file_read_iter(file, &i, NULL), -EFAULT, "bad: a bad target");
	bad_from = NULL;
	is(take(), -EAGAIN, "bad: takes the expiration");
}

int main(void)
{
	file_init();
	test_create();
	test_once();
	test_periodic();
	test_time_of_day();
	test_cancel_on_set();
	test_bad_target();
	arm(100, 0);
	fput(file);
	ok(!armed && !live_objects && !nr_files(),
	   "close: disarmed, everything is given back");
	return done_testing();
}
