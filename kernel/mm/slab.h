/* SPDX-License-Identifier: MIT */
/*
 * Slab caches: objects of one size, packed into pages of the buddy
 * allocator, and kmalloc() over a row of them. Every function returns NULL
 * or does nothing rather than stop the machine when memory is short. Thread
 * or softirq context, never sleeps.
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
	uint8_t min_order; /* else 2^min_order, as many as an object needs */
	uint32_t flags; /* ALLOC_* of its slabs */
	struct list_head partial; /* slabs with both kinds of objects */
	struct list_head full;
	struct list_head empty; /* at most one is kept */
	size_t active; /* objects handed out */
	size_t slabs;
	size_t room; /* objects in all of them */
	size_t pages;
	size_t limit; /* most objects handed out; 0: none */
	size_t failures; /* allocations refused */
	struct list_head caches; /* on the list of all caches */
};

void slab_init(void);

/*
 * align: power of two, 0 for the natural one. The name is kept by reference.
 * Returns NULL when memory is short.
 */
struct kmem_cache *kmem_cache_create(const char *name, size_t size,
				     size_t align);
/* The same for a struct that the caller owns, for ever: cannot fail. */
void kmem_cache_init(struct kmem_cache *cache, const char *name, size_t size,
		     size_t align);
/* All objects must be back. */
void kmem_cache_destroy(struct kmem_cache *cache);
/* Its slabs are allocated with these flags: ALLOC_USER and others. */
void kmem_cache_set_flags(struct kmem_cache *cache, unsigned int flags);
/* At most n objects at a time from now on. */
void kmem_cache_set_limit(struct kmem_cache *cache, size_t n);
void *kmem_cache_alloc(struct kmem_cache *cache);
/* With other flags than the cache's, should it need a new slab. */
void *kmem_cache_alloc_flags(struct kmem_cache *cache, unsigned int flags);
void *kmem_cache_zalloc(struct kmem_cache *cache);
void kmem_cache_free(struct kmem_cache *cache, void *object);

/* Calls fn for every cache, for /proc/slabinfo. */
void kmem_cache_for_each(void (*fn)(const struct kmem_cache *, void *),
			 void *arg);
/* Gives empty slabs back to the page allocator. */
void slab_shrink(void);
/* A page for what ring 3 keeps, of which empty slabs are made if need be. */
struct page *user_page_alloc(unsigned int flags);
/* Hides the links of free objects; drawn by boot/enter.c. */
extern uintptr_t slab_secret;

/* kernel/check.h. Slow. */
const char *slab_check(void);

#endif
