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
#include "kernel/list.h"

struct kmem_cache {
	const char *name;
	uint32_t size; /* bytes asked for */
	uint32_t stride; /* bytes between two objects */
	uint32_t per_slab; /* objects in one slab */
	uint8_t order; /* pages of one slab: 2^order */
	struct list_head partial; /* slabs with both kinds of objects */
	struct list_head full;
	struct list_head empty; /* at most one is kept */
	size_t active; /* objects handed out */
	size_t slabs;
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
/* At most n objects at a time from now on. */
void kmem_cache_set_limit(struct kmem_cache *cache, size_t n);
void *kmem_cache_alloc(struct kmem_cache *cache);
void *kmem_cache_zalloc(struct kmem_cache *cache);
void kmem_cache_free(struct kmem_cache *cache, void *object);

/*
 * Any size up to 4 MiB; above a page straight from the page allocator. 16
 * aligned. kmalloc(0) is a pointer that may not be used but must be freed.
 */
void *kmalloc(size_t size);
void *kzalloc(size_t size);
void *kcalloc(size_t n, size_t size); /* NULL on overflow */
/* NULL when memory is short: old is as it was. Size 0 frees old. */
void *krealloc(void *old, size_t size);
void kfree(const void *ptr); /* NULL is fine */
size_t ksize(const void *ptr); /* bytes that may be used */

/* Calls fn for every cache, for /proc/slabinfo. */
void kmem_cache_for_each(void (*fn)(const struct kmem_cache *, void *),
			 void *arg);
/* Gives empty slabs back to the page allocator. */
void slab_shrink(void);
/* Verifies the invariants of all caches; ASSERTs. Slow. */
void slab_check(void);

void kmalloc_init(void); /* part of slab_init() */

#endif
