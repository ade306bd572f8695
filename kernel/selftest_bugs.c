/* SPDX-License-Identifier: MIT */
/*
 * Bugs made on purpose, by name: each has to end the machine with a report. One
 * that does not returns.
 */
#include <string.h>

#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/vmap.h"
#include "kernel/selftest.h"

#define OBJECT_SIZE 64
#define WORDS (OBJECT_SIZE / sizeof(void *))

static noinline void fill(volatile char *to, size_t n)
{
	while (n--)
		*to++ = 'A';
}

/* Over the guard of the frame, and what lies behind it. */
static noinline void overrun(void)
{
	char buffer[16];

	fill(buffer, 2 * sizeof(buffer));
}

static noinline unsigned long recurse(unsigned long n)
{
	volatile char frame[256];

	frame[0] = (char)n;
	return n ? recurse(n - 1) + frame[0] : 0;
}

static void stack_overflow(void)
{
	recurse(KSTACK_SIZE);
}

static struct kmem_cache *new_cache(void)
{
	struct kmem_cache *cache = kmem_cache_create("bug", OBJECT_SIZE, 0);

	ASSERT(cache);
	return cache;
}

static void **new_object(struct kmem_cache *cache)
{
	void **object = kmem_cache_alloc(cache);

	ASSERT(object);
	return object;
}

/* Writes a word of a free object; then it is handed out. */
static void write_after_free(size_t word)
{
	struct kmem_cache *cache = new_cache();
	void **object = new_object(cache);

	new_object(cache); /* the slab stays in use */
	kmem_cache_free(cache, object);
	object[word] = &cache;
	kmem_cache_alloc(cache);
}

static void write_link(void)
{
	write_after_free(0);
}

static void write_mark(void)
{
	write_after_free(1);
}

static void write_rest(void)
{
	write_after_free(WORDS - 1);
}

static void double_free(void)
{
	struct kmem_cache *cache = new_cache();
	void **object = new_object(cache);

	new_object(cache);
	kmem_cache_free(cache, object);
	kmem_cache_free(cache, object);
}

static void wrong_cache(void)
{
	struct kmem_cache *cache = new_cache();

	kmem_cache_free(new_cache(), new_object(cache));
}

static void inner_pointer(void)
{
	struct kmem_cache *cache = new_cache();

	kmem_cache_free(cache, new_object(cache) + 1);
}

static void stack_pointer(void)
{
	void *object[WORDS];

	kmem_cache_free(new_cache(), object);
}

static struct page *new_pages(void)
{
	struct page *page = alloc_pages(1, 0);

	ASSERT(page);
	return page;
}

static void page_double_free(void)
{
	struct page *page = new_pages();

	free_pages(page, 1);
	free_pages(page, 1);
}

static void page_order(void)
{
	free_pages(new_pages(), 0);
}

/* A page whose buddy stays in use, so that it is not merged when it is freed. */
static struct page *single_page(void)
{
	struct page *page, *next = alloc_page(0);

	do {
		page = next;
		next = alloc_page(0);
		ASSERT(page && next);
	} while (next != page + 1 ||
		 !IS_ALIGNED(page_to_phys(page), 2 * PAGE_SIZE));
	return page;
}

/* The struct of a free page is written over; then the page is handed out. */
static void page_links(void)
{
	struct page *page = single_page();
	struct list_head fake = LIST_HEAD_INIT(fake);

	free_pages(page, 0);
	page->lru = fake;
	alloc_page(0);
}

static void page_write(void)
{
	struct page *page = new_pages();

	free_pages(page, 1);
	memset(page_address(page), 0, sizeof(page));
	new_pages();
}

static const struct bug {
	const char *name;
	void (*make)(void);
} bugs[] = {
	{ "overrun", overrun },
	{ "stack-overflow", stack_overflow },
	{ "write-link", write_link },
	{ "write-mark", write_mark },
	{ "write-rest", write_rest },
	{ "double-free", double_free },
	{ "wrong-cache", wrong_cache },
	{ "inner-pointer", inner_pointer },
	{ "stack-pointer", stack_pointer },
	{ "page-double-free", page_double_free },
	{ "page-order", page_order },
	{ "page-links", page_links },
	{ "page-write", page_write },
};

void selftest_bug(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(bugs); i++)
		if (!strcmp(bugs[i].name, name))
			bugs[i].make();
}
