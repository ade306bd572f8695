/* SPDX-License-Identifier: MIT */
/*
 * The machine under the stack: memory, time, softirqs, files, one thread.
 */
#include "bed/net.h"

#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/cmdline.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/mm/kvmalloc.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/printk.h"
#include "kernel/random.h"
#include "kernel/task/clock.h"
#include "kernel/task/signal.h"
#include "kernel/task/softirq.h"
#include "kernel/task/thread.h"
#include "kernel/task/timer.h"
#include "kernel/x86/irq.h"
#include "lib/tap.h"
#include "net/net.h"
#include "net/socket/sock.h"
#include "net/socket/sock_signal.h"

/* ---- Memory -------------------------------------------------------------- */

static unsigned int fail_at;
static unsigned int nr_allocs;
static bool has_failed;
static bool no_memory;
static size_t objects;
/* Once the stack is up no piece of memory is larger than a page. */
static bool is_in_pieces;

static struct kmem_cache *caches[32];
static unsigned int nr_caches;

void bed_fail(unsigned int n)
{
	fail_at = n;
	nr_allocs = 0;
	has_failed = false;
}

bool bed_failed(void)
{
	return has_failed;
}

size_t bed_objects(void)
{
	return objects;
}

void bed_no_memory(bool none)
{
	no_memory = none;
}

static bool allocation_fails(void)
{
	if (no_memory)
		return true;
	if (!fail_at || ++nr_allocs != fail_at)
		return false;
	has_failed = true;
	return true;
}

static void *fill(void *memory, size_t size)
{
	return memset(memory, BED_STALE, size);
}

void *kmalloc(size_t size)
{
	if ((is_in_pieces && size > PAGE_SIZE) || allocation_fails())
		return NULL;
	objects++;
	return fill(malloc(size), size);
}

void *kmalloc_flags(size_t size, unsigned int flags)
{
	return kmalloc(size);
}

void *kcalloc(size_t n, size_t size)
{
	void *p = kmalloc(n * size);

	return p ? memset(p, 0, n * size) : NULL;
}

void *kzalloc(size_t size)
{
	return kcalloc(1, size);
}

void kfree(const void *p)
{
	if (!p)
		return;
	objects--;
	free((void *)p);
}

void *kvmalloc(size_t size)
{
	if (allocation_fails())
		return NULL;
	objects++;
	return malloc(size);
}

void *kvcalloc(size_t n, size_t size)
{
	void *p = kvmalloc(n * size);

	return p ? memset(p, 0, n * size) : NULL;
}

void kvfree(const void *p)
{
	kfree(p);
}

size_t ksize(const void *p)
{
	return malloc_usable_size((void *)p);
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size,
				     size_t align)
{
	struct kmem_cache *cache = calloc(1, sizeof(*cache));

	cache->name = name;
	cache->size = size;
	caches[nr_caches++] = cache;
	return cache;
}

void kmem_cache_set_flags(struct kmem_cache *cache, unsigned int flags)
{
}

void kmem_cache_set_limit(struct kmem_cache *cache, size_t n)
{
	cache->limit = n;
}

void *kmem_cache_alloc(struct kmem_cache *cache)
{
	if ((cache->limit && cache->active >= cache->limit) ||
	    allocation_fails()) {
		cache->failures++;
		return NULL;
	}
	cache->active++;
	objects++;
	return fill(malloc(cache->size), cache->size);
}

void *kmem_cache_zalloc(struct kmem_cache *cache)
{
	void *p = kmem_cache_alloc(cache);

	return p ? memset(p, 0, cache->size) : NULL;
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	cache->active--;
	objects--;
	free(object);
}

size_t bed_cache_objects(const char *name)
{
	for (unsigned int i = 0; i < nr_caches; i++) {
		if (!strcmp(caches[i]->name, name))
			return caches[i]->active;
	}
	bail_out("no cache is called %s", name);
}

bool bed_pages_low;

bool pages_are_low(unsigned int flags)
{
	return bed_pages_low && !(flags & (ALLOC_PACKET | ALLOC_ATOMIC));
}

size_t nr_total_pages(void)
{
	return 16 * MiB / PAGE_SIZE;
}

bool bed_pages_few;

size_t nr_free_pages(void)
{
	return bed_pages_few ? 0 : nr_total_pages();
}

size_t page_mark(unsigned int flags)
{
	return 0;
}

/* ---- Log, random numbers, and what is not there -------------------------- */

void panic(const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	bail_out("panic: %s", text);
}

void vprintk(enum log_level level, const char *fmt, va_list ap)
{
}

void printk(enum log_level level, const char *fmt, ...)
{
}

uint32_t bed_epoch = 1;

uint32_t random_epoch(void)
{
	return bed_epoch;
}

