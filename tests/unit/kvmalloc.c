/* SPDX-License-Identifier: MIT */
/* unit: kernel/mm/kvmalloc.c */
/* Large tables when memory has no large piece. */
#include "kernel/mm/kvmalloc.h"
#include "kernel/mm/vmap.h"

#include <sys/mman.h>

#include "lib/check.h"
#include "lib/fake_mmu.h"
#include "lib/tap.h"

#define NR_TABLES 40

uintptr_t vmap_base;
static bool is_whole; /* memory has large pieces */
static size_t live_mappings;

void *kmalloc(size_t size)
{
	return kzalloc(size);
}

void *kmalloc_flags(size_t size, unsigned int flags)
{
	return is_whole ? kzalloc(size) : NULL;
}

void free_pages(struct page *page, unsigned int order)
{
	ASSERT(!order);
	put_page(page);
}

/* The host's page at va stands for the one that the kernel would see. */
int map_kernel_page(uintptr_t va, uint64_t phys, uint64_t prot)
{
	uint64_t *pte = pte_lookup(kernel_pgd, va, true);

	if (!pte)
		return -ENOMEM;
	ASSERT(!*pte && !(prot & PTE_U) && prot & PTE_NX);
	*pte = phys | prot | PTE_P;
	if (mmap((void *)va, PAGE_SIZE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		bail_out("mmap");
	live_mappings++;
	return 0;
}

void unmap_kernel_page(uintptr_t va)
{
	*pte_lookup(kernel_pgd, va, false) = 0;
	mmap((void *)va, PAGE_SIZE, PROT_NONE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
	live_mappings--;
}

void free_kernel_table(uintptr_t va)
{
	uint64_t *table = kernel_pgd, *entry = NULL;

	for (int level = 3; level > 0; level--) {
		entry = &table[va >> (12 + 9 * level) & 511];
		table = phys_to_virt(*entry & PTE_ADDR);
	}
	for (int i = 0; i < 512; i++)
		ASSERT(!table[i]);
	*entry = 0;
	put_page(phys_to_page(virt_to_phys(table)));
}

/* Upper levels stay: what is live must be back at this. */
static size_t upper_tables;

static void test_pieces(void)
{
	static uint8_t *table[NR_TABLES];
	size_t size[NR_TABLES];
	bool good = true;

	for (int i = 0; i < NR_TABLES; i++) {
		size[i] = 1 + random_below(60 * KiB);
		table[i] = i % 2 ? kvmalloc(size[i]) : kvcalloc(size[i], 1);
		good &= table[i] != NULL;
		for (size_t at = 0; i % 2 == 0 && at < size[i]; at++)
			good &= !table[i][at];
		memset(table[i], i, size[i]);
	}
	ok(good, "kvmalloc: tables of any size without a piece of two pages");
	ok(live_mappings > NR_TABLES, "kvmalloc: most of them are mapped");
	for (int i = 0; i < NR_TABLES; i++) {
		good &= table[i][0] == i && table[i][size[i] - 1] == i;
		kvfree(table[i]);
	}
	ok(good, "kvmalloc: none lies in another");
	is(live_pages, upper_tables, "kvmalloc: pages and tables come back");
	is(live_mappings + live_objects, 0, "kvmalloc: nothing stays mapped");
	kvfree(NULL);
}

static void test_whole(void)
{
	void *table;

	is_whole = true;
	table = kvmalloc(3 * PAGE_SIZE);
	is(live_mappings, 0, "kvmalloc: a piece that is there is used");
	kvfree(table);
	is_whole = false;
	is(live_objects, 0, "kvmalloc: and given back");
}

static void test_bounds(void)
{
	uint8_t *table = kvmalloc(KVMALLOC_MAX);

	ok(table, "kvmalloc: the largest table");
	memset(table, 1, KVMALLOC_MAX);
	kvfree(table);
	is_ptr(kvmalloc(KVMALLOC_MAX + 1), NULL, "kvmalloc: no larger one");
	is_ptr(kvcalloc(SIZE_MAX / 8, 9), NULL,
	       "kvcalloc: overflow is refused");
	is(live_pages, upper_tables, "kvmalloc: nothing is lost");
}

/* Each page and each table in turn is the one that is not there. */
static void test_no_memory(void)
{
	size_t lost = 0;
	void *table = NULL;
	long n;

	for (n = 0; !table; n++) {
		alloc_budget = n;
		table = kvmalloc(9 * PAGE_SIZE);
		if (!table)
			lost += live_pages - upper_tables;
	}
	alloc_budget = -1;
	kvfree(table);
	ok(n == 11 && !lost && live_pages == upper_tables,
	   "kvmalloc: without memory NULL, and what was taken is back");
}

int main(void)
{
	/* From the start of a gigabyte on, which has one table of tables. */
	size_t bytes = ALIGN_UP(VMAP_TABLES_SIZE, GiB);
	void *room = mmap(NULL, 2 * bytes, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (room == MAP_FAILED)
		bail_out("no address space");
	random_seed();
	fake_ram_init();
	vmap_base = ALIGN_UP((uintptr_t)room, bytes) - VMAP_TABLES;
	kernel_pgd = pgd_alloc();
	kvfree(kvmalloc(2 * PAGE_SIZE));
	upper_tables = live_pages;
	test_pieces();
	test_whole();
	test_bounds();
	test_no_memory();
	return done_testing();
}
