/* SPDX-License-Identifier: MIT */
/*
 * The clock goes from event to event: what was planned with at() is in a
 * heap, and each host says itself when it wants to run.
 */
#include "world.h"

#include <stdlib.h>

#include "clients.h"
#include "faults.h"
#include "history.h"
#include "host.h"
#include "judge.h"
#include "servers.h"
#include "wire.h"

#define EVENTS_MAX (1 << 20)

uint64_t now;

static struct event {
	uint64_t time, nr;
	void (*fn)(void *arg);
	void *arg;
} * heap;
static size_t nr_events;
static uint64_t events_so_far;

/* ---- Events -------------------------------------------------------------- */

static bool before(const struct event *a, const struct event *b)
{
	return a->time < b->time || (a->time == b->time && a->nr < b->nr);
}

static void swap(struct event *a, struct event *b)
{
	struct event c = *a;

	*a = *b;
	*b = c;
}

void at(uint64_t time, void (*fn)(void *arg), void *arg)
{
	size_t i = nr_events++;

	if (nr_events > EVENTS_MAX)
		fail("too many events");
	heap[i] = (struct event){ time, events_so_far++, fn, arg };
	while (i && before(&heap[i], &heap[(i - 1) / 2])) {
		swap(&heap[i], &heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
}

static struct event pop(void)
{
	struct event first = heap[0];
	size_t i = 0, child;

	heap[0] = heap[--nr_events];
	while ((child = 2 * i + 1) < nr_events) {
		if (child + 1 < nr_events &&
		    before(&heap[child + 1], &heap[child]))
			child++;
		if (!before(&heap[child], &heap[i]))
			break;
		swap(&heap[i], &heap[child]);
		i = child;
	}
	return first;
}

/* ---- Steps --------------------------------------------------------------- */

static uint64_t due[HOSTS_MAX];

static uint64_t next_time(void)
{
	uint64_t next = nr_events ? heap[0].time : NEVER;

	for (unsigned int i = 0; i < nr_hosts; i++)
		next = MIN(next, due[i]);
	return next;
}

/* Until a time, or until nothing more will happen. */
static void run_until(uint64_t end, struct figures *f)
{
	uint64_t next;

	while ((next = next_time()) <= end) {
		now = MAX(now, next);
		f->steps++;
		while (nr_events && heap[0].time <= now) {
			struct event e = pop();

			e.fn(e.arg);
		}
		for (unsigned int i = 0; i < nr_hosts; i++) {
			due[i] = host_due(&hosts[i]);
			if (due[i] > now)
				continue;
			host_run(&hosts[i]);
			due[i] = host_due(&hosts[i]);
		}
		judge_step();
	}
	now = end;
}

/* ---- A run --------------------------------------------------------------- */

static void set_up(const struct plan *plan)
{
	heap = malloc(EVENTS_MAX * sizeof(*heap));
	nr_hosts = plan->nr_hosts;
	wire = plan->wire;
	for (unsigned int i = 0; i < nr_hosts; i++) {
		struct host *h = &hosts[i];

		h->config = plan->hosts[i].config;
		h->style = plan->hosts[i].style;
		h->latency = plan->hosts[i].latency;
		h->addr = plan->hosts[i].addr;
		rng_init(&h->rng, plan->seed, 1000 + i);
		host_boot(h);
		servers_start(h);
	}
}

static void count(const struct plan *plan, struct figures *f)
{
	f->simulated_ns = now;
	f->host_ns = now * nr_hosts;
	f->frames = wire_counts.sent;
	f->lost = wire_counts.lost;
	f->corrupted = wire_counts.corrupted;
	f->reordered = wire_counts.reordered;
	f->made = wire_counts.made;
	f->cut_off = wire_counts.cut_off;
	f->too_long = wire_counts.too_long;
	f->no_buffer = wire_counts.no_buffer;
	for (unsigned int i = 0; i < nr_hosts; i++) {
		struct machine_state s;

		hosts[i].ops->state(&s);
		f->resets += s.resets;
		f->refused += hosts[i].refused;
	}
	for (unsigned int i = 0; i < plan->nr_faults; i++)
		f->faults[plan->faults[i].kind] += !plan->faults[i].left_out;
	f->hash = history_hash();
	judge_count(f);
}

void world_run(const struct plan *plan, struct figures *figures)
{
	set_up(plan);
	run_until(plan->starts, figures);
	judge_begin();
	faults_plan(plan);
	clients_plan(plan);
	run_until(plan->heals, figures);
	faults_end();
	judge_healed();
	while (!clients_are_done()) {
		if (now >= plan->heals + PATIENCE)
			judge_waits_for_ever();
		run_until(now + 10 * SEC, figures);
	}
	run_until(now + QUIET, figures);
	judge_end();
	count(plan, figures);
}
