/* SPDX-License-Identifier: MIT */
/*
 * Keeps the time of day right. Every few seconds the machine's clock is read
 * again. The RTC shows whole seconds only; the interval between readings is no
 * whole number of seconds, so that sooner or later one is near the edge of a
 * second.
 *
 * A small error is corrected by running faster or slower, at Linux's rate, so
 * that no clock goes back. A large one means that the machine was stopped, or
 * saved and restored, or that the host's clock was set: then the time of day is
 * set, and the random generator makes new keys. Softirq.
 */
#include "kernel/task/wallclock.h"

#include "kernel/printk.h"
#include "kernel/random.h"
#include "kernel/task/clock.h"
#include "kernel/task/timer.h"
#include "kernel/x86/hypervisor.h"
#include "kernel/x86/rtc.h"

#define CHECK_NS (1900 * NSEC_PER_MSEC)
/* No less than the largest error of the first reading. */
#define STEP_NS (500 * (int64_t)NSEC_PER_MSEC)

/* As far as Linux lets a clock be set, 2232: moments have 63 bits. */
#define LATEST (8277292036ULL * NSEC_PER_SEC)

/* Settings of the clock are logged once a minute at most. */
#define QUIET_NS (60 * NSEC_PER_SEC)

static struct timer check_timer;
static uint64_t quiet_until;
static bool has_clock;

/* False: cannot be read now, or an impossible time. */
static bool read_clock(uint64_t *low, uint64_t *high,
		       bool (*read_rtc)(uint64_t *seconds))
{
	uint64_t seconds;

	if (hypervisor_wall_clock(low)) {
		*high = *low;
		return *low < LATEST;
	}
	if (!read_rtc(&seconds) || seconds >= LATEST / NSEC_PER_SEC)
		return false;
	*low = seconds * NSEC_PER_SEC;
	*high = *low + NSEC_PER_SEC;
	return true;
}

/* The estimate is the middle of the reading's range. */
uint64_t wallclock_read_first(void)
{
	uint64_t low, high;

	has_clock = read_clock(&low, &high, rtc_read);
	if (has_clock)
		return low + (high - low) / 2;
	pr_warn("clock: no real-time clock, it is 1970");
	return 0;
}

static void tell(int64_t ns)
{
	uint64_t now = ktime_get_ns(), size = ns > 0 ? ns : -ns;

	if (now < quiet_until)
		return;
	quiet_until = now + QUIET_NS;
	pr_notice("clock: set %s by %llu.%03llu s", ns > 0 ? "forward" : "back",
		  (unsigned long long)(size / NSEC_PER_SEC),
		  (unsigned long long)(size % NSEC_PER_SEC / NSEC_PER_MSEC));
}

/* Sets the clock to the middle of the reading's range. */
static void set(int64_t error, uint64_t low, uint64_t high)
{
	int64_t more = (int64_t)(high - low) / 2;
	int64_t ns = error > 0 ? error + more : error - more;

	clock_slew(0);
	clock_step(ns);
	random_restored(low);
	tell(ns);
}

/* Slews to correct the error by the next check, within CLOCK_SLEW_MAX. */
static void slew(int64_t error)
{
	int64_t ppm = error / (int64_t)(CHECK_NS / 1000000);

	ppm = MAX(ppm, (int64_t)-CLOCK_SLEW_MAX);
	clock_slew((int)MIN(ppm, (int64_t)CLOCK_SLEW_MAX));
}

static void check(struct timer *timer)
{
	uint64_t before = ktime_get_real_ns(), low, high;
	int64_t error;

	timer_start(timer, ktime_get_ns() + CHECK_NS);
	if (!read_clock(&low, &high, rtc_read_now))
		return;
	error = wallclock_error(low, high, before, ktime_get_real_ns());
	if (error > STEP_NS || error < -STEP_NS)
		set(error, low, high);
	else
		slew(error);
}

void wallclock_start(void)
{
	timer_setup(&check_timer, check);
	if (has_clock)
		timer_start(&check_timer, ktime_get_ns() + CHECK_NS);
}

void wallclock_check_soon(void)
{
	if (timer_pending(&check_timer))
		timer_start(&check_timer, ktime_get_ns());
}
