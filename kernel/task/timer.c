/* SPDX-License-Identifier: MIT */
/*
 * Timers. Owns two trees of pending timers, one per clock, ordered by expiry
 * and, among equal ones, by when they were started. Entered by threads and
 * softirqs; timer functions run in the timer softirq.
 *
 * Expiries in the tree of the time of day are times of day: when that clock is
 * set, only the first one has to be checked again.
 *
 * The CPU's timer is programmed lazily, since writing it is expensive under a
 * hypervisor: `armed` is when it will fire, never later than the first expiry.
 * Starting an earlier timer rearms it. Cancelling the first timer does not: the
 * interrupt comes, finds nothing due and arms it again. So a timeout that is
 * set and cancelled for each request costs two tree operations and no device
 * access.
 */
#include "kernel/task/timer.h"

#include "kernel/task/clock.h"
#include "kernel/task/softirq.h"
#include "kernel/x86/apic.h"
#include "kernel/x86/irq.h"

/* The most functions of one round, which bounds the softirq's time. */
#define RUN_AT_ONCE 64

static struct base {
	struct rb_root timers;
	struct timer *first; /* leftmost, NULL: none */
} monotonic, real;
static uint64_t armed = UINT64_MAX;
static uint64_t round_ends; /* while functions run: earliest new expiry */

static void timer_softirq(void)
{
	timers_run();
}

void timers_init(void)
{
	softirq_set(SOFTIRQ_TIMER, timer_softirq);
}

void timer_setup(struct timer *timer, void (*func)(struct timer *timer))
{
	RB_CLEAR_NODE(&timer->node);
	timer->expires = 0;
	timer->func = func;
}

bool timer_pending(const struct timer *timer)
{
	return !RB_EMPTY_NODE(&timer->node);
}

static struct base *base_of(const struct timer *timer)
{
	return timer->expires & REAL_TIME ? &real : &monotonic;
}

/* When it is due, on the monotonic clock. */
static uint64_t due(const struct timer *timer)
{
	return timer ? ktime_of(timer->expires) : UINT64_MAX;
}

static struct timer *first_timer(void)
{
	return due(real.first) < due(monotonic.first) ? real.first :
							monotonic.first;
}

uint64_t timer_next(void)
{
	return due(first_timer());
}

static void timer_link(struct timer *timer)
{
	struct base *base = base_of(timer);
	struct rb_node **link = &base->timers.node, *parent = NULL;
	bool leftmost = true;

	while (*link) {
		struct timer *other = rb_entry(*link, struct timer, node);

		parent = *link;
		if (timer->expires < other->expires) {
			link = &parent->left;
		} else {
			link = &parent->right;
			leftmost = false;
		}
	}
	rb_link_node(&timer->node, parent, link);
	rb_insert_color(&timer->node, &base->timers);
	if (leftmost)
		base->first = timer;
}

static void timer_unlink(struct timer *timer)
{
	struct base *base = base_of(timer);

	if (base->first == timer) {
		struct rb_node *next = rb_next(&timer->node);

		base->first = next ? rb_entry(next, struct timer, node) : NULL;
	}
	rb_erase(&timer->node, &base->timers);
	RB_CLEAR_NODE(&timer->node);
}

/* For a time that has passed it raises the softirq, without an interrupt. */
static void arm(uint64_t expires)
{
	if (expires <= ktime_get_ns()) {
		raise_softirq(SOFTIRQ_TIMER);
		return;
	}
	armed = expires;
	apic_timer_set(expires);
}

/*
 * A timer started by a timer function to expire at once waits for the next
 * round, so that one that always restarts itself cannot hold the CPU.
 */
void timer_start(struct timer *timer, uint64_t expires)
{
	uint64_t earliest = expires & REAL_TIME ? real_of(round_ends) :
						  round_ends;

	if (timer_pending(timer))
		timer_unlink(timer);
	timer->expires = MAX(expires, earliest);
	timer_link(timer);
	if (!round_ends && due(timer) < armed)
		arm(due(timer));
}

bool timer_cancel(struct timer *timer)
{
	if (!timer_pending(timer))
		return false;
	timer_unlink(timer);
	return true;
}

/*
 * The interrupt may have come a little early, because the two clocks round
 * differently, so the CPU's timer counts as off whatever the time is.
 */
void timers_run(void)
{
	uint64_t now = ktime_get_ns();
	unsigned int left = RUN_AT_ONCE;
	struct timer *timer;

	round_ends = now + 1;
	armed = UINT64_MAX;
	for (timer = first_timer(); due(timer) <= now && left--;
	     timer = first_timer()) {
		timer_unlink(timer);
		timer->func(timer);
	}
	round_ends = 0;
	if (timer)
		arm(due(timer));
}

void timers_clock_was_set(void)
{
	raise_softirq(SOFTIRQ_TIMER);
}
