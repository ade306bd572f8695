/* SPDX-License-Identifier: MIT */
/*
 * lwIP's memory pools as slab caches, in place of lwIP's own core/memp.c:
 * one cache for each kind of object, visible in /proc/slabinfo, each with a
 * limit in proportion to the machine's memory, so that a flood of one kind
 * cannot take it all. Softirq or system call, never sleeps.
 */
#include "lwip/opt.h"

#include "lwip/memp.h"

/* The types whose sizes memp_std.h needs. */
#include "lwip/etharp.h"
#include "lwip/pbuf.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"
#include "lwip/timeouts.h"
#include "lwip/udp.h"

#include "kernel/base.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "net/lwip/hooks.h"
#include "net/lwip/memp.h"
#include "net/lwip/pcb_table.h"

/*
 * A pool's limit: one object for each pages_each pages of RAM, or each_page for
 * each page, at least min. Objects that hold sockets' data are bounded by the
 * budget (net/base/memory.h); their limit here guards against bugs of lwIP.
 */
struct pool_rule {
	const char *name;
	size_t pages_each;
	size_t min;
	size_t each_page;
	unsigned int flags; /* ALLOC_* */
};

static const struct pool_rule rules[MEMP_MAX] = {
	[MEMP_TCP_PCB] = { "tcp_pcb", 1, 512 },
	[MEMP_TCP_PCB_LISTEN] = { "tcp_pcb_listen", 16, 64 },
	[MEMP_TCP_SEG] = { "tcp_seg", 1, 512, 16, ALLOC_ATOMIC },
	[MEMP_UDP_PCB] = { "udp_pcb", 4, 64 },
	[MEMP_ARP_QUEUE] = { "arp_queue", 16, 512, 0, ALLOC_ATOMIC },
	[MEMP_SYS_TIMEOUT] = { NULL, 0, 0 }, /* see timeouts[] */
	[MEMP_PBUF] = { "pbuf", 2, 512, 0, ALLOC_ATOMIC },
	[MEMP_PBUF_POOL] = { "pbuf_pool", 1024, 16 },
};

static const size_t sizes[MEMP_MAX] = {
#define LWIP_MEMPOOL(name, num, size, desc) [MEMP_##name] = (size),
#include "lwip/priv/memp_std.h"
};

static struct kmem_cache *pools[MEMP_MAX];

#define PAGES_A_PCB 2
#define FEW_PCBS 4
#define MANY_PCBS 64
#define PCBS_A_THREAD 4

/*
 * lwIP cannot handle a failed allocation of a timer, so their memory is
 * reserved. It has one for each cyclic timer, and few others.
 */
#define NR_TIMEOUTS 16

static union timeout {
	struct sys_timeo timeout;
	union timeout *next;
} timeouts[NR_TIMEOUTS];
static union timeout *free_timeouts;

static void timeouts_init(void)
{
	for (unsigned int i = 0; i < NR_TIMEOUTS; i++) {
		timeouts[i].next = free_timeouts;
		free_timeouts = &timeouts[i];
	}
}

bool net_timeouts_changed;

static void *timeout_alloc(void)
{
	union timeout *t = free_timeouts;

	net_timeouts_changed = true;
	if (t)
		free_timeouts = t->next;
	return t;
}

static void timeout_free(void *mem)
{
	union timeout *t = mem;

	t->next = free_timeouts;
	free_timeouts = t;
}

void memp_init(void)
{
	timeouts_init();
	net_pcb_table_init();
	for (unsigned int i = 0; i < MEMP_MAX; i++) {
		const struct pool_rule *rule = &rules[i];
		size_t limit;

		if (!rule->name)
			continue;
		limit = nr_total_pages() / rule->pages_each *
			MAX(rule->each_page, (size_t)1);
		pools[i] = kmem_cache_create(rule->name, sizes[i], 0);
		if (!pools[i])
			panic("no memory for lwIP's %s pool", rule->name);
		kmem_cache_set_limit(pools[i], MAX(limit, rule->min));
		kmem_cache_set_flags(pools[i], rule->flags);
	}
}

/* The size of a packet without data: an acknowledgement, a SYN, a reset. */
#define HEADERS_MAX 256

void *net_lwip_malloc(size_t size)
{
	return kmalloc_flags(size,
			     size <= HEADERS_MAX ? ALLOC_ATOMIC : ALLOC_PACKET);
}

void *memp_malloc(memp_t type)
{
	if (type == MEMP_SYS_TIMEOUT)
		return timeout_alloc();
	return kmem_cache_alloc(pools[type]);
}

void memp_free(memp_t type, void *mem)
{
	if (!mem)
		return;
	if (type == MEMP_SYS_TIMEOUT)
		timeout_free(mem);
	else
		kmem_cache_free(pools[type], mem);
}

static bool pool_used(memp_t type, unsigned int percent)
{
	return pools[type]->active >= pools[type]->limit / 100 * percent;
}

/* A quarter of what is free, as in net/base/memory.c. */
unsigned int net_arp_queue_share(void)
{
	const struct kmem_cache *pool = pools[MEMP_ARP_QUEUE];

	return MAX((pool->limit - pool->active) / 4, (size_t)1);
}

/*
 * How many more connections there is memory for, PAGES_A_PCB pages each, for
 * pcb, sock, file and the application's own memory. Twice ALLOC_USER's mark
 * stays free.
 */
static size_t room_for_pcbs(void)
{
	size_t keep = 2 * page_mark(ALLOC_USER);
	size_t free = nr_free_pages();

	return free > keep ? (free - keep) / PAGES_A_PCB : 0;
}

/* Whether connections, not the application alone, have taken the memory. */
static bool memory_is_pcbs(void)
{
	return pools[MEMP_TCP_PCB]->active >= MANY_PCBS;
}

/* Each unseen connection may cost a thread when the application accepts it. */
bool net_tcp_pcbs_short(size_t unseen)
{
	return pool_used(MEMP_TCP_PCB, 99) || pages_are_low(0) ||
	       (memory_is_pcbs() && room_for_pcbs() <= unseen * PCBS_A_THREAD);
}

bool net_tcp_pcbs_scarce(void)
{
	return pool_used(MEMP_TCP_PCB, 97) || pages_are_low(0) ||
	       (memory_is_pcbs() && room_for_pcbs() < MANY_PCBS);
}

/* FEW_PCBS even if an application has taken all memory. */
size_t net_tcp_pcbs_left(void)
{
	const struct kmem_cache *pool = pools[MEMP_TCP_PCB];
	size_t room = room_for_pcbs();

	if (room < FEW_PCBS && !pages_are_low(0))
		room = FEW_PCBS;
	return MIN(pool->limit - pool->active, room);
}

size_t net_tcp_half_open_max(void)
{
	return pools[MEMP_TCP_PCB]->limit / 8;
}
