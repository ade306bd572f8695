/* SPDX-License-Identifier: MIT */
/*
 * Tables that may be larger than a page: one piece when memory has it, else
 * single pages, mapped side by side in virtual memory. That is cut into areas
 * of 2 MiB, one for each table, whose page table is made and freed with it; an
 * area's last page is never mapped. Ring 3 chooses the size, so beyond a page
 * the memory is taken as ring 3's (ALLOC_USER). Thread context.
 */

#include "kernel/mm/kvmalloc.h"

#include <string.h>

#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/vmap.h"
#include "kernel/x86/paging.h"

#define AREA_SIZE (2 * MiB)
/* One less: vmap_base need not be a multiple of an area. */
#define NR_AREAS (VMAP_TABLES_SIZE / AREA_SIZE - 1)
#define WORD_BITS 64

#define TABLE_PROT (PTE_W | PTE_G | PTE_NX)

static uint64_t used[ALIGN_UP(NR_AREAS, WORD_BITS) / WORD_BITS];

static uintptr_t area_start(size_t area)
{
	return ALIGN_UP(vmap_base + VMAP_TABLES, AREA_SIZE) + area * AREA_SIZE;
}

/* The first free area; NR_AREAS: none. */
static size_t find_area(void)
{
	for (size_t word = 0; word < ARRAY_SIZE(used); word++)
		if (~used[word])
			return MIN(word * WORD_BITS +
					   __builtin_ctzll(~used[word]),
				   NR_AREAS);
	return NR_AREAS;
}

static void area_free(size_t area)
{
	uintptr_t va = area_start(area);
	uint64_t *pte = pte_lookup(kernel_pgd, va, false);

	for (; pte && *pte & PTE_P; pte++, va += PAGE_SIZE) {
		struct page *page = phys_to_page(*pte & PTE_ADDR);

		unmap_kernel_page(va);
		free_pages(page, 0);
	}
	if (pte)
		free_kernel_table(area_start(area));
	used[area / WORD_BITS] &= ~BIT(area % WORD_BITS);
}

static bool add_page(uintptr_t va)
{
	struct page *page = user_page_alloc(0);

	if (!page)
		return false;
	if (!map_kernel_page(va, page_to_phys(page), TABLE_PROT))
		return true;
	free_pages(page, 0);
	return false;
}

static void *area_alloc(size_t size)
{
	size_t area = find_area();
	uintptr_t va = area_start(area);

	if (area == NR_AREAS || size > KVMALLOC_MAX)
		return NULL;
	used[area / WORD_BITS] |= BIT(area % WORD_BITS);
	for (size_t at = 0; at < size; at += PAGE_SIZE) {
		if (!add_page(va + at)) {
			area_free(area);
			return NULL;
		}
	}
	return (void *)va;
}

void *kvmalloc(size_t size)
{
	void *ptr;

	if (size <= PAGE_SIZE)
		return kmalloc(size);
	ptr = kmalloc_flags(size, ALLOC_USER);
	return ptr ? ptr : area_alloc(size);
}

void *kvcalloc(size_t n, size_t size)
{
	size_t bytes;
	void *ptr;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	ptr = kvmalloc(bytes);
	return ptr ? memset(ptr, 0, bytes) : NULL;
}

void kvfree(const void *ptr)
{
	uintptr_t va = (uintptr_t)ptr;

	if (va < area_start(0) || va >= area_start(NR_AREAS)) {
		kfree(ptr);
		return;
	}
	ASSERT(va % AREA_SIZE == 0);
	area_free((va - area_start(0)) / AREA_SIZE);
}
