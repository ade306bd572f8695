/* SPDX-License-Identifier: MIT */
/*
 * The machine's memory: the C library's, counted in pages, so that it runs
 * short as the kernel's does (kernel/mm/page.h), and refused where the
 * simulator says so.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/mm/kvmalloc.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "machine/parts.h"

#include "lib/fake_pages.h"

/* As kernel/mm/page.c has them. */
#define RESERVE_SHARE 64
#define RESERVE_LEAST (768 * KiB / PAGE_SIZE)
#define RESERVE_LEAST_SHARE 8
#define RESERVE_MOST (16 * MiB / PAGE_SIZE)

#define STALE 0xbe /* what memory holds before it is written */
#define CACHES_MAX 48

uintptr_t direct_map_base = DIRECT_MAP_START;
uintptr_t kernel_image_offset;

static size_t objects, bytes;
static uint64_t refused;
static bool is_up;
static struct kmem_cache *caches[CACHES_MAX];
static unsigned int nr_caches;

void memory_up(void)
{
	is_up = true;
}

size_t nr_total_pages(void)
{
	return config.pages;
}

size_t nr_free_pages(void)
{
	size_t used = bytes / PAGE_SIZE;

	return used < config.pages ? config.pages - used : 0;
}

static size_t reserve(void)
{
	size_t least = MIN(config.pages / RESERVE_LEAST_SHARE, RESERVE_LEAST);

	return MIN(MAX(config.pages / RESERVE_SHARE, least), RESERVE_MOST);
}

size_t page_mark(unsigned int flags)
{
	if (flags & ALLOC_ATOMIC)
		return 0;
	if (flags & ALLOC_PACKET)
		return reserve() / 4;
	if (flags & ALLOC_USER)
		return reserve();
	return flags & ALLOC_FILE ? reserve() - reserve() / 4 : reserve() / 2;
}

bool pages_are_low(unsigned int flags)
{
	return nr_free_pages() <= page_mark(flags);
}

/*
 * Before each block is its size, in a space that keeps the alignment. Nothing
 * depends on where blocks are, nor on how much the C library gives.
 */
struct head {
	struct list_head list; /* of all, the oldest first */
	size_t size;
	void *block;
	void *caller; /* NULL: an object of a cache */
};

#define HEAD_SPACE 64 /* a power of two, and room for one */

static LIST_HEAD(blocks);

static struct head *head_of(const void *memory)
{
	return (struct head *)memory - 1;
}

static void *take(size_t size, size_t align, void *caller)
{
	size_t space = MAX(align, (size_t)HEAD_SPACE);
	void *block, *memory;

	if (posix_memalign(&block, space, space + size))
		return NULL;
	memory = (char *)block + space;
	*head_of(memory) = (struct head){ .size = size,
					  .block = block,
					  .caller = caller };
	list_add_tail(&head_of(memory)->list, &blocks);
	objects++;
	bytes += size;
	return memset(memory, STALE, size);
}

#define CALLER __builtin_return_address(0)

static void give(const void *memory)
{
	objects--;
	bytes -= head_of(memory)->size;
	list_del(&head_of(memory)->list);
	free(head_of(memory)->block);
}

static bool is_refused(size_t size, unsigned int flags)
{
	if (!is_up || (!pages_are_low(flags) && !env.refuse(env.host, size)))
		return false;
	refused++;
	return true;
}

/* Once the machine is up no piece of memory is larger than a page. */
static void *get(size_t size, unsigned int flags, void *caller)
{
	if (is_up && size > PAGE_SIZE) {
		refused++;
		return NULL;
	}
	if (is_refused(size, flags))
		return NULL;
	return take(size, size > PAGE_SIZE ? PAGE_SIZE : 0, caller);
}

static void *get_zeroed(size_t size, void *caller)
{
	void *p = get(size, 0, caller);

	return p ? memset(p, 0, size) : NULL;
}