uint32_t random_u32(void)
{
	return (uint32_t)rand() << 16 ^ rand();
}

void random_bytes(void *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)out)[i] = rand();
}

const char *bed_ip = BED_ADDR "/16";

const char *cmdline_get(const char *key)
{
	if (!strcmp(key, "ip"))
		return bed_ip;
	if (!strcmp(key, "gw") && strcmp(bed_ip, "dhcp") != 0)
		return PEER_ADDR;
	return NULL;
}

bool in_irq(void)
{
	return false;
}

unsigned int bed_sigpipes;

void sock_send_sigpipe(void)
{
	bed_sigpipes++;
}

void sock_send_sigurg(const struct sock *sk)
{
	(void)sk;
}

/* ---- Time ---------------------------------------------------------------- */

#define MAX_TIMERS 8

static uint64_t now = 1000 * NSEC_PER_SEC;
static struct timer *timers[MAX_TIMERS];

uint64_t bed_now(void)
{
	return now;
}

uint64_t ktime_get_ns(void)
{
	return now;
}

uint64_t ktime_get_real_ns(void)
{
	return now;
}

void timer_setup(struct timer *timer, void (*func)(struct timer *timer))
{
	timer->func = func;
}

static int timer_slot(const struct timer *timer)
{
	for (int i = 0; i < MAX_TIMERS; i++) {
		if (timers[i] == timer)
			return i;
	}
	return -1;
}

bool timer_pending(const struct timer *timer)
{
	return timer_slot(timer) >= 0;
}

void timer_start(struct timer *timer, uint64_t expires)
{
	int i = timer_slot(timer);

	if (i < 0)
		i = timer_slot(NULL);
	timers[i] = timer;
	timer->expires = expires;
}

bool timer_cancel(struct timer *timer)
{
	int i = timer_slot(timer);

	if (i >= 0)
		timers[i] = NULL;
	return i >= 0;
}

static struct timer *first_timer(void)
{
	struct timer *first = NULL;

	for (int i = 0; i < MAX_TIMERS; i++) {
		if (timers[i] &&
		    (!first || timers[i]->expires < first->expires))
			first = timers[i];
	}
	return first;
}

/* Up to the next timer or until, whichever comes first. */
static void pass_time(uint64_t until)
{
	struct timer *timer = first_timer();

	if (!timer || timer->expires > until) {
		now = until;
		return;
	}
	if (timer->expires > now)
		now = timer->expires;
	timers[timer_slot(timer)] = NULL;
	timer->func(timer);
}

/* ---- Softirqs and the one thread ----------------------------------------- */

static void (*net_softirq)(void);
static bool net_pending;
static struct thread self;

void (*bed_meanwhile)(void);
void (*bed_others)(void);

void softirq_set(enum softirq nr, void (*func)(void))
{
	net_softirq = func;
}

void raise_softirq(enum softirq nr)
{
	net_pending = true;
}

void raise_softirq_lazily(enum softirq nr)
{
	raise_softirq(nr);
}

void bed_run(void)
{
	for (int round = 0; net_pending; round++) {
		if (round > 100000)
			bail_out("the softirq never ends");
		net_pending = false;
		net_softirq();
	}
}

void bed_stop(uint64_t ns)
{
	now += ns;
}

void bed_sleep(uint64_t ns)
{
	uint64_t until = now + ns;

	bed_run();
	while (now < until) {
		pass_time(until);
		bed_run();
	}
}

struct thread *get_current(void)
{
	return &self;
}

void set_current_state(enum thread_state state)
{
	self.state = state;
}

void wake_up_thread(struct thread *thread)
{
	thread->state = THREAD_RUNNABLE;
}

bool signal_pending(void)
{
	return false;
}

bool schedule_until(uint64_t deadline)
{
	uint64_t start = now;

	bed_run();
	if (bed_meanwhile)
		bed_meanwhile();
	bed_run();
	while (self.state == THREAD_SLEEPING && now < deadline) {
		if (!first_timer() && deadline == UINT64_MAX)
			bail_out("the thread sleeps for ever");
		if (now - start > 100000 * NSEC_PER_SEC)
			bail_out("the thread sleeps for a day");
		pass_time(deadline);
		bed_run();
	}
	if (self.state != THREAD_SLEEPING)
		return false;
	self.state = THREAD_RUNNABLE;
	return true;
}

void schedule(void)
{
	schedule_until(UINT64_MAX);
}

void cond_resched(void)
{
	if (bed_others)
		bed_others();
}

void bed_init(void)
{
	self.state = THREAD_RUNNABLE;
	if (net_init())
		bail_out("net_init() failed");
	is_in_pieces = true;
	bed_run();
	bed_forget_sent();
}
