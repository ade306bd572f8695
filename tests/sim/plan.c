/* SPDX-License-Identifier: MIT */
/*
 * From a seed to hosts, a wire, traffic and faults.
 */
#include "plan.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const fault_names[NR_FAULTS] = {
#define X(name, text) [name] = text,
	FAULT_KINDS(X)
#undef X
};

const char *const flow_names[NR_FLOWS] = {
	[FLOW_ECHO] = "echo",
	[FLOW_REQUESTS] = "requests",
	[FLOW_UP] = "up",
	[FLOW_DOWN] = "down",
	[FLOW_HALF_CLOSE] = "half close",
	[FLOW_DUPLEX] = "duplex",
};

#define MIB_PAGES 256
#define CALLS_MAX 5000UL /* of a direction: chunks are up to twice as small */
#define WRAP_MS (1ULL << 32)

/* ---- Hosts --------------------------------------------------------------- */

/* One in two is close to where some clock of 32 bits ends. */
static void plan_clock(struct rng *r, struct machine_config *c)
{
	uint64_t before = rng_range(r, 1, 600) * SEC;

	c->boot_ns = rng_range(r, 1, 1000) * SEC;
	switch (rng_below(r, 8)) {
	case 0:
		c->boot_ns = WRAP_MS * MSEC - before;
		break;
	case 1:
		c->boot_ns = WRAP_MS / 2 * MSEC - before;
		break;
	case 2:
		c->lwip_ms = WRAP_MS - before / MSEC;
		break;
	case 3:
		c->lwip_ms = WRAP_MS / 2 - before / MSEC;
		break;
	default:
		break;
	}
	if (rng_chance(r, 1, 4))
		c->tcp_ticks = UINT32_MAX - rng_below(r, 5 * 600);
	c->isn_wraps = rng_chance(r, 1, 3);
}

static void plan_host(struct plan *plan, unsigned int i, struct rng *r)
{
	static const size_t sizes[] = { 8, 16, 16, 64, 64, 256 };
	struct host_plan *h = &plan->hosts[i];
	struct machine_config *c = &h->config;

	c->mac[0] = 2;
	c->mac[5] = i + 2;
	snprintf(c->addr, sizeof(c->addr), "10.99.0.%u/16", i + 2);
	h->addr = htonl(10 << 24 | 99 << 16 | (i + 2));
	c->mtu = plan->wire.mtu;
	c->seed = rng_u64(r);
	plan_clock(r, c);
	c->look_ns = rng_range(r, 20, 200);
	c->pages = sizes[rng_below(r, ARRAY_SIZE(sizes))] * MIB_PAGES;
	c->legacy = rng_chance(r, 1, 6);
	c->event_idx = rng_chance(r, 2, 3);
	h->style = rng_below(r, NR_STYLES);
	h->latency = rng_chance(r, 1, 3) ? 0 : rng_log(r, 500 * USEC);
}

static void plan_wire(struct plan *plan, struct rng *r)
{
	struct wire *w = &plan->wire;

	w->rng.state = rng_u64(r);
	w->latency = rng_log(r, 50 * MSEC);
	w->jitter = rng_chance(r, 1, 2) ? 0 : rng_log(r, 5 * MSEC);
	w->byte_ns = rng_log(r, 1000); /* 8 Gbit/s to 8 Mbit/s */
	w->mtu = rng_chance(r, 3, 4) ? WIRE_MTU : rng_range(r, 576, WIRE_MTU);
	/* Some wires are never quite good. */
	if (rng_chance(r, 1, 4)) {
		w->common.loss = rng_log(r, 10000);
		w->common.dup = rng_log(r, 10000);
		w->common.reorder = rng_log(r, 10000);
	}
}

/* ---- Traffic ------------------------------------------------------------- */

static void plan_sizes(struct flow *f, struct rng *r, uint64_t most)
{
	f->up = 8 + rng_log(r, most);
	f->down = 1 + rng_log(r, most);
	f->rounds = 1;
	if (f->kind == FLOW_REQUESTS) {
		f->rounds = rng_log(r, 50);
		f->up = 8 + rng_log(r, most / 50);
		f->down = 1 + rng_log(r, most / 50);
	} else if (f->kind == FLOW_ECHO) {
		f->down = f->up;
	} else if (f->kind == FLOW_UP) {
		f->down = rng_range(r, 1, 64);
	} else if (f->kind == FLOW_DOWN || f->kind == FLOW_HALF_CLOSE) {
		f->up = rng_range(r, 8, 200);
	}
}

