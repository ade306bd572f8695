/* SPDX-License-Identifier: MIT */
/*
 * Slab caches. A slab is 2^order pages cut into objects; its page struct
 * holds the list of free objects, which runs through the objects themselves.
 * Owns the list of all caches.
 *
 * A slab of several pages wastes less, but fragmented memory has no such
 * block: then a slab is as many pages as one object needs, which is a single
 * one for all but a few kinds.
 *
 * All pages of a slab carry the cache, so that an object's address leads to
 * its slab: that starts at the address rounded down to the slab's size, the
 * small one or the large one.
 *
 * A free object's first word is the link to the next one, which must lie near;
 * its second word is a mark made of its address. When the object is handed out
 * a bad link or mark shows a write after free. An object that is freed and
 * carries the mark is searched for in the free list, which shows a double free.
 * The rest of it is filled if poison_is_on.
 *
 * Invariants (slab_check()):
 *  1. a slab is on partial, full or empty as 0 < inuse < objects,
 *     inuse = objects, inuse = 0; empty holds at most one;
 *  2. the free list of a slab has objects - inuse objects, each at a multiple
 *     of stride and marked;
 *  3. active = sum of inuse, room = sum of objects, slabs = length of the
 *     three lists.
 */
#include "kernel/mm/slab.h"

#include <string.h>

#include "kernel/check.h"
#include "kernel/mm/page.h"
#include "kernel/mm/poison.h"

#define FREE_MARK 0x5ab0f4ee0b7ec75aUL
#define NATURAL_ALIGN 8
#define SLAB_MAX (PAGE_SIZE << MAX_ORDER)
#define MAX_SLAB_ORDER 5 /* objects above four pages may waste more */

struct free_object {
	uintptr_t next; /* hidden: see next_free() */
	uintptr_t mark;
};

uintptr_t slab_secret __ro_after_init;

static LIST_HEAD(all_caches);

static uintptr_t free_mark(const struct free_object *object)
{
	return (uintptr_t)object ^ slab_secret ^ FREE_MARK;
}

/*
 * Links within free objects are XORed with the secret and their own address:
 * overwriting one does not choose the next object, reading one reveals no
 * address.
 */
static struct free_object *next_free(const struct free_object *object)
{
	return (struct free_object *)(object->next ^ (uintptr_t)object ^
				      slab_secret);
}

static void set_next(struct free_object *object, const void *next)
{
	object->next = (uintptr_t)next ^ (uintptr_t)object ^ slab_secret;
}

static _Noreturn noinline void corrupted(const struct kmem_cache *cache,
					 const char *how)
{
	panic("slab cache %s: %s", cache->name, how);
}

static noinline void rest_fill(const struct kmem_cache *cache,
			       struct free_object *object)
{
	poison_fill(object + 1, cache->stride - sizeof(*object));
}

static noinline bool rest_is_whole(const struct kmem_cache *cache,
				   const struct free_object *object)
{
	return poison_is_whole(object + 1, cache->stride - sizeof(*object));
}

/*
 * Two places of one slab differ in low bits only. That it leads to a free object
 * is seen by the mark there.
 */
static bool link_is_whole(const struct free_object *object,
			  const struct free_object *next)
{
	return ((uintptr_t)object ^ (uintptr_t)next) < SLAB_MAX || !next;
}

/* The smallest order that wastes less than 1/8, or the one wasting least. */
static unsigned int slab_order(uint32_t stride)
{
	unsigned int order, best = 0;
	size_t bytes, waste, least = SIZE_MAX;

	for (order = 0; order <= MAX_ORDER; order++) {
		bytes = PAGE_SIZE << order;
		if (bytes < stride)
			continue;
		waste = (bytes % stride) << (MAX_ORDER - order);
		if (waste < least) {
			least = waste;
			best = order;
		}
		if (bytes % stride < bytes / 8 || order >= MAX_SLAB_ORDER)
			break;
	}
	return best;
}

void kmem_cache_init(struct kmem_cache *cache, const char *name, size_t size,
		     size_t align)
{
	ASSERT(size && size <= PAGE_SIZE << MAX_ORDER);
	ASSERT((align & (align - 1)) == 0 && align <= PAGE_SIZE);
	memset(cache, 0, sizeof(*cache));
	cache->name = name;
	cache->size = size;
	cache->stride = ALIGN_UP(MAX(size, sizeof(struct free_object)),
				 MAX(align, (size_t)NATURAL_ALIGN));
	cache->order = slab_order(cache->stride);
	while (PAGE_SIZE << cache->min_order < cache->stride)
		cache->min_order++;
	cache->per_slab = (PAGE_SIZE << cache->order) / cache->stride;
	INIT_LIST_HEAD(&cache->partial);
	INIT_LIST_HEAD(&cache->full);
	INIT_LIST_HEAD(&cache->empty);
	list_add_tail(&cache->caches, &all_caches);
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size,
				     size_t align)
{
	struct kmem_cache *cache = kmalloc(sizeof(*cache));

	if (cache)
		kmem_cache_init(cache, name, size, align);
	return cache;
}

