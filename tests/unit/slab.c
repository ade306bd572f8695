/* SPDX-License-Identifier: MIT */
/* unit: kernel/mm/slab.c kernel/mm/kmalloc.c kernel/mm/page.c kernel/mm/poison.c */
/* Slab caches and kmalloc() over the real page allocator. */
#include "kernel/mm/slab.h"

#include "kernel/mm/poison.h"
#include "lib/check.h"
#include "lib/ram.h"
#include "lib/tap.h"

#define RAM_SIZE (8 * MiB)
#define MAX_HELD 2000
#define STEPS 60000

static struct ram boot(void)
{
	struct ram ram = ram_boot(RAM_SIZE);

	slab_secret = 0x9d3c5a7be1428f61;
	slab_init();
	return ram;
}

static void test_sizes(void)
{
	static const size_t sizes[] = { 1,    8,    16,	  17,	40,   88,
					100,  232,  504,  700,	1100, 1400,
					2048, 2050, 3000, 4096, 5000, 15000 };
	struct ram ram = boot();
	struct kmem_cache *cache;
	size_t i, slab, waste;
	bool thrifty = true, roomy = true;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		cache = kmem_cache_create("test", sizes[i], 0);
		slab = PAGE_SIZE << cache->order;
		waste = slab - (size_t)cache->per_slab * cache->stride;
		thrifty &= waste < slab / 8;
		roomy &= cache->stride >= sizes[i] &&
			 (sizes[i] < 24 || cache->stride < sizes[i] + 8);
		kmem_cache_destroy(cache);
	}
	ok(thrifty, "slab: less than 1/8 of a slab is wasted");
	ok(roomy, "slab: objects are rounded up to 8 bytes at most");
	cache = kmem_cache_create("line", 100, 64);
	is((uintptr_t)kmem_cache_alloc(cache) % 64 +
		   (uintptr_t)kmem_cache_alloc(cache) % 64,
	   0, "slab: objects are aligned as asked");
	ram_destroy(&ram);
}

static void test_lists(void)
{
	struct ram ram = boot();
	struct kmem_cache *cache = kmem_cache_create("test", 512, 0);
	size_t before = nr_free_pages();
	void *o[24];
	int i;

	for (i = 0; i < 24; i++)
		o[i] = kmem_cache_alloc(cache);
	is(cache->slabs, 3, "slab: 24 objects of 512 bytes fill three pages");
	must_hold(slab_check());
	kmem_cache_free(cache, o[0]);
	kmem_cache_free(cache, o[9]);
	is_ptr(kmem_cache_alloc(cache), o[9],
	       "slab: the object freed last is used first");
	kmem_cache_free(cache, o[9]);
	must_hold(slab_check());
	for (i = 0; i < 24; i++)
		if (i != 0 && i != 9)
			kmem_cache_free(cache, o[i]);
	is(cache->active, 0, "slab: all objects are back");
	is(cache->slabs, 1, "slab: one empty slab is kept");
	must_hold(slab_check());
	slab_shrink();
	is(nr_free_pages(), before, "slab: shrinking gives it back");
	kmem_cache_destroy(cache);
	slab_shrink();
	must_hold(page_alloc_check());
	ram_destroy(&ram);
}

static void test_limits(void)
{
	struct ram ram = boot();
	struct kmem_cache *cache = kmem_cache_create("test", 64, 0);
	void *a, *b;

	kmem_cache_set_limit(cache, 2);
	a = kmem_cache_alloc(cache);
	b = kmem_cache_alloc(cache);
	ok(a && b, "slab: up to the limit objects are handed out");
	is_ptr(kmem_cache_alloc(cache), NULL, "slab: beyond it none is");
	is(cache->failures, 1, "slab: the refusal is counted");
	kmem_cache_free(cache, a);
	ok(kmem_cache_alloc(cache), "slab: one that came back is used again");
	ram_destroy(&ram);
}