void *kmalloc_flags(size_t size, unsigned int flags)
{
	return get(size, flags, CALLER);
}

void *kmalloc(size_t size)
{
	return get(size, 0, CALLER);
}

void *kzalloc(size_t size)
{
	return get_zeroed(size, CALLER);
}

void *kcalloc(size_t n, size_t size)
{
	return get_zeroed(n * size, CALLER);
}

void *krealloc(void *old, size_t size)
{
	void *p;

	if (!size) {
		kfree(old);
		return NULL;
	}
	p = get(size, 0, CALLER);
	if (p && old) {
		memcpy(p, old, MIN(size, ksize(old)));
		kfree(old);
	}
	return p;
}

void kfree(const void *p)
{
	if (p)
		give(p);
}

size_t ksize(const void *p)
{
	return head_of(p)->size;
}

void *kvmalloc(size_t size)
{
	return is_refused(size, 0) ? NULL : take(size, 0, CALLER);
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

struct kmem_cache *kmem_cache_create(const char *name, size_t size,
				     size_t align)
{
	struct kmem_cache *cache = calloc(1, sizeof(*cache));

	ASSERT(nr_caches < CACHES_MAX);
	cache->name = name;
	cache->size = size;
	cache->stride = align;
	caches[nr_caches++] = cache;
	return cache;
}

void kmem_cache_set_flags(struct kmem_cache *cache, unsigned int flags)
{
	cache->flags = flags;
}

void kmem_cache_set_limit(struct kmem_cache *cache, size_t n)
{
	cache->limit = n;
}

void *kmem_cache_alloc_flags(struct kmem_cache *cache, unsigned int flags)
{
	size_t size = cache->size;

	if ((cache->limit && cache->active >= cache->limit) ||
	    is_refused(size, flags)) {
		cache->failures++;
		return NULL;
	}
	cache->active++;
	return take(size, cache->stride, NULL);
}

void *kmem_cache_alloc(struct kmem_cache *cache)
{
	return kmem_cache_alloc_flags(cache, cache->flags);
}

void *kmem_cache_zalloc(struct kmem_cache *cache)
{
	void *p = kmem_cache_alloc(cache);

	return p ? memset(p, 0, cache->size) : NULL;
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	ASSERT(cache->active);
	cache->active--;
	give(object);
}

static size_t active(const char *name)
{
	for (unsigned int i = 0; i < nr_caches; i++) {
		if (!strcmp(caches[i]->name, name))
			return caches[i]->active;
	}
	return 0;
}

void memory_state(struct machine_state *state)
{
	state->objects = objects;
	state->bytes = bytes;
	state->refused = refused;
	state->pages_free = nr_free_pages();
	state->tcp_pcbs = active("tcp_pcb");
}

static struct head *youngest(void)
{
	struct head *head, *last = NULL;

	list_for_each_entry(head, &blocks, list) {
		if (head->caller)
			last = head;
	}
	return last;
}

const char *memory_leaks(void)
{
	static char text[1024];
	size_t left = objects, len = 0;
	struct head *last = youngest();
	Dl_info info = { 0 };

	text[0] = 0;
	for (unsigned int i = 0; i < nr_caches && len < sizeof(text); i++) {
		left -= caches[i]->active;
		if (caches[i]->active)
			len += snprintf(text + len, sizeof(text) - len,
					" %s:%zu", caches[i]->name,
					caches[i]->active);
	}
	if (len < sizeof(text))
		len += snprintf(text + len, sizeof(text) - len, " kmalloc:%zu",
				left);
	/* For addr2line -e host.so. */
	if (last && len < sizeof(text) && dladdr(last->caller, &info))
		snprintf(text + len, sizeof(text) - len,
			 " (the last: %zu bytes by %#zx)", last->size,
			 (size_t)((char *)last->caller -
				  (char *)info.dli_fbase));
	return text;
}
