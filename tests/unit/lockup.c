/* SPDX-License-Identifier: MIT */
/* unit: kernel/task/lockup.c kernel/cmdline.c */
/*
 * The lockup detector counts periods of the CPU's timer in ring 0, whatever
 * else the timer is used for there, and however long the host had stopped.
 */
#include "kernel/task/lockup.h"

#include <setjmp.h>

#include "kernel/cmdline.h"
#include "kernel/panic.h"
#include "kernel/task/clock.h"
#include "kernel/task/timer.h"
#include "kernel/x86/apic.h"
#include "kernel/x86/irq.h"
#include "lib/tap.h"

#define PERIOD (2500 * NSEC_PER_MSEC) /* of lockup=10 */

static uint64_t now = NSEC_PER_SEC;
static uint64_t next; /* when the CPU's timer rings */
static jmp_buf panicked;

uint64_t ktime_get_ns(void)
{
	return now;
}

void timer_setup(struct timer *timer, void (*func)(struct timer *timer))
{
}

void timer_start(struct timer *timer, uint64_t expires)
{
}

void apic_timer_again(uint64_t delta_ns)
{
	next = now + delta_ns;
}

_Noreturn void panic_regs(const struct pt_regs *regs, const char *fmt, ...)
{
	longjmp(panicked, 1);
}

/* The timer rings every so often, and nothing else happens: when it panics. */
static uint64_t stuck(uint64_t step, uint64_t most)
{
	uint64_t start = now;

	if (setjmp(panicked))
		return now - start;
	for (; now - start < most; now += step)
		lockup_tick(NULL);
	return 0;
}

static void test_stuck(void)
{
	uint64_t start = now;

	lockup_progress();
	if (!setjmp(panicked)) {
		for (int i = 0; i < 10; i++) {
			lockup_tick(NULL);
			now = next;
		}
	}
	is(now - start, 4 * PERIOD, "a kernel that is stuck: after 10 s");
}

static void test_other_timers(void)
{
	lockup_progress();
	is(stuck(NSEC_PER_MSEC, 9 * NSEC_PER_SEC), 0,
	   "timers of others, 1000 a second for 9 s: no");
	lockup_progress();
	is(stuck(NSEC_PER_MSEC, 20 * NSEC_PER_SEC), 4 * PERIOD,
	   "... for 20 s: after 10");
	lockup_progress();
	lockup_tick(NULL);
	now += NSEC_PER_SEC;
	lockup_tick(NULL);
	is(next - now, PERIOD - NSEC_PER_SEC,
	   "what is not counted leaves the period as it is");
}

static void test_host_stopped(void)
{
	lockup_progress();
	lockup_tick(NULL);
	now += 3600 * NSEC_PER_SEC;
	lockup_tick(NULL);
	is(lockup_ticks, 2, "an hour in which nothing ran is one period");
}

int main(void)
{
	static char line[] = "lockup=10";

	cmdline_init(line);
	lockup_init();
	test_stuck();
	test_other_timers();
	test_host_stopped();
	return done_testing();
}
