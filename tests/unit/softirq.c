/* SPDX-License-Identifier: MIT */
/* unit: kernel/task/softirq.c kernel/lib/rbtree.c */
/*
 * Softirqs: what is raised runs, never nested, and a flood has an end.
 */
#include "kernel/task/softirq.h"

#include "kernel/task/clock.h"
#include "kernel/task/timer.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/irq.h"
#include "lib/tap.h"

struct percpu cpu0;

static int runs[NR_SOFTIRQS];
static int raise_again; /* times the network's softirq raises itself */
static bool nested, was_in_softirq;
static uint64_t now = 1000, run_takes;
static struct timer *started;
static uint64_t started_for;

uint64_t ktime_get_ns(void)
{
	return now;
}

void timer_start(struct timer *timer, uint64_t expires)
{
	started = timer;
	started_for = expires;
}

bool timer_pending(const struct timer *timer)
{
	return timer == started;
}

/* What the interrupt that was recorded wants. */
void irq_serve_recorded(void)
{
	cpu0.irqs = 0;
	raise_softirq(SOFTIRQ_NET);
}

static void run_timer(void)
{
	runs[SOFTIRQ_TIMER]++;
}

static void run_net(void)
{
	runs[SOFTIRQ_NET]++;
	now += run_takes;
	was_in_softirq = in_softirq();
	raise_softirq(SOFTIRQ_TIMER);
	do_softirq();
	nested |= runs[SOFTIRQ_TIMER] > 0 && runs[SOFTIRQ_NET] == 1;
	if (raise_again-- > 0)
		raise_softirq(SOFTIRQ_NET);
}

static void reset(void)
{
	for (int i = 0; i < NR_SOFTIRQS; i++)
		runs[i] = 0;
	nested = false;
	cpu0.work = 0;
}

static void test_once(void)
{
	reset();
	do_softirq();
	is(runs[SOFTIRQ_NET], 0, "softirq: nothing raised, nothing runs");
	raise_softirq(SOFTIRQ_NET);
	raise_softirq(SOFTIRQ_NET);
	ok(softirq_pending(), "softirq: pending when raised");
	ok(cpu0.work & CPU_WORK_SOFTIRQ,
	   "softirq: ... and the way to ring 3 will look");
	do_softirq();
	is(runs[SOFTIRQ_NET], 1, "softirq: raised twice runs once");
	ok(was_in_softirq && !in_softirq(), "softirq: in_softirq() says so");
	ok(!nested, "softirq: not nested");
	is(runs[SOFTIRQ_TIMER], 1, "softirq: raised by another runs after it");
	ok(!softirq_pending(), "softirq: nothing left");
	ok(!started, "softirq: ... so no interrupt is asked for");
}

static void test_flood(void)
{
	reset();
	raise_again = 1000;
	raise_softirq(SOFTIRQ_NET);
	do_softirq();
	ok(runs[SOFTIRQ_NET] > 1 && runs[SOFTIRQ_NET] < 100,
	   "softirq: one that raises itself has a bound");
	ok(softirq_pending(), "softirq: ... the rest stays pending");
	ok(started && started_for > 1000,
	   "softirq: ... and an interrupt will bring it back");
	raise_again = 0;
	do_softirq();
	ok(!softirq_pending(), "softirq: ... until it is done");
}

static void test_long(void)
{
	reset();
	raise_again = 1000;
	run_takes = NSEC_PER_MSEC * 2 / 5;
	raise_softirq(SOFTIRQ_NET);
	do_softirq();
	is(runs[SOFTIRQ_NET], 3, "softirq: a millisecond ends the rounds");
	ok(softirq_pending(), "softirq: ... the rest stays pending");
	do_softirq();
	is(runs[SOFTIRQ_NET], 3, "softirq: ... and rests while others run");
	run_takes = raise_again = 0;
	now += NSEC_PER_MSEC;
	do_softirq();
	is(runs[SOFTIRQ_NET], 4, "softirq: ... for a while");
	ok(!softirq_pending(), "softirq: ... until it is done");
}

static void test_lazy(void)
{
	reset();
	started = NULL;
	raise_softirq_lazily(SOFTIRQ_NET);
	ok(softirq_pending(), "softirq: pending when raised lazily");
	ok(!cpu0.work, "softirq: ... but the way to ring 3 is not held up");
	ok(started && started_for > 1000, "softirq: ... for a short time only");
	do_softirq();
	is(runs[SOFTIRQ_NET], 1, "softirq: ... and runs at the first chance");
	ok(!softirq_pending(), "softirq: ... once");
}

static void test_recorded(void)
{
	reset();
	cpu0.irqs = 1;
	do_softirq();
	is(runs[SOFTIRQ_NET], 1,
	   "softirq: a recorded interrupt is served first");
	ok(!cpu0.irqs && !softirq_pending(), "softirq: ... once");
}

static void test_put_off(void)
{
	reset();
	started = NULL;
	cpu_set_work(CPU_WORK_SOFTIRQ);
	softirq_put_off();
	ok(!cpu0.work && !started, "softirq: nothing pending, nothing put off");
	raise_softirq(SOFTIRQ_NET);
	softirq_put_off();
	ok(cpu0.work && started, "softirq: what is pending has its interrupt");
	do_softirq();
}

int main(void)
{
	softirq_set(SOFTIRQ_TIMER, run_timer);
	softirq_set(SOFTIRQ_NET, run_net);
	test_once();
	test_flood();
	test_long();
	test_lazy();
	test_recorded();
	test_put_off();
	return done_testing();
}
