/* SPDX-License-Identifier: MIT */
/* unit: kernel/task/timer.c kernel/lib/rbtree.c */
/*
 * Timers against a clock that the test turns by hand.
 */
#include "kernel/task/timer.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/task/clock.h"
#include "kernel/task/softirq.h"
#include "kernel/x86/apic.h"
#include "kernel/x86/irq.h"
#include "lib/tap.h"

static uint64_t now;
static uint64_t offset = 1000000; /* the time of day minus now */
static uint64_t hardware = UINT64_MAX; /* when the CPU's timer fires */
static int programmed; /* times it was written */
static bool raised;

uint64_t ktime_get_ns(void)
{
	return now;
}

uint64_t ktime_of(uint64_t moment)
{
	if (!(moment & REAL_TIME))
		return moment;
	moment &= ~REAL_TIME;
	return moment > offset ? moment - offset : 0;
}

uint64_t real_of(uint64_t ns)
{
	return (ns + offset) | REAL_TIME;
}

void apic_timer_set(uint64_t expires_ns)
{
	hardware = expires_ns;
	programmed++;
}

void softirq_set(enum softirq nr, void (*func)(void))
{
}

void raise_softirq(enum softirq nr)
{
	raised = true;
}

#define NR 300

struct probe {
	struct timer timer;
	int id;
	int fired;
	uint64_t fired_at;
};

static struct probe probes[NR];
static int order[4 * NR], nr_fired;

static void note(struct timer *timer)
{
	struct probe *p = container_of(timer, struct probe, timer);

	p->fired++;
	p->fired_at = now;
	order[nr_fired++] = p->id;
}

static void reset(void)
{
	for (int i = 0; i < NR; i++) {
		if (timer_pending(&probes[i].timer) && probes[i].timer.func)
			timer_cancel(&probes[i].timer);
		memset(&probes[i], 0, sizeof(probes[i]));
		timer_setup(&probes[i].timer, note);
		probes[i].id = i;
	}
	nr_fired = 0;
	programmed = 0;
}

/* Time passes; the hardware and the softirq do their parts. */
static void advance_to(uint64_t t)
{
	while (hardware <= t || raised) {
		if (!raised)
			now = hardware > now ? hardware : now;
		if (!raised)
			hardware = UINT64_MAX;
		raised = false;
		timers_run();
	}
	now = t;
}

static void test_order(void)
{
	reset();
	now = 1000;
	timer_start(&probes[0].timer, 3000);
	timer_start(&probes[1].timer, 2000);
	timer_start(&probes[2].timer, 3000);
	timer_start(&probes[3].timer, 2500);
	is(timer_next(), 2000, "timer: the first expiry is the earliest");
	is(hardware, 2000, "timer: the CPU's timer is armed for it");
	advance_to(2999);
	is(nr_fired, 2, "timer: nothing fires before its time");
	is(probes[1].fired_at, 2000, "timer: fires at its time");
	advance_to(5000);
	ok(nr_fired == 4 && order[0] == 1 && order[1] == 3 && order[2] == 0 &&
		   order[3] == 2,
	   "timer: in order of expiry, equal ones in order of starting");
	is(timer_next(), UINT64_MAX, "timer: none left");
}

static void test_cancel(void)
{
	reset();
	now = 10000;
	timer_start(&probes[0].timer, 10100);
	timer_start(&probes[1].timer, 10200);
	ok(timer_cancel(&probes[0].timer), "timer: cancel of a pending one");
	ok(!timer_cancel(&probes[0].timer), "timer: cancel of an idle one");
	advance_to(10300);
	is(probes[0].fired, 0, "timer: a cancelled one does not fire");
	is(probes[1].fired_at, 10200,
	   "timer: the next one fires in time although the first went away");
}

static void test_lazy(void)
{
	reset();
	advance_to(now + 1000000);
	programmed = 0;
	for (int i = 0; i < 1000; i++) {
		timer_start(&probes[0].timer, now + 1000000 + i);
		now += 10;
		timer_cancel(&probes[0].timer);
	}
	is(programmed, 1,
	   "timer: a timeout set and cancelled over and over programs once");
	timer_start(&probes[1].timer, now + 50);
	is(programmed, 2, "timer: an earlier one programs again");
	advance_to(now + 2000000);
	ok(probes[1].fired == 1 && probes[0].fired == 0,
	   "timer: only the live one fired");
}

static void test_restart(void)
{
	reset();
	timer_start(&probes[0].timer, now + 100);
	timer_start(&probes[0].timer, now + 500);
	advance_to(now + 200);
	is(probes[0].fired, 0, "timer: starting again moves it");
	advance_to(now + 1000);
	is(probes[0].fired, 1, "timer: and it fires once");
}

static void test_past(void)
{
	reset();
	now += 1000;
	timer_start(&probes[0].timer, now - 500);
	ok(raised, "timer: one in the past raises the softirq at once");
	is(probes[0].fired, 0, "timer: but runs no function in the caller");
	advance_to(now);
	is(probes[0].fired, 1, "timer: fires soon");
}