/* Every kind of allocation until nothing is left; then all comes back. */
static void test_exhaustion(void)
{
	struct ram ram = boot();
	size_t before = nr_free_pages();
	struct kmem_cache *cache = kmem_cache_create("test", 1000, 0);
	void **chain = NULL, **next;
	size_t n = 0;

	while ((next = kmem_cache_alloc(cache))) {
		*next = chain;
		chain = next;
		n++;
	}
	ok(n > 7000 && cache->failures == 1 &&
		   nr_free_pages() < page_mark(0) + 4,
	   "slab: %zu objects, then NULL", n);
	is_ptr(kmalloc(5000), NULL, "kmalloc: NULL without free pages");
	is_ptr(kzalloc(700), NULL, "kmalloc: NULL without a free object");
	is_ptr(kcalloc(3, 900), NULL, "kcalloc: NULL, too");
	must_hold(slab_check());
	for (; chain; chain = next) {
		next = *chain;
		kmem_cache_free(cache, chain);
	}
	kmem_cache_destroy(cache);
	slab_shrink();
	is(nr_free_pages(), before, "slab: all memory is back");
	must_hold(page_alloc_check());
	ram_destroy(&ram);
}

/* All memory is in single pages, every second of them free. */
static void fragment(struct page **kept)
{
	struct page *page, *held = NULL;

	*kept = NULL;
	while ((page = alloc_page(ALLOC_ATOMIC))) {
		page->owner = (uintptr_t)held;
		held = page;
	}
	for (bool odd = false; held; odd = !odd) {
		page = held;
		held = (struct page *)page->owner;
		if (odd) {
			free_pages(page, 0);
			continue;
		}
		page->owner = (uintptr_t)*kept;
		*kept = page;
	}
}

static void free_kept(struct page *kept)
{
	while (kept) {
		struct page *page = kept;

		kept = (struct page *)page->owner;
		free_pages(page, 0);
	}
}

#define NR_PIECES 600

static void test_fragments(void)
{
	static void *piece[NR_PIECES];
	struct ram ram = boot();
	size_t before = nr_free_pages();
	struct kmem_cache *cache = kmem_cache_create("test", 1400, 0);
	struct page *kept;
	bool good = true;
	size_t i;

	piece[0] = kmem_cache_alloc(cache);
	ok(cache->order > 0, "slab: such objects fill several pages best");
	fragment(&kept);
	is_ptr(alloc_pages(1, ALLOC_ATOMIC), NULL,
	       "buddy: no two free pages are neighbours");
	for (i = 1; i < NR_PIECES; i++) {
		piece[i] = i % 2 ? kmem_cache_alloc(cache) :
				   kmalloc(1 + i % PAGE_SIZE);
		good &= piece[i] != NULL;
		if (piece[i])
			memset(piece[i], RAM_JUNK, i % 2 ? 1400 : 1 + i);
	}
	ok(good, "slab: single pages do as well, for every size up to one");
	must_hold(slab_check());
	free_kept(kept);
	for (i = 0; i < NR_PIECES; i++) {
		if (i % 2 || !i)
			kmem_cache_free(cache, piece[i]);
		else
			kfree(piece[i]);
	}
	must_hold(slab_check());
	kmem_cache_destroy(cache);
	slab_shrink();
	is(nr_free_pages(), before, "slab: all of them come back");
	ram_destroy(&ram);
}

/* Pages kept by idle caches are given up when another cache needs them. */
static void test_shrink_on_demand(void)
{
	struct ram ram = boot();
	struct kmem_cache *idle = kmem_cache_create("idle", 256, 0);
	struct kmem_cache *busy = kmem_cache_create("busy", 2048, 0);
	struct page *page;
	void *object = kmem_cache_alloc(idle);

	while ((page = alloc_page(0)))
		page->owner = 1;
	kmem_cache_free(idle, object);
	is(idle->slabs, 1, "slab: an idle cache keeps a page");
	ok(kmem_cache_alloc(busy) && !idle->slabs,
	   "slab: another cache takes it when there is no other");
	must_hold(slab_check());
	ram_destroy(&ram);
}

static void test_create_fails(void)
{
	struct ram ram = boot();

	while (alloc_page(0))
		;
	is_ptr(kmem_cache_create("test", 64, 0), NULL,
	       "slab: without memory no cache is made");
	must_hold(slab_check());
	ram_destroy(&ram);
}

