/* SPDX-License-Identifier: MIT */
/*
 * The lockup detector. Owns the count of timer interrupts that landed in ring
 * 0 since the kernel last made progress, at most one per period, since other
 * timers interrupt too. It counts interrupts instead of measuring time, so
 * that a machine that its host stopped for an hour does not look stuck
 * afterwards.
 *
 * The detector's own timer keeps the CPU's timer armed. Once a tick has landed
 * in ring 0, the handler itself arms the next ones, since the timer softirq
 * will not run in a kernel that is stuck.
 */
#include "kernel/task/lockup.h"

#include <stdlib.h>

#include "kernel/cmdline.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/task/clock.h"
#include "kernel/task/timer.h"
#include "kernel/x86/apic.h"
#include "kernel/x86/irq.h"

#define SECONDS_DEFAULT 10
#define SECONDS_MAX 3600
#define TICKS 4 /* periods until a lockup is reported */

unsigned int lockup_ticks;

static unsigned int seconds __ro_after_init;
static uint64_t period_ns __ro_after_init;
static uint64_t last_ns; /* when the last one was counted */
static struct timer timer;

static void next_period(struct timer *t)
{
	timer_start(t, ktime_get_ns() + period_ns);
}

static unsigned int parse_seconds(const char *word)
{
	char *end;
	unsigned long n = strtoul(word, &end, 10);

	if (end == word || *end || n > SECONDS_MAX) {
		pr_warn("lockup=%s: not a number of seconds", word);
		return SECONDS_DEFAULT;
	}
	return (unsigned int)n;
}

void lockup_init(void)
{
	const char *word = cmdline_get("lockup");

	seconds = word ? parse_seconds(word) : SECONDS_DEFAULT;
	if (!seconds)
		return;
	period_ns = seconds * NSEC_PER_SEC / TICKS;
	timer_setup(&timer, next_period);
	next_period(&timer);
}

unsigned int lockup_timeout(void)
{
	return seconds;
}

/* The first tick only shows that it interrupted ring 0. */
void lockup_tick(const struct pt_regs *regs)
{
	uint64_t now = ktime_get_ns();

	if (!seconds)
		return;
	if (lockup_ticks && now < last_ns + period_ns) {
		apic_timer_again(last_ns + period_ns - now);
		return;
	}
	last_ns = now;
	if (++lockup_ticks > TICKS)
		panic_regs(regs, "lockup: no thread could run for %u seconds",
			   seconds);
	apic_timer_again(period_ns);
}