static void plan_manners(struct flow *f, struct rng *r)
{
	f->style = rng_below(r, NR_STYLES);
	f->chunk = rng_log(r, 65536);
	f->up = MIN(f->up, f->chunk * CALLS_MAX);
	f->down = MIN(f->down, f->chunk * CALLS_MAX);
	if (rng_chance(r, 1, 4)) {
		f->slow = rng_log(r, 2 * SEC);
		f->slow_side = rng_range(r, 1, 3);
		f->up = MIN(f->up, 200000UL);
		f->down = MIN(f->down, 200000UL);
	}
	f->shuts = rng_chance(r, 1, 2) || f->kind == FLOW_UP ||
		   f->kind == FLOW_HALF_CLOSE;
	f->server_ends = rng_chance(r, 1, 2);
	f->aborts = rng_chance(r, 1, 12);
	f->lingers = rng_chance(r, 1, 2);
	f->nodelay = rng_chance(r, 1, 2);
	if (rng_chance(r, 1, 4))
		f->sndbuf = 1024 + rng_log(r, 262144);
	if (rng_chance(r, 1, 4))
		f->rcvbuf = 1024 + rng_log(r, 262144);
}

static void plan_flow(struct plan *plan, struct flow *f, struct rng *r)
{
	uint64_t span = plan->heals - plan->starts;

	f->kind = rng_below(r, NR_FLOWS);
	f->client = rng_below(r, plan->nr_hosts);
	f->server = rng_below(r, plan->nr_hosts);
	f->starts = plan->starts + rng_below(r, span);
	f->times = rng_chance(r, 1, 3) ? rng_log(r, 100) : 1;
	plan_sizes(f, r, f->times > 1 ? 5000 : 1000000);
	plan_manners(f, r);
}

/* Afterwards each host has to be what it was. */
static void plan_probes(struct plan *plan)
{
	for (unsigned int i = 0; i < plan->nr_hosts; i++) {
		plan->flows[plan->nr_flows++] = (struct flow){
			.kind = FLOW_REQUESTS,
			.client = i,
			.server = (i + 1) % plan->nr_hosts,
			.style = STYLE_POLL,
			.starts = plan->heals + 2 * MINUTE,
			.times = 1,
			.up = 100,
			.down = 3000,
			.rounds = 3,
			.chunk = 1000,
			.shuts = true,
			.last = true,
		};
	}
}

/* ---- Faults -------------------------------------------------------------- */

static void plan_fault(struct plan *plan, struct fault *f, struct rng *r)
{
	uint64_t span = plan->heals - plan->starts;

	f->kind = rng_below(r, NR_FAULTS);
	f->starts = plan->starts + rng_below(r, span);
	f->lasts = rng_log(r, 3 * MINUTE * 1000) / 1000;
	f->lasts = MIN(f->lasts, plan->heals - f->starts);
	f->host = rng_below(r, plan->nr_hosts);
	f->other = rng_below(r, plan->nr_hosts);
	f->value = rng_log(r, 300000);
	switch (f->kind) {
	case FAULT_LOSS:
	case FAULT_DUP:
	case FAULT_REORDER:
	case FAULT_CORRUPT:
		if (rng_chance(r, 1, 2))
			f->host = plan->nr_hosts;
		break;
	case FAULT_BURST:
		f->value = rng_log(r, 20000);
		break;
	case FAULT_DELAY:
		f->value = rng_log(r, 2 * SEC);
		break;
	case FAULT_MTU:
		f->value = rng_range(r, 576, WIRE_MTU);
		break;
	case FAULT_PARTITION:
		f->value = rng_u64(r);
		break;
	case FAULT_DEVICE_LIES:
		f->value = rng_below(r, NR_DEVICE_LIES);
		break;
	case FAULT_MEMORY_SOME:
		f->value = 1 + rng_log(r, 100);
		break;
	default:
		break;
	}
}