/* What a write to a free object's link, or to the rest of it, leads to. */
static void test_written_free(void)
{
	struct ram ram = boot();
	struct kmem_cache *cache = kmem_cache_create("test", 64, 0);
	void **object = kmem_cache_alloc(cache);

	kmem_cache_alloc(cache);
	kmem_cache_free(cache, object);
	object[0] = object;
	ok(PANICS(kmem_cache_alloc(cache)), "slab: a link was written over");
	ram_destroy(&ram);

	poison_is_on = true;
	ram = boot();
	cache = kmem_cache_create("test", 64, 0);
	object = kmem_cache_alloc(cache);
	kmem_cache_alloc(cache);
	kmem_cache_free(cache, object);
	must_hold(slab_check());
	is_ptr(kmem_cache_alloc(cache), object, "slab: filled when free");
	memset(object, RAM_JUNK, 64);
	kmem_cache_free(cache, object);
	object[7] = object;
	ok(PANICS(kmem_cache_alloc(cache)), "slab: and a write there is seen");
	ram_destroy(&ram);

	ram = boot();
	cache = kmem_cache_create("test", 64, 0);
	object = kmem_cache_alloc(cache);
	object[64 / sizeof(*object) + 7] = object;
	ok(PANICS(kmem_cache_alloc(cache)),
	   "slab: so is one beyond the end of the object before");
	poison_is_on = false;
	ram_destroy(&ram);
}

static void test_bugs(void)
{
	struct ram ram = boot();
	struct kmem_cache *a = kmem_cache_create("a", 48, 0);
	struct kmem_cache *b = kmem_cache_create("b", 48, 0);
	char *object = kmem_cache_alloc(a);
	char *small = kmalloc(40), *big = kmalloc(3 * PAGE_SIZE);
	struct page *page = alloc_page(0);
	long on_stack[4] = { 0 };

	kmem_cache_alloc(a);
	ok(PANICS(kmem_cache_free(b, object)), "slab: another cache's object");
	ok(PANICS(kmem_cache_free(a, object + 8)), "slab: inside an object");
	ok(PANICS(kmem_cache_free(a, object + a->per_slab * 48)),
	   "slab: behind the last object");
	ok(PANICS(kfree(object)), "kfree: an object of a named cache");
	ok(PANICS(kfree(small + 1)), "kfree: inside an object");
	ok(PANICS(kfree(big + PAGE_SIZE)), "kfree: inside a block of pages");
	ok(PANICS(kfree(big + 16)), "kfree: inside the first page");
	ok(PANICS(kfree(page_address(page))), "kfree: somebody's page");
	ok(PANICS(kfree(on_stack)), "kfree: an address that is no RAM");
	kmem_cache_free(a, object);
	ok(PANICS(kmem_cache_free(a, object)), "slab: freed twice");
	memset(object, 0, 16);
	ok(PANICS(kmem_cache_alloc(a)), "slab: written to after it was freed");
	kfree(small);
	ok(PANICS(kfree(small)), "kfree: freed twice");
	kfree(big);
	ok(PANICS(kfree(big)), "kfree: pages freed twice");
	ok(PANICS(kmem_cache_destroy(a)), "slab: destroyed with objects out");
	ram_destroy(&ram);
}

