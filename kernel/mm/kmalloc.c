/* SPDX-License-Identifier: MIT */
/*
 * kmalloc(): a row of slab caches for sizes up to a page, whole pages above.
 * Which of the two a pointer came from is read from its page struct.
 */

#include "kernel/mm/kmalloc.h"

#include <string.h>

#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"

#define GRAIN 16 /* sizes and addresses are multiples of it */

static const struct kmalloc_class {
	uint16_t size;
	const char *name;
} classes[] = {
	{ 16, "kmalloc-16" },	  { 32, "kmalloc-32" },
	{ 48, "kmalloc-48" },	  { 64, "kmalloc-64" },
	{ 96, "kmalloc-96" },	  { 128, "kmalloc-128" },
	{ 192, "kmalloc-192" },	  { 256, "kmalloc-256" },
	{ 384, "kmalloc-384" },	  { 512, "kmalloc-512" },
	{ 768, "kmalloc-768" },	  { 1024, "kmalloc-1k" },
	{ 1536, "kmalloc-1536" }, { 2048, "kmalloc-2k" },
	{ 4096, "kmalloc-4k" },
};

static struct kmem_cache caches[ARRAY_SIZE(classes)];
/* The cache for a size: by the number of grains, rounded up. */
static uint8_t class_of[PAGE_SIZE / GRAIN + 1] __ro_after_init;

void kmalloc_init(void)
{
	size_t i, grains = 0;

	for (i = 0; i < ARRAY_SIZE(classes); i++) {
		kmem_cache_init(&caches[i], classes[i].name, classes[i].size,
				GRAIN);
		for (; grains <= classes[i].size / GRAIN; grains++)
			class_of[grains] = i;
	}
}

static void *kmalloc_pages(size_t size, unsigned int flags)
{
	unsigned int order = 0;
	struct page *page;

	while (order <= MAX_ORDER && PAGE_SIZE << order < size)
		order++;
	page = alloc_pages(order, flags);
	if (!page) {
		slab_shrink();
		page = alloc_pages(order, flags);
	}
	if (!page)
		return NULL;
	page->size = size;
	return page_address(page);
}

void *kmalloc_flags(size_t size, unsigned int flags)
{
	if (unlikely(size > PAGE_SIZE))
		return kmalloc_pages(size, flags);
	return kmem_cache_alloc_flags(
		&caches[class_of[(size + GRAIN - 1) / GRAIN]], flags);
}

void *kmalloc(size_t size)
{
	return kmalloc_flags(size, 0);
}

void *kzalloc(size_t size)
{
	void *ptr = kmalloc(size);

	return ptr ? memset(ptr, 0, size) : NULL;
}

void *kcalloc(size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return kzalloc(bytes);
}

/* The cache that ptr came from, or NULL for whole pages. */
static struct kmem_cache *cache_of(const void *ptr, struct page **pagep)
{
	struct page *page = virt_to_page(ptr);

	ASSERT(page);
	*pagep = page;
	if (page->state == PAGE_USED) {
		/* Pages that kmalloc() has not allocated have size 0. */
		ASSERT(page->size && IS_ALIGNED((uintptr_t)ptr, PAGE_SIZE));
		return NULL;
	}
	ASSERT(page->state == PAGE_SLAB || page->state == PAGE_TAIL);
	ASSERT(page->cache >= caches &&
	       page->cache < caches + ARRAY_SIZE(caches));
	return page->cache;
}

void kfree(const void *ptr)
{
	struct kmem_cache *cache;
	struct page *page;

	if (!ptr)
		return;
	cache = cache_of(ptr, &page);
	if (cache)
		kmem_cache_free(cache, (void *)ptr);
	else
		free_pages(page, page->order);
}

size_t ksize(const void *ptr)
{
	struct kmem_cache *cache;
	struct page *page;

	if (!ptr)
		return 0;
	cache = cache_of(ptr, &page);
	return cache ? cache->size : PAGE_SIZE << page->order;
}

void *krealloc(void *old, size_t size)
{
	size_t room = ksize(old);
	void *new;

	if (!size) {
		kfree(old);
		return NULL;
	}
	/* Stays in place unless less than half of it would be used. */
	if (old && size <= room && (size > room / 2 || room <= GRAIN))
		return old;
	new = kmalloc(size);
	if (!new)
		return size <= room ? old : NULL;
	if (old)
		memcpy(new, old, MIN(size, room));
	kfree(old);
	return new;
}