/* ---- All of it ----------------------------------------------------------- */

static unsigned int plan_nr_hosts(struct rng *r)
{
	if (rng_chance(r, 1, 16))
		return rng_range(r, 9, HOSTS_MAX);
	return rng_chance(r, 1, 3) ? rng_range(r, 4, 8) : rng_range(r, 2, 3);
}

void plan_make(struct plan *plan, uint64_t seed)
{
	struct rng r;
	unsigned int flows;

	memset(plan, 0, sizeof(*plan));
	plan->seed = seed;
	rng_init(&r, seed, 0);
	plan->nr_hosts = plan_nr_hosts(&r);
	plan_wire(plan, &r);
	for (unsigned int i = 0; i < plan->nr_hosts; i++)
		plan_host(plan, i, &r);
	plan->starts = 2 * SEC;
	plan->heals = plan->starts + rng_range(&r, 1, 10) * MINUTE;
	flows = rng_log(&r, FLOWS_MAX - HOSTS_MAX);
	while (plan->nr_flows < flows)
		plan_flow(plan, &plan->flows[plan->nr_flows++], &r);
	plan_probes(plan);
	/* One run in six has no faults at all. */
	if (!rng_chance(&r, 1, 6))
		plan->nr_faults = rng_log(&r, FAULTS_MAX);
	for (unsigned int i = 0; i < plan->nr_faults; i++)
		plan_fault(plan, &plan->faults[i], &r);
}

void plan_keep(struct plan *plan, const char *list)
{
	char word[16];

	for (unsigned int i = 0; i < plan->nr_faults; i++)
		plan->faults[i].left_out = true;
	for (unsigned int i = 0; i < plan->nr_flows; i++)
		plan->flows[i].left_out = !plan->flows[i].last;
	for (; *list; list += strcspn(list, ","), list += *list == ',') {
		unsigned int n;

		snprintf(word, sizeof(word), "%.*s", (int)strcspn(list, ","),
			 list);
		n = strtoul(word + !!word[0], NULL, 10);
		if (word[0] == 'f' && n < plan->nr_faults)
			plan->faults[n].left_out = false;
		else if (word[0] == 'p' && n < plan->nr_flows)
			plan->flows[n].left_out = false;
	}
}

static void print_time(uint64_t t)
{
	printf("%llu.%03llu s", (unsigned long long)(t / SEC),
	       (unsigned long long)(t % SEC / MSEC));
}

static void print_fault(unsigned int i, const struct fault *f)
{
	printf("#   f%u: ", i);
	print_time(f->starts);
	printf(" for ");
	print_time(f->lasts);
	printf(": %s: host %u, other %u, value %llu\n", fault_names[f->kind],
	       f->host, f->other, (unsigned long long)f->value);
}

static void print_flow(unsigned int i, const struct flow *f)
{
	printf("#   p%u: ", i);
	print_time(f->starts);
	printf(": %s from %u to %u, style %d, %u times, up %llu, "
	       "down %llu, rounds %u, chunk %u, slow %llu ns of %u%s%s%s\n",
	       flow_names[f->kind], f->client, f->server, f->style, f->times,
	       (unsigned long long)f->up, (unsigned long long)f->down,
	       f->rounds, f->chunk, (unsigned long long)f->slow, f->slow_side,
	       f->shuts ? ", shuts" : "", f->server_ends ? ", server ends" : "",
	       f->aborts ? ", aborts" : "");
}

void plan_print(const struct plan *plan)
{
	unsigned int left = 40;

	printf("#   %u hosts, mtu %u, latency %llu ns, all faults end at ",
	       plan->nr_hosts, plan->wire.mtu,
	       (unsigned long long)plan->wire.latency);
	print_time(plan->heals);
	printf("\n");
	for (unsigned int i = 0; i < plan->nr_faults; i++) {
		if (!plan->faults[i].left_out)
			print_fault(i, &plan->faults[i]);
	}
	for (unsigned int i = 0; i < plan->nr_flows && left; i++) {
		if (plan->flows[i].left_out || plan->flows[i].last)
			continue;
		print_flow(i, &plan->flows[i]);
		left--;
	}
}
