/* SPDX-License-Identifier: MIT */
/*
 * Pages for the host, out of the kmalloc() of the test, so that they are counted
 * and fail with it. Included once in a program.
 */
#ifndef TESTS_UNIT_LIB_FAKE_PAGES_H
#define TESTS_UNIT_LIB_FAKE_PAGES_H

#include "kernel/mm/page.h"

struct fake_page {
	struct page page;
	char *bytes; /* PAGE_SIZE of them, so that the sanitizer sees the end */
};

struct page *alloc_pages(unsigned int order, unsigned int flags)
{
	struct fake_page *fake;

	if (order)
		return NULL; /* memory is in single pages */
	fake = kzalloc(sizeof(*fake));
	if (!fake)
		return NULL;
	fake->page.refs = 1;
	fake->bytes = malloc(PAGE_SIZE);
	memset(fake->bytes, flags & ALLOC_ZERO ? 0 : 0xa5, PAGE_SIZE);
	return &fake->page;
}

struct page *user_page_alloc(unsigned int flags)
{
	return alloc_page(flags | ALLOC_USER);
}

void get_page(struct page *page)
{
	page->refs++;
}

void put_page(struct page *page)
{
	struct fake_page *fake = container_of(page, struct fake_page, page);

	if (--page->refs)
		return;
	free(fake->bytes);
	kfree(fake);
}

void *page_address(const struct page *page)
{
	return container_of(page, struct fake_page, page)->bytes;
}

#endif /* TESTS_UNIT_LIB_FAKE_PAGES_H */
