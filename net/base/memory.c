/* SPDX-License-Identifier: MIT */
/*
 * The budget: adds up what the queues hold.
 */
#include "net/base/memory.h"

#include <errno.h>

#include "kernel/base.h"
#include "kernel/cmdline.h"
#include "kernel/mm/page.h"
#include "kernel/printk.h"
#include "net/base/rxqueue.h"

#define PERCENT_DEFAULT 25
#define PERCENT_MAX 90

/* One queue may hold a 4th of what is free. */
#define SHARE 4

/* The reserve for floors, beyond the budget: a 4th of the budget's size. */
#define RESERVE 4

static size_t limit;
static size_t charged;
static size_t charged_local; /* included in charged */

/* 1 to PERCENT_MAX; 0: not such a number. */
static unsigned int parse_percent(const char *s)
{
	unsigned int n = 0;

	for (; *s >= '0' && *s <= '9' && n < 100; s++)
		n = n * 10 + (*s - '0');
	return *s || n > PERCENT_MAX ? 0 : n;
}

int net_memory_init(void)
{
	const char *word = cmdline_get("netmem");
	unsigned int percent = word ? parse_percent(word) : PERCENT_DEFAULT;

	if (!percent) {
		pr_err("net: netmem=%s: not a percentage from 1 to %d", word,
		       PERCENT_MAX);
		return -EINVAL;
	}
	limit = nr_total_pages() * PAGE_SIZE / 100 * percent;
	return 0;
}

size_t net_memory_limit(void)
{
	return limit;
}

size_t net_memory_local(void)
{
	return rxqueue_local_memory() + charged_local;
}

size_t net_memory_used(void)
{
	return rxqueue_memory() + charged - net_memory_local();
}

bool net_memory_pressure(void)
{
	return net_memory_used() > limit / 2;
}

static size_t share(size_t used)
{
	if (used >= limit + limit / RESERVE)
		return 0;
	if (used >= limit)
		return NET_MEMORY_FLOOR;
	return MAX((limit - used) / SHARE, (size_t)NET_MEMORY_FLOOR);
}

/*
 * The machine may have less memory left than the budget. The pages free above
 * ALLOC_FILE's mark are shared like the budget, so that queues alone never
 * use up the memory for new connections.
 */
size_t net_memory_share(void)
{
	size_t mark = page_mark(ALLOC_FILE);
	size_t free = nr_free_pages();
	size_t left = free > mark ? (free - mark) * PAGE_SIZE / SHARE : 0;

	if (unlikely(pages_are_low(ALLOC_PACKET)))
		return 0;
	return MIN(share(net_memory_used()),
		   MAX(left, (size_t)NET_MEMORY_FLOOR));
}

size_t net_memory_local_share(void)
{
	return pages_are_low(ALLOC_USER) ? 0 : share(net_memory_local());
}

bool net_memory_exhausted(void)
{
	return net_memory_used() > limit + limit / RESERVE / 2;
}

void net_memory_charge(size_t n)
{
	charged += n;
}

void net_memory_uncharge(size_t n)
{
	ASSERT(charged >= n);
	charged -= n;
}

void net_memory_charge_local(size_t n)
{
	charged_local += n;
	net_memory_charge(n);
}

void net_memory_uncharge_local(size_t n)
{
	ASSERT(charged_local >= n);
	charged_local -= n;
	net_memory_uncharge(n);
}
