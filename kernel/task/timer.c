/* SPDX-License-Identifier: MIT */
/*
 * Timers. Owns the tree of pending timers, ordered by expiry and, among equal
 * ones, by the order in which they were started. Entered by threads and
 * softirqs; timer functions run in the timer softirq.
 *
 * The CPU's timer is programmed lazily, for writing it is dear under a
 * hypervisor: `armed` is when it will fire, never later than the first
 * expiry. Starting a timer before that moves it forward; cancelling the first
 * one leaves it, and the interrupt that finds nothing due arms it anew. So a
 * timeout that is set and cancelled for each request costs two tree
 * operations and no device access.
 */
#include "kernel/task/timer.h"

#include "kernel/task/clock.h"
#include "kernel/task/softirq.h"
#include "kernel/x86/irq.h"

static struct rb_root timers = { NULL };
static struct timer *first; /* leftmost, NULL: none */
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

uint64_t timer_next(void)
{
	return first ? first->expires : UINT64_MAX;
}

static void timer_link(struct timer *timer)
{
	struct rb_node **link = &timers.node, *parent = NULL;
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
	rb_insert_color(&timer->node, &timers);
	if (leftmost)
		first = timer;
}

static void timer_unlink(struct timer *timer)
{
	if (first == timer) {
		struct rb_node *next = rb_next(&timer->node);

		first = next ? rb_entry(next, struct timer, node) : NULL;
	}
	rb_erase(&timer->node, &timers);
	RB_CLEAR_NODE(&timer->node);
}

/* A time that has come is left to the softirq: no way round by an interrupt. */
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
 * A timer that a timer function starts for now waits for the next round, so
 * that one which always starts itself again cannot hold the CPU.
 */
void timer_start(struct timer *timer, uint64_t expires)
{
	if (timer_pending(timer))
		timer_unlink(timer);
	timer->expires = MAX(expires, round_ends);
	timer_link(timer);
	if (!round_ends && timer->expires < armed)
		arm(timer->expires);
}

bool timer_cancel(struct timer *timer)
{
	if (!timer_pending(timer))
		return false;
	timer_unlink(timer);
	return true;
}

/*
 * The interrupt that leads here may have come a little early, by the two
 * clocks' rounding, so the CPU's timer counts as off whatever the time is.
 */
void timers_run(void)
{
	uint64_t now = ktime_get_ns();

	round_ends = now + 1;
	armed = UINT64_MAX;
	while (first && first->expires <= now) {
		struct timer *timer = first;

		timer_unlink(timer);
		timer->func(timer);
	}
	round_ends = 0;
	if (first)
		arm(first->expires);
}