static struct timer again;
static int again_count;

static void again_func(struct timer *timer)
{
	again_count++;
	timer_start(timer, 0);
}

static void test_self_start(void)
{
	reset();
	timer_setup(&again, again_func);
	timer_start(&again, now);
	raised = false;
	timers_run();
	is(again_count, 1, "timer: one that restarts itself for now runs once");
	ok(timer_pending(&again), "timer: ... and waits for the next round");
	now += 5;
	timers_run();
	is(again_count, 2, "timer: ... in which it runs again");
	timer_cancel(&again);
	raised = false;
}

/* The interrupt may come a little before the time: it must come again. */
static void test_early_interrupt(void)
{
	reset();
	advance_to(now + 1000000);
	timer_start(&probes[0].timer, now + 1000);
	now += 999;
	hardware = UINT64_MAX;
	timers_run();
	is(probes[0].fired, 0, "timer: an early interrupt fires nothing");
	is(hardware, now + 1, "timer: ... and arms the CPU's timer again");
	advance_to(now + 10);
	is(probes[0].fired, 1, "timer: ... so that none is lost");
}

static void set_clock(uint64_t to)
{
	offset = to;
	timers_clock_was_set();
}

static void test_time_of_day(void)
{
	reset();
	advance_to(now + 1000000);
	set_clock(5000000);
	timer_start(&probes[0].timer, real_of(now + 1000));
	timer_start(&probes[1].timer, now + 1100);
	timer_start(&probes[2].timer, real_of(now + 1200));
	is(hardware, now + 1000, "day: a time of day arms the CPU's timer");
	advance_to(now + 1150);
	ok(nr_fired == 2 && order[0] == 0 && order[1] == 1,
	   "day: both clocks' timers come in order");
	set_clock(offset - 500);
	advance_to(now + 549);
	is(nr_fired, 2, "day: a clock that is set back makes it later");
	advance_to(now + 1);
	is(nr_fired, 3, "day: by as much");

	timer_start(&probes[0].timer, real_of(now + 100000));
	timer_start(&probes[1].timer, now + 100000);
	set_clock(offset + 100000);
	ok(raised && nr_fired == 3,
	   "day: set forward it is left to the softirq");
	advance_to(now);
	ok(nr_fired == 4 && probes[0].fired == 2,
	   "day: the time of day has come, the other has not");
	advance_to(now + 100000);
	timer_start(&probes[0].timer, REAL_TIME);
	advance_to(now);
	is(probes[0].fired, 3, "day: 1970 is over");
	timer_start(&probes[0].timer, REAL_TIME | (offset - 1));
	timer_cancel(&probes[0].timer);
	raised = false;
	is(timer_next(), UINT64_MAX, "day: none is left");

	timer_setup(&again, again_func);
	timer_start(&again, REAL_TIME);
	again_count = 0;
	raised = false;
	timers_run();
	ok(again_count == 1 && timer_pending(&again),
	   "day: one that restarts itself runs once a round");
	timer_cancel(&again);
	raised = false;
}

static void random_step(uint64_t *model)
{
	int i = rand() % NR;

	switch (rand() % 4) {
	case 0:
		model[i] = now + rand() % 5000;
		timer_start(&probes[i].timer, model[i]);
		break;
	case 1:
		model[i] = real_of(now + rand() % 5000);
		timer_start(&probes[i].timer, model[i]);
		if (!(rand() % 50))
			set_clock(1000000 + rand() % 4000);
		break;
	case 2:
		timer_cancel(&probes[i].timer);
		model[i] = 0;
		break;
	case 3:
		advance_to(now + rand() % 1000);
		break;
	}
}

/*
 * Fired means: not before its time (the clock is set just before a step that
 * lets none pass), and only if the model still wants it.
 */
static bool agrees(uint64_t *model)
{
	for (int i = 0; i < NR; i++) {
		struct probe *p = &probes[i];

		if (p->fired) {
			if (p->fired != 1 || !model[i] ||
			    p->fired_at < ktime_of(model[i]))
				return false;
			p->fired = 0;
			model[i] = 0;
		}
		if (timer_pending(&p->timer) != (model[i] != 0))
			return false;
	}
	nr_fired = 0;
	return true;
}

static void test_random(void)
{
	static uint64_t model[NR];
	bool good = true;

	srand(tap_seed(20240607));
	reset();
	for (int i = 0; good && i < 50000; i++) {
		random_step(model);
		good = agrees(model);
	}
	ok(good, "timer: 50,000 random steps agree with a simple model");
	advance_to(now + 10000);
	ok(agrees(model) && timer_next() == UINT64_MAX,
	   "timer: and all that was started came");
}

int main(void)
{
	timers_init();
	for (int i = 0; i < NR; i++)
		timer_setup(&probes[i].timer, note);
	test_order();
	test_cancel();
	test_lazy();
	test_restart();
	test_past();
	test_self_start();
	test_early_interrupt();
	test_time_of_day();
	test_random();
	return done_testing();
}
