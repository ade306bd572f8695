/* SPDX-License-Identifier: MIT */
/*
 * What the files of kernel/fs stand on, for the host: memory that is counted
 * and fails when it is told to, an application's memory with a hole in it,
 * and a scheduler in which the test itself is the rest of the machine.
 * Included once in a program, by the test itself.
 *
 * Threads are only states. A thread that sleeps runs `meanwhile` once, which
 * may change `self` and call into the kernel as another thread; the sleeper
 * goes on when that returns: woken if somebody woke it, else its time is up.
 */
#ifndef TESTS_UNIT_LIB_FAKE_KERNEL_H
#define TESTS_UNIT_LIB_FAKE_KERNEL_H

#include <stdlib.h>
#include <string.h>

#include "kernel/mm/kvmalloc.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/uaccess.h"
#include "kernel/task/signal.h"
#include "kernel/task/thread.h"
#include "kernel/task/wait.h"
#include "lib/check.h"

/* ---- Memory -------------------------------------------------------------- */

static long live_objects; /* handed out and not yet back */
static long fail_at = -1; /* the allocation after so many fails; -1: none */

static inline bool alloc_fails(void)
{
	return fail_at >= 0 && !fail_at--;
}

void *kmalloc(size_t size)
{
	if (alloc_fails())
		return NULL;
	live_objects++;
	return malloc(size);
}

void *kzalloc(size_t size)
{
	void *p = kmalloc(size);

	return p ? memset(p, 0, size) : NULL;
}

void *kcalloc(size_t n, size_t size)
{
	return kzalloc(n * size);
}

void kfree(const void *ptr)
{
	live_objects -= !!ptr;
	free((void *)ptr);
}

void *kmalloc_flags(size_t size, unsigned int flags)
{
	return kmalloc(size);
}

void *kvmalloc(size_t size)
{
	return kmalloc(size);
}

void *kvcalloc(size_t n, size_t size)
{
	return kzalloc(n * size);
}

void kvfree(const void *ptr)
{
	kfree(ptr);
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size,
				     size_t align)
{
	struct kmem_cache *cache = calloc(1, sizeof(*cache));

	cache->name = name;
	cache->size = size;
	return cache;
}

void *kmem_cache_alloc(struct kmem_cache *cache)
{
	void *p = kmalloc(cache->size);

	cache->active += !!p;
	/* What was in a recycled object is not zero. */
	return p ? memset(p, 0xa5, cache->size) : NULL;
}

void *kmem_cache_zalloc(struct kmem_cache *cache)
{
	void *p = kmem_cache_alloc(cache);

	return p ? memset(p, 0, cache->size) : NULL;
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	cache->active--;
	kfree(object);
}

bool pages_are_low(unsigned int flags)
{
	return false;
}

static size_t total_pages = 64 * MiB / PAGE_SIZE;

size_t nr_total_pages(void)
{
	return total_pages;
}

/* ---- The application's memory -------------------------------------------- */

/* Addresses from here on are not mapped; NULL: all are. */
static const char *bad_from;

bool access_ok(const void *addr, size_t len)
{
	return true;
}

static size_t not_copied(const void *user, size_t n)
{
	const char *p = user;

	if (!bad_from || p + n <= bad_from)
		return 0;
	return p >= bad_from ? n : (size_t)(p + n - bad_from);
}

size_t copy_to_user(void *to, const void *from, size_t n)
{
	size_t left = not_copied(to, n);

	memcpy(to, from, n - left);
	return left;
}

size_t copy_from_user(void *to, const void *from, size_t n)
{
	size_t left = not_copied(from, n);

	memcpy(to, from, n - left);
	return left;
}

size_t clear_user(void *to, size_t n)
{
	size_t left = not_copied(to, n);

	memset(to, 0, n - left);
	return left;
}

/* ---- Threads ------------------------------------------------------------- */

static struct thread threads[8];
static struct thread *self = &threads[0];
static bool has_signal;
static int nr_scheduled;
static void (*meanwhile)(void);

struct thread *get_current(void)
{
	return self;
}

void set_current_state(enum thread_state state)
{
	self->state = state;
}

void wake_up_thread(struct thread *thread)
{
	if (thread->state == THREAD_SLEEPING)
		thread->state = THREAD_RUNNABLE;
}

bool signal_pending(void)
{
	return has_signal;
}

/* What others do when the kernel gives way. */
static void (*in_pause)(void);

void cond_resched(void)
{
	void (*run)(void) = in_pause;

	in_pause = NULL;
	if (run)
		run();
	in_pause = run;
}

bool fatal_signal_pending(void)
{
	return false;
}

void schedule(void)
{
	struct thread *sleeper = self;
	void (*fn)(void) = meanwhile;

	nr_scheduled++;
	meanwhile = NULL;
	if (fn)
		fn();
	self = sleeper;
}

bool schedule_until(uint64_t deadline)
{
	schedule();
	if (self->state != THREAD_SLEEPING)
		return false;
	self->state = THREAD_RUNNABLE;
	if (deadline == UINT64_MAX && !has_signal)
		bail_out("a thread sleeps for ever");
	return deadline != UINT64_MAX;
}

#endif /* TESTS_UNIT_LIB_FAKE_KERNEL_H */
