/* SPDX-License-Identifier: MIT */
/*
 * Interrupt lines that devices share. Owns the lists of listeners. Lines are
 * requested at boot; an interrupt calls all handlers of its line. A line that
 * stays active though no device claims it is switched off for a while, then
 * tried again: a power button may be on it.
 */
#include <errno.h>

#include "kernel/printk.h"
#include "kernel/task/clock.h"
#include "kernel/task/timer.h"
#include "kernel/x86/apic.h"
#include "kernel/x86/ioapic.h"
#include "kernel/x86/irq.h"

#define LINES_MAX 40 /* a microvm has 24 devices of its own */
#define LISTENERS_MAX 8

/* After so many unclaimed interrupts in a row the line is switched off. */
#define UNCLAIMED_MAX 1000
/* For this long, and twice as long the next time, unless it was quiet since. */
#define OFF_NS NSEC_PER_SEC
#define OFF_DOUBLINGS 6
#define FORGOTTEN_NS (60 * NSEC_PER_SEC)

struct listener {
	bool (*handler)(void *arg);
	void *arg;
};

static struct line {
	uint32_t gsi;
	bool active_low, level;
	uint8_t vector;
	unsigned int unclaimed;
	unsigned int times_off; /* in a row */
	struct timer on_again; /* expires: when it was last switched on */
	unsigned int nr_listeners;
	struct listener listeners[LISTENERS_MAX];
} lines[LINES_MAX];
static unsigned int nr_lines;

static void switch_on(struct timer *timer)
{
	struct line *line = container_of(timer, struct line, on_again);

	line->unclaimed = 0;
	ioapic_route(line->gsi, line->active_low, line->level, line->vector);
}

static void switch_off(struct line *line)
{
	uint64_t now = ktime_get_ns();

	ioapic_mask(line->gsi);
	if (!line->times_off || now - line->on_again.expires > FORGOTTEN_NS) {
		line->times_off = 0;
		pr_err("irq %u: nobody cared, the line is off for a while",
		       line->gsi);
	}
	timer_start(&line->on_again, now + (OFF_NS << line->times_off));
	if (line->times_off < OFF_DOUBLINGS)
		line->times_off++;
}

static void line_interrupt(void *arg)
{
	struct line *line = arg;
	bool claimed = false;

	for (unsigned int i = 0; i < line->nr_listeners; i++)
		claimed |= line->listeners[i].handler(line->listeners[i].arg);
	if (claimed) {
		line->unclaimed = 0;
		return;
	}
	if (++line->unclaimed >= UNCLAIMED_MAX && line->level)
		switch_off(line);
}

static struct line *find_line(uint32_t gsi)
{
	for (unsigned int i = 0; i < nr_lines; i++)
		if (lines[i].gsi == gsi)
			return &lines[i];
	return NULL;
}

/* The listener is added before the line can interrupt. */
static int open_line(const struct line *wanted, const char *name)
{
	struct line *line = &lines[nr_lines];
	int vector, err;

	if (nr_lines == LINES_MAX)
		return -ENOSPC;
	*line = *wanted;
	timer_setup(&line->on_again, switch_on);
	vector = irq_alloc_vector(name, line_interrupt, line);
	if (vector < 0)
		return vector;
	line->vector = (uint8_t)vector;
	err = ioapic_route(line->gsi, line->active_low, line->level,
			   line->vector);
	if (err) {
		irq_set_handler(vector, NULL, NULL, NULL);
		return err;
	}
	nr_lines++;
	return 0;
}

int irq_request_line(uint32_t gsi, bool active_low, bool level,
		     const char *name, bool (*handler)(void *arg), void *arg)
{
	struct line *line = find_line(gsi);
	struct line wanted = {
		.gsi = gsi,
		.active_low = active_low,
		.level = level,
		.nr_listeners = 1,
		.listeners = { { handler, arg } },
	};

	if (!line)
		return open_line(&wanted, name);
	if (line->active_low != active_low || line->level != level)
		return -EBUSY;
	if (line->nr_listeners == LISTENERS_MAX)
		return -ENOSPC;
	line->listeners[line->nr_listeners++] = wanted.listeners[0];
	return 0;
}
