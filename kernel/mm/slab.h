/* SPDX-License-Identifier: MIT */
/*
 * Slab caches: objects of one size, packed into pages of the buddy allocator,
 * and kmalloc() over a row of them. When memory is short functions return NULL
 * or do nothing. Thread or softirq context, never sleeps.
 */
#ifndef KERNEL_MM_SLAB_H
#define KERNEL_MM_SLAB_H

#include "kernel/base.h"
#include "kernel/lib/list.h"
#include "kernel/mm/kmalloc.h"

struct page;

struct kmem_cache {
	const char *name;
	uint32_t size; /* bytes asked for */
	uint32_t stride; /* bytes between two objects */
	uint32_t per_slab; /* objects in a slab of that order */
	uint8_t order; /* pages of a slab: 2^order, if there is such a block */
	uint8_t min_order; /* else 2^min_order, enough for one object */
	uint32_t flags; /* ALLOC_* of its slabs */
	struct list_head partial; /* slabs with free and used objects */
	struct list_head full;
	struct list_head empty; /* at most one is kept */
	size_t active; /* objects handed out */
	size_t slabs;
	size_t room; /* objects in all slabs */
	size_t pages;
	size_t limit; /* most objects handed out; 0: none */
	size_t failures; /* allocations refused */
	struct list_head caches; /* on the list of all caches */
};

void slab_init(void);

/*
 * align: power of two, 0 for the natural one. Keeps the pointer to the name.
 * NULL: no memory.
 */
struct kmem_cache *kmem_cache_create(const char *name, size_t size,
				     size_t align);
/* The same in a struct that the caller owns and never frees: cannot fail. */
void kmem_cache_init(struct kmem_cache *cache, const char *name, size_t size,
		     size_t align);
/* All objects must have been freed. */
void kmem_cache_destroy(struct kmem_cache *cache);
/* ALLOC_*, for the cache's new slabs. */
void kmem_cache_set_flags(struct kmem_cache *cache, unsigned int flags);
/* From now on at most n objects at a time. */
void kmem_cache_set_limit(struct kmem_cache *cache, size_t n);
void *kmem_cache_alloc(struct kmem_cache *cache);
/* A new slab, if needed, is allocated with these flags. */
void *kmem_cache_alloc_flags(struct kmem_cache *cache, unsigned int flags);
void *kmem_cache_zalloc(struct kmem_cache *cache);
void kmem_cache_free(struct kmem_cache *cache, void *object);

/* Calls fn for every cache, for /proc/slabinfo. */
void kmem_cache_for_each(void (*fn)(const struct kmem_cache *, void *),
			 void *arg);
/* Gives empty slabs back to the page allocator. */
void slab_shrink(void);
/* A page for ring 3 to keep; frees empty slabs if memory is short. */
struct page *user_page_alloc(unsigned int flags);
/* Hides the links of free objects; drawn by boot/enter.c. */
extern uintptr_t slab_secret;

/* kernel/check.h. Slow. */
const char *slab_check(void);

#endif
