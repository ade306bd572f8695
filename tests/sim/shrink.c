/* SPDX-License-Identifier: MIT */
/*
 * Halves, then quarters, and so on are left out, until each one is needed or
 * the time is over (Zeller's ddmin).
 */
#include "shrink.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define SHRINK_SECONDS 60
#define ITEMS_MAX (FAULTS_MAX + FLOWS_MAX)

struct item {
	char letter; /* f: a fault, p: a flow */
	unsigned int nr;
};

static struct item items[ITEMS_MAX];
static unsigned int nr_items;

static void collect(uint64_t seed)
{
	static struct plan plan;

	plan_make(&plan, seed);
	nr_items = 0;
	for (unsigned int i = 0; i < plan.nr_faults; i++)
		items[nr_items++] = (struct item){ 'f', i };
	for (unsigned int i = 0; i < plan.nr_flows; i++) {
		if (!plan.flows[i].last)
			items[nr_items++] = (struct item){ 'p', i };
	}
}

/* All but n from at on. */
static void write_list(char keep[SHRINK_MAX], unsigned int from, unsigned int n)
{
	size_t len = 0;

	/* "-" names nothing: an empty list is one, too. */
	len += snprintf(keep, SHRINK_MAX, "-");
	for (unsigned int i = 0; i < nr_items; i++) {
		if (i >= from && i < from + n)
			continue;
		len += snprintf(keep + len, SHRINK_MAX - len, ",%c%u",
				items[i].letter, items[i].nr);
	}
}

static void drop(unsigned int from, unsigned int n)
{
	memmove(items + from, items + from + n,
		(nr_items - from - n) * sizeof(*items));
	nr_items -= n;
}

static bool try_without(const struct run *run, unsigned int from,
			unsigned int n)
{
	char list[SHRINK_MAX];

	write_list(list, from, n);
	if (!run_fails_again(run, list))
		return false;
	drop(from, n);
	return true;
}

static void again(struct run *run, const char *keep)
{
	uint64_t seed = run->seed;
	int status;

	run_free(run);
	run_start(run, seed, keep);
	waitpid(run->pid, &status, 0);
	run_ended(run, status);
}

void shrink(struct run *run, char keep[SHRINK_MAX])
{
	time_t end = time(NULL) + SHRINK_SECONDS;
	unsigned int all, n;

	keep[0] = 0;
	collect(run->seed);
	all = nr_items;
	for (n = (nr_items + 1) / 2; n; n = n == 1 ? 0 : (n + 1) / 2) {
		for (unsigned int i = 0; i < nr_items && time(NULL) < end;) {
			unsigned int size = MIN(n, nr_items - i);

			if (!try_without(run, i, size))
				i += size;
		}
	}
	if (nr_items == all)
		return;
	write_list(keep, 0, 0);
	again(run, keep);
}