static struct page *slab_pages(const struct kmem_cache *cache,
			       unsigned int flags)
{
	struct page *page = alloc_pages(cache->order, flags);

	if (!page && cache->min_order < cache->order)
		page = alloc_pages(cache->min_order, flags);
	if (page)
		return page;
	slab_shrink();
	return alloc_pages(cache->min_order, flags);
}

static noinline struct page *slab_create(struct kmem_cache *cache,
					 unsigned int flags)
{
	struct page *page = slab_pages(cache, flags);
	struct free_object *object;
	uint8_t *base;
	size_t i;

	if (!page)
		return NULL;
	page->state = PAGE_SLAB;
	page->inuse = 0;
	page->objects = (PAGE_SIZE << page->order) / cache->stride;
	page->freelist = NULL;
	for (i = 0; i < 1UL << page->order; i++)
		page[i].cache = cache;
	base = page_address(page);
	for (i = page->objects; i-- > 0;) {
		object = (struct free_object *)(base + i * cache->stride);
		set_next(object, page->freelist);
		object->mark = free_mark(object);
		if (unlikely(poison_is_on))
			rest_fill(cache, object);
		page->freelist = object;
	}
	list_add(&page->lru, &cache->empty);
	cache->slabs++;
	cache->room += page->objects;
	cache->pages += 1UL << page->order;
	return page;
}

static noinline void slab_destroy(struct kmem_cache *cache, struct page *page)
{
	size_t i;

	ASSERT(page->inuse == 0);
	list_del(&page->lru);
	cache->slabs--;
	cache->room -= page->objects;
	cache->pages -= 1UL << page->order;
	for (i = 0; i < 1UL << page->order; i++)
		page[i].cache = NULL;
	page->state = PAGE_USED;
	free_pages(page, page->order);
}

/* A slab with a free object: a partial one first, so that others empty. */
static struct page *slab_find(struct kmem_cache *cache, unsigned int flags)
{
	if (cache->limit && cache->active >= cache->limit)
		return NULL;
	if (!list_empty(&cache->partial))
		return list_first_entry(&cache->partial, struct page, lru);
	if (!list_empty(&cache->empty))
		return list_first_entry(&cache->empty, struct page, lru);
	return slab_create(cache, flags);
}

void *kmem_cache_alloc_flags(struct kmem_cache *cache, unsigned int flags)
{
	struct page *page = slab_find(cache, flags);
	struct free_object *object, *next;

	if (unlikely(!page)) {
		cache->failures++;
		return NULL;
	}
	object = page->freelist;
	next = next_free(object);
	if (unlikely(object->mark != free_mark(object) ||
		     !link_is_whole(object, next) ||
		     (poison_is_on && !rest_is_whole(cache, object))))
		corrupted(cache, "an object was written to after its free");
	object->mark = 0;
	page->freelist = next;
	page->inuse++;
	cache->active++;
	if (page->inuse == page->objects)
		list_move(&page->lru, &cache->full);
	else if (page->inuse == 1)
		list_move(&page->lru, &cache->partial);
	return object;
}

void *kmem_cache_alloc(struct kmem_cache *cache)
{
	return kmem_cache_alloc_flags(cache, cache->flags);
}

void *kmem_cache_zalloc(struct kmem_cache *cache)
{
	void *object = kmem_cache_alloc(cache);

	return object ? memset(object, 0, cache->size) : NULL;
}

static bool slab_has_free(const struct page *page, const void *object)
{
	const struct free_object *pos;

	for (pos = page->freelist; pos; pos = next_free(pos))
		if (pos == object)
			return true;
	return false;
}

/* The slab of 2^order pages that ptr lies in, or NULL. */
static struct page *slab_at(const void *ptr, unsigned int order)
{
	uintptr_t base = ALIGN_DOWN((uintptr_t)ptr, PAGE_SIZE << order);
	struct page *page = virt_to_page((const void *)base);

	return page && page->state == PAGE_SLAB && page->order == order ? page :
									  NULL;
}

/* The slab of an object, which must be of this cache. */
static struct page *slab_of(const struct kmem_cache *cache, const void *object)
{
	struct page *page = slab_at(object, cache->order);
	uint32_t offset;

	if (unlikely(!page))
		page = slab_at(object, cache->min_order);
	if (unlikely(!page))
		corrupted(cache, "free of what is no object");
	if (unlikely(page->cache != cache))
		corrupted(cache, "free of another cache's object");
	offset = (uintptr_t)object & ((PAGE_SIZE << page->order) - 1);
	if (unlikely(offset % cache->stride ||
		     offset / cache->stride >= page->objects))
		corrupted(cache, "free of an address within a slab");
	return page;
}