static void test_kmalloc(void)
{
	struct ram ram = boot();
	size_t before = nr_free_pages();
	bool good = true;
	void *many[12]; /* in slabs of several pages */
	size_t size, i;
	uint8_t *ptr;

	for (size = 0; size < 3 * PAGE_SIZE; size += size < 600 ? 1 : 61) {
		ptr = kzalloc(size);
		good &= ptr && (uintptr_t)ptr % 16 == 0 && ksize(ptr) >= size;
		for (i = 0; i < size; i++)
			good &= ptr[i] == 0;
		memset(ptr, RAM_JUNK, ksize(ptr));
		must_hold(slab_check());
		kfree(ptr);
	}
	ok(good, "kmalloc: every size is aligned, zeroed, and has the room");
	for (i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = kmalloc(1500);
	for (i = 0; i < ARRAY_SIZE(many); i++)
		kfree(many[i]);
	must_hold(slab_check());
	kfree(NULL);
	is(ksize(NULL), 0, "ksize: NULL has no room");
	is_ptr(kmalloc((PAGE_SIZE << MAX_ORDER) + 1), NULL,
	       "kmalloc: more than the largest block is refused");
	is_ptr(kmalloc(SIZE_MAX), NULL, "kmalloc: so is SIZE_MAX");
	is_ptr(kcalloc(SIZE_MAX / 8, 9), NULL, "kcalloc: overflow is refused");
	slab_shrink();
	is(nr_free_pages(), before, "kmalloc: all memory is back");
	ram_destroy(&ram);
}

static void test_krealloc(void)
{
	struct ram ram = boot();
	uint8_t *ptr = krealloc(NULL, 10), *old;
	bool good = true;
	size_t i, from, to;

	for (i = 0, from = 10; i < 400; i++, from = to) {
		memset(ptr, (uint8_t)i, from);
		to = 1 + random_below(3 * PAGE_SIZE);
		ptr = krealloc(ptr, to);
		good &= ptr && ksize(ptr) >= to &&
			ptr[MIN(from, to) - 1] == (uint8_t)i &&
			ptr[0] == (uint8_t)i;
	}
	ok(good, "krealloc: contents move along");
	is_ptr(krealloc(ptr, 0), NULL, "krealloc: size 0 frees");
	ptr = kmalloc(100);
	slab_shrink();
	while (alloc_page(0))
		;
	old = ptr;
	is_ptr(krealloc(ptr, 9000), NULL, "krealloc: NULL without memory");
	is_ptr(krealloc(ptr, 101), old, "krealloc: the old one is still there");
	kfree(ptr);
	must_hold(slab_check());
	ram_destroy(&ram);
}

struct held {
	uint8_t *ptr;
	struct kmem_cache *cache; /* NULL: kmalloc */
	size_t size;
	uint8_t mark;
};

static struct held held[MAX_HELD];

static void hold(struct held *h, struct kmem_cache **caches)
{
	h->cache = random_below(2) ? caches[random_below(4)] : NULL;
	h->size = h->cache	   ? h->cache->size :
		  random_below(50) ? 1 + random_below(600) :
				     1 + random_below(20000);
	h->ptr = h->cache ? kmem_cache_alloc(h->cache) : kmalloc(h->size);
	h->mark = random_below(256);
	if (h->ptr)
		memset(h->ptr, h->mark, h->size);
}

static bool release(struct held *h)
{
	bool good = true;
	size_t i;

	for (i = 0; i < h->size; i++)
		good &= h->ptr[i] == h->mark;
	if (h->cache)
		kmem_cache_free(h->cache, h->ptr);
	else
		kfree(h->ptr);
	h->ptr = NULL;
	return good;
}

static void test_random(void)
{
	static const size_t sizes[4] = { 24, 136, 1500, 6000 };
	struct ram ram = boot();
	size_t before = nr_free_pages();
	struct kmem_cache *caches[4];
	bool good = true;
	struct held *h;
	int i;

	for (i = 0; i < 4; i++)
		caches[i] = kmem_cache_create("random", sizes[i], 0);
	for (i = 0; i < STEPS && good; i++) {
		h = &held[random_below(MAX_HELD)];
		if (h->ptr)
			good = release(h);
		else
			hold(h, caches);
		if (i % 256 == 0)
			must_hold(slab_check());
	}
	for (h = held; h < held + MAX_HELD; h++)
		if (h->ptr)
			good &= release(h);
	must_hold(slab_check());
	must_hold(page_alloc_check());
	ok(good, "slab: %d random steps: no object overlaps another", STEPS);
	for (i = 0; i < 4; i++)
		kmem_cache_destroy(caches[i]);
	slab_shrink();
	is(nr_free_pages(), before, "slab: nothing is lost");
	ram_destroy(&ram);
}

static void count_cache(const struct kmem_cache *cache, void *arg)
{
	*(int *)arg += !strncmp(cache->name, "kmalloc-", 8);
}

static void test_for_each(void)
{
	struct ram ram = boot();
	int n = 0;

	kmem_cache_for_each(count_cache, &n);
	ok(n >= 9, "slab: %d kmalloc caches are listed", n);
	ram_destroy(&ram);
}

int main(void)
{
	random_seed();
	test_sizes();
	test_lists();
	test_limits();
	test_exhaustion();
	test_fragments();
	test_shrink_on_demand();
	test_create_fails();
	test_written_free();
	test_bugs();
	test_kmalloc();
	test_krealloc();
	test_random();
	test_for_each();
	return done_testing();
}
