/* SPDX-License-Identifier: MIT */
/*
 * Each fault changes something when it begins and takes it back at its end;
 * what several of them change at a time is worked out anew from all that last.
 */
#include "faults.h"

#include <string.h>

#include "history.h"
#include "wire.h"

#define MILLION 1000000
/* Losses as heavy as these can look like a cut wire. */
#define HEAVY 150000
#define LIES_EVERY (100 * MSEC)

static const struct plan *plan;
static struct wire_faults at_start;
static unsigned int mtu_at_start;
static bool lasts[FAULTS_MAX];
static bool has_cut;

bool faults_cut(void)
{
	return has_cut;
}

static bool is_on(unsigned int i, enum fault_kind kind)
{
	return lasts[i] && plan->faults[i].kind == kind;
}

static struct wire_faults *of_host(unsigned int host)
{
	return host < nr_hosts ? &wire.of[host] : &wire.common;
}

static void add_to_wire(const struct fault *f)
{
	struct wire_faults *w = of_host(f->host);

	switch (f->kind) {
	case FAULT_LOSS:
		w->loss = MIN(w->loss + f->value, MILLION);
		break;
	case FAULT_BURST:
		w->burst += f->value;
		break;
	case FAULT_DUP:
		w->dup = MIN(w->dup + f->value, MILLION / 2);
		break;
	case FAULT_REORDER:
		w->reorder += f->value;
		break;
	case FAULT_CORRUPT:
		w->corrupt = MIN(w->corrupt + f->value, MILLION / 2);
		break;
	case FAULT_DELAY:
		wire.extra += f->value;
		break;
	case FAULT_MTU:
		wire.mtu = MIN(wire.mtu, f->value);
		break;
	default:
		break;
	}
}

static void cut(unsigned int from, unsigned int to)
{
	wire.cut[from] |= 1ULL << to;
}

static void cut_wire(const struct fault *f)
{
	for (unsigned int i = 0; i < nr_hosts; i++) {
		for (unsigned int j = 0; j < nr_hosts; j++) {
			bool apart = (f->value >> i ^ f->value >> j) & 1;

			if (f->kind == FAULT_PARTITION && apart)
				cut(i, j);
			if (f->kind == FAULT_LINK &&
			    (i == f->host || j == f->host))
				cut(i, j);
		}
	}
	if (f->kind == FAULT_ONE_WAY)
		cut(f->host, f->other);
}

static void work_out_wire(void)
{
	memset(wire.cut, 0, sizeof(wire.cut));
	memset(wire.of, 0, sizeof(wire.of));
	wire.common = at_start;
	wire.extra = 0;
	wire.mtu = mtu_at_start;
	for (unsigned int i = 0; i < plan->nr_faults; i++) {
		if (!lasts[i])
			continue;
		add_to_wire(&plan->faults[i]);
		cut_wire(&plan->faults[i]);
	}
}

static void links(const struct fault *f)
{
	bool up = true;

	for (unsigned int i = 0; i < plan->nr_faults; i++) {
		if (is_on(i, FAULT_LINK) && plan->faults[i].host == f->host)
			up = false;
	}
	hosts[f->host].ops->link(up);
	hosts[f->host].run_at = MIN(hosts[f->host].run_at, now);
}

static void lie(void *arg)
{
	const struct fault *f = arg;
	struct host *h = &hosts[f->host];

	if (now >= f->starts + f->lasts)
		return;
	h->had_lies = true;
	h->ops->lie((enum device_lie)f->value);
	h->run_at = MIN(h->run_at, now);
	at(now + LIES_EVERY * (1 + rng_below(&h->rng, 100)), lie, arg);
}

static void add_to_host(const struct fault *f)
{
	struct host *h = &hosts[f->host % nr_hosts];
	uint64_t end = f->starts + f->lasts;

	switch (f->kind) {
	case FAULT_FREEZE:
		h->frozen_until = MAX(h->frozen_until, end);
		break;
	case FAULT_DEVICE_STOPS:
		h->device_stopped_until = MAX(h->device_stopped_until, end);
		break;
	case FAULT_DEVICE_LIES:
		lie((void *)f);
		break;
	case FAULT_IRQ_LOST:
		h->irq_lost_until = MAX(h->irq_lost_until, end);
		break;
	case FAULT_MEMORY_NONE:
	case FAULT_MEMORY_SOME:
		h->refuse_until = MAX(h->refuse_until, end);
		h->refuse_one_of = f->kind == FAULT_MEMORY_NONE ? 1 : f->value;
		break;
	case FAULT_LINK:
		links(f);
		break;
	default:
		break;
	}
}

/* Connections may not outlive it, though it is over. */
static bool is_cut(const struct fault *f)
{
	switch (f->kind) {
	case FAULT_PARTITION:
	case FAULT_ONE_WAY:
	case FAULT_LINK:
	case FAULT_FREEZE:
	case FAULT_DEVICE_STOPS:
	case FAULT_DEVICE_LIES:
	case FAULT_DELAY:
		return true;
	case FAULT_BURST:
		return true;
	case FAULT_LOSS:
	case FAULT_CORRUPT:
		return f->value >= HEAVY / 3;
	default:
		return false;
	}
}

static void begin(void *arg)
{
	const struct fault *f = arg;
	unsigned int i = f - plan->faults;

	lasts[i] = true;
	has_cut |= is_cut(f);
	history_fault("begins", fault_names[f->kind], i);
	work_out_wire();
	add_to_host(f);
}

static void end(void *arg)
{
	const struct fault *f = arg;
	unsigned int i = f - plan->faults;

	if (!lasts[i])
		return;
	lasts[i] = false;
	history_fault("ends", fault_names[f->kind], i);
	work_out_wire();
	if (f->kind == FAULT_LINK)
		links(f);
}

void faults_plan(const struct plan *p)
{
	plan = p;
	at_start = wire.common;
	mtu_at_start = wire.mtu;
	for (unsigned int i = 0; i < p->nr_faults; i++) {
		const struct fault *f = &p->faults[i];

		if (f->left_out)
			continue;
		at(f->starts, begin, (void *)f);
		at(f->starts + f->lasts, end, (void *)f);
	}
}

void faults_end(void)
{
	for (unsigned int i = 0; i < plan->nr_faults; i++)
		end((void *)&plan->faults[i]);
	/* From here on it is a good wire. */
	at_start = (struct wire_faults){ 0 };
	work_out_wire();
	for (unsigned int i = 0; i < nr_hosts; i++) {
		hosts[i].frozen_until = MIN(hosts[i].frozen_until, now);
		hosts[i].device_stopped_until = MIN(
			hosts[i].device_stopped_until, now);
		hosts[i].refuse_until = hosts[i].irq_lost_until = 0;
	}
}
