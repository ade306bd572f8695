/* SPDX-License-Identifier: MIT */
/* unit: kernel/x86/irq_line.c */
/*
 * Lines that devices share, with an IO-APIC that only notes what it is told.
 */
#include <errno.h>

#include "kernel/printk.h"
#include "kernel/task/clock.h"
#include "kernel/task/timer.h"
#include "kernel/x86/apic.h"
#include "kernel/x86/ioapic.h"
#include "kernel/x86/irq.h"
#include "lib/tap.h"

#define NO_LINE 99 /* no IO-APIC serves it */

static struct {
	irq_handler handler;
	void *arg;
} vectors[256];
static int next_vector = VECTOR_FIRST;
static unsigned int routed, masked; /* the last one's number */
static bool routed_low, routed_level;
static int routed_vector;
static unsigned int complaints;

void printk(enum log_level level, const char *fmt, ...)
{
	complaints++;
}

int irq_alloc_vector(const char *name, irq_handler handler, void *arg)
{
	irq_set_handler(next_vector, name, handler, arg);
	return next_vector++;
}

void irq_set_handler(int vector, const char *name, irq_handler handler,
		     void *arg)
{
	vectors[vector].handler = handler;
	vectors[vector].arg = arg;
}

int ioapic_route(uint32_t gsi, bool active_low, bool level, uint8_t vector)
{
	if (gsi == NO_LINE)
		return -ENODEV;
	routed = gsi;
	routed_low = active_low;
	routed_level = level;
	routed_vector = vector;
	return 0;
}

void ioapic_mask(uint32_t gsi)
{
	masked = gsi;
}

static uint64_t now;
static struct timer *armed; /* one at a time is enough here */

uint64_t ktime_get_ns(void)
{
	return now;
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

/* Seconds until the line that is off is on again. */
static unsigned int wait_on(void)
{
	unsigned int seconds = (armed->expires - now) / NSEC_PER_SEC;
	struct timer *timer = armed;

	now = armed->expires;
	armed = NULL;
	timer->func(timer);
	return seconds;
}

struct device {
	bool asks;
	unsigned int calls;
};

static bool serve(void *arg)
{
	struct device *device = arg;
	bool asked = device->asks;

	device->calls++;
	device->asks = false;
	return asked;
}

static void interrupt(int vector)
{
	vectors[vector].handler(vectors[vector].arg);
}

static void test_shared(void)
{
	struct device a = { 0 }, b = { 0 };
	int vector;

	is(irq_request_line(9, true, true, "a", serve, &a), 0,
	   "a line is given to who asks first");
	ok(routed == 9 && routed_low && routed_level, "routed as it signals");
	vector = routed_vector;
	is(irq_request_line(9, true, true, "b", serve, &b), 0,
	   "and to who asks next");
	is(routed_vector, vector, "without another vector");
	is(irq_request_line(9, false, true, "c", serve, &b), -EBUSY,
	   "but not if it signals in another way");
	a.asks = b.asks = true;
	interrupt(vector);
	ok(!a.asks && !b.asks, "an interrupt is shown to both");
}

/* How many interrupts for nothing it takes; 0: more than max. */
static unsigned int mask_after(int vector, unsigned int max)
{
	masked = 0;
	for (unsigned int i = 1; i <= max; i++) {
		interrupt(vector);
		if (masked)
			return i;
	}
	return 0;
}

static void test_nobody(void)
{
	struct device a = { 0 };
	int vector;

	irq_request_line(16, false, true, "a", serve, &a);
	vector = routed_vector;
	is(mask_after(vector, 999), 0, "a line may be active for nobody");
	a.asks = true;
	interrupt(vector);
	is(mask_after(vector, 999), 0, "each claim begins the count anew");
	complaints = 0;
	ok(mask_after(vector, 10) == 1 && masked == 16,
	   "it is switched off when that never ends");
	is(complaints, 1, "and the log says so");

	routed = 0;
	ok(wait_on() == 1 && routed == 16 && routed_vector == vector,
	   "it is on again after a second");
	a.asks = true;
	interrupt(vector);
	ok(!a.asks, "and serves whoever asks");
	is(mask_after(vector, 2000), 1000, "should that not be the end of it");
	is(wait_on(), 2, "it is off for longer");
	for (int i = 0; i < 100; i++) {
		mask_after(vector, 1000);
		wait_on();
	}
	mask_after(vector, 1000);
	is(wait_on(), 64, "but never for good");
	is(complaints, 1, "and the log does not fill");
	now += 100 * NSEC_PER_SEC;
	mask_after(vector, 1000);
	is(wait_on(), 1, "what was long ago is forgotten");
	is(complaints, 2, "and news again");

	irq_request_line(17, false, false, "edge", serve, &a);
	is(mask_after(routed_vector, 5000), 0,
	   "an edge that nobody wanted is over by itself");
}

static void test_limits(void)
{
	struct device a = { 0 };
	int err = 0, given = 0, listeners = 0;

	is(irq_request_line(NO_LINE, false, true, "a", serve, &a), -ENODEV,
	   "a line that no IO-APIC has");
	ok(!vectors[next_vector - 1].handler, "its vector is free again");
	while (!(err = irq_request_line(30, false, true, "a", serve, &a)) &&
	       listeners < 1000)
		listeners++;
	ok(err == -ENOSPC && listeners > 1, "a line has so many listeners");
	for (uint32_t gsi = 100; given < 1000; gsi++, given++) {
		err = irq_request_line(gsi, false, true, "a", serve, &a);
		if (err)
			break;
	}
	ok(err == -ENOSPC && given > 16, "and there are so many lines");
}

int main(void)
{
	test_shared();
	test_nobody();
	test_limits();
	return done_testing();
}