void kmem_cache_free(struct kmem_cache *cache, void *ptr)
{
	struct page *page = slab_of(cache, ptr);
	struct free_object *object = ptr;
	bool was_full = page->inuse == page->objects;

	if (unlikely(!page->inuse || (object->mark == free_mark(object) &&
				      slab_has_free(page, object))))
		corrupted(cache, "double free");
	if (unlikely(poison_is_on))
		rest_fill(cache, object);
	set_next(object, page->freelist);
	object->mark = free_mark(object);
	page->freelist = object;
	page->inuse--;
	cache->active--;
	if (page->inuse == 0) {
		if (!list_empty(&cache->empty))
			slab_destroy(cache, page);
		else
			list_move(&page->lru, &cache->empty);
	} else if (was_full) {
		list_move(&page->lru, &cache->partial);
	}
}

void kmem_cache_set_flags(struct kmem_cache *cache, unsigned int flags)
{
	cache->flags = flags;
}

void kmem_cache_set_limit(struct kmem_cache *cache, size_t n)
{
	cache->limit = n;
}

static void cache_shrink(struct kmem_cache *cache)
{
	struct page *page, *n;

	list_for_each_entry_safe(page, n, &cache->empty, lru)
		slab_destroy(cache, page);
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	ASSERT(cache->active == 0);
	cache_shrink(cache);
	ASSERT(cache->slabs == 0);
	list_del(&cache->caches);
	kfree(cache);
}

void slab_shrink(void)
{
	struct kmem_cache *cache;

	list_for_each_entry(cache, &all_caches, caches)
		cache_shrink(cache);
}

struct page *user_page_alloc(unsigned int flags)
{
	struct page *page = alloc_page(flags | ALLOC_USER);

	if (page)
		return page;
	slab_shrink();
	return alloc_page(flags | ALLOC_USER);
}

void kmem_cache_for_each(void (*fn)(const struct kmem_cache *, void *),
			 void *arg)
{
	const struct kmem_cache *cache;

	list_for_each_entry(cache, &all_caches, caches)
		fn(cache, arg);
}

static bool is_object_of(const struct page *page, const void *object,
			 uint32_t stride)
{
	uintptr_t offset = (uintptr_t)object - (uintptr_t)page_address(page);

	return offset < (uintptr_t)page->objects * stride &&
	       (uint32_t)offset % stride == 0;
}

/* Invariant 2. */
static const char *free_objects_check(const struct kmem_cache *cache,
				      const struct page *page)
{
	const struct free_object *object;
	size_t n = 0;

	for (object = page->freelist; object; object = next_free(object)) {
		if (!is_object_of(page, object, cache->stride) ||
		    object->mark != free_mark(object))
			return "slab 2: a free object is none of the slab's";
		if (++n > page->objects)
			return "slab 2: more free objects than there are";
	}
	if (n + page->inuse != page->objects)
		return "slab 2: the count of free objects is wrong";
	return NULL;
}

/* Sums over the three lists of a cache. */
struct slab_sums {
	size_t active, slabs, room;
};

static bool is_partial(const struct page *page)
{
	return page->inuse && page->inuse < page->objects;
}

static bool is_full(const struct page *page)
{
	return page->inuse == page->objects;
}

static bool is_empty(const struct page *page)
{
	return page->inuse == 0;
}

static const char *slabs_check(const struct kmem_cache *cache,
			       const struct list_head *list,
			       bool (*belongs)(const struct page *page),
			       struct slab_sums *sums)
{
	const struct page *page;
	const char *broken;

	if (!list_is_intact(list))
		return "slab 1: a list's links disagree";
	list_for_each_entry(page, list, lru) {
		if (page->state != PAGE_SLAB || page->cache != cache ||
		    (page->order != cache->order &&
		     page->order != cache->min_order) ||
		    page->objects != (PAGE_SIZE << page->order) / cache->stride)
			return "slab 1: a page on a list is no slab";
		if (!belongs(page))
			return "slab 1: a slab is on the wrong list";
		broken = free_objects_check(cache, page);
		if (broken)
			return broken;
		sums->active += page->inuse;
		sums->room += page->objects;
		sums->slabs++;
	}
	return NULL;
}

static const char *cache_check(const struct kmem_cache *cache)
{
	struct slab_sums sums = { 0 };
	const char *broken;
	size_t others;

	broken = slabs_check(cache, &cache->partial, is_partial, &sums);
	if (!broken)
		broken = slabs_check(cache, &cache->full, is_full, &sums);
	others = sums.slabs;
	if (!broken)
		broken = slabs_check(cache, &cache->empty, is_empty, &sums);
	if (broken)
		return broken;
	if (sums.slabs - others > 1)
		return "slab 1: more than one empty slab";
	if (sums.active != cache->active || sums.slabs != cache->slabs ||
	    sums.room != cache->room)
		return "slab 3: the counts are wrong";
	if (cache->limit && cache->active > cache->limit)
		return "slab: more objects than the limit";
	return NULL;
}

const char *slab_check(void)
{
	const struct kmem_cache *cache;
	const char *broken = NULL;

	if (!list_is_intact(&all_caches))
		return "slab: the list of caches is broken";
	list_for_each_entry(cache, &all_caches, caches) {
		broken = cache_check(cache);
		if (broken)
			break;
	}
	return broken;
}

void slab_init(void)
{
	INIT_LIST_HEAD(&all_caches);
	kmalloc_init();
	check_register("slab caches", slab_check);
}
