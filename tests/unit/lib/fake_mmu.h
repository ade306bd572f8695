/* SPDX-License-Identifier: MIT */
/*
 * What an address space stands on, for the host: pages and objects that may
 * fail and are counted, page tables of the real form in host memory, and a
 * CPU that walks them through a TLB, which forgets only what it is told to.
 * Included once in a program, by the test itself.
 */
#ifndef TESTS_UNIT_LIB_FAKE_MMU_H
#define TESTS_UNIT_LIB_FAKE_MMU_H

#include <errno.h>
#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/mm/mm.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/task/thread.h"
#include "kernel/x86/paging.h"

#define FAKE_PAGES 4096
#define TLB_SIZE 256

/* Allocations of any kind until one fails, and then all; -1: never. */
static long alloc_budget = -1;
static size_t live_pages; /* tables and top levels among them */
static size_t live_objects;

static uint8_t *fake_ram;
static struct page fake_pages[FAKE_PAGES];

uint64_t *kernel_pgd;
uintptr_t direct_map_base = DIRECT_MAP_START;
uintptr_t kernel_image_offset;

static struct tlb_entry {
	uintptr_t va;
	uint64_t pte; /* 0: unused */
} tlb[TLB_SIZE];
static uint64_t *cr3;
static size_t nr_invlpg, nr_cr3_loads;

static inline bool may_alloc(void)
{
	if (alloc_budget < 0)
		return true;
	if (alloc_budget > 0)
		alloc_budget--;
	else
		return false;
	return true;
}

static inline void fake_ram_init(void)
{
	fake_ram = aligned_alloc(PAGE_SIZE, FAKE_PAGES * PAGE_SIZE);
	__asan_poison_memory_region(fake_ram, FAKE_PAGES * PAGE_SIZE);
}

/* kernel/task/thread.h: another thread, the test, runs in long work. */

static void (*meanwhile)(void);
static size_t nr_rescheds;

void cond_resched(void)
{
	void (*fn)(void) = meanwhile;

	nr_rescheds++;
	meanwhile = NULL;
	if (fn)
		fn();
	meanwhile = fn;
}

bool fatal_signal_pending(void)
{
	return false;
}

/* kernel/mm/page.h */

struct page *phys_to_page(uint64_t phys)
{
	uintptr_t at = (uintptr_t)phys_to_virt(phys) - (uintptr_t)fake_ram;

	ASSERT(at < FAKE_PAGES * PAGE_SIZE);
	return &fake_pages[at / PAGE_SIZE];
}

void *page_address(const struct page *page)
{
	return fake_ram + (page - fake_pages) * PAGE_SIZE;
}

uint64_t page_to_phys(const struct page *page)
{
	return virt_to_phys(page_address(page));
}

struct page *alloc_pages(unsigned int order, unsigned int flags)
{
	static unsigned int hand;
	unsigned int i;

	ASSERT(order == 0);
	if (!may_alloc())
		return NULL;
	for (i = 0; i < FAKE_PAGES; i++) {
		hand = (hand + 1) % FAKE_PAGES;
		if (fake_pages[hand].state == PAGE_USED)
			continue;
		fake_pages[hand].state = PAGE_USED;
		fake_pages[hand].refs = 1;
		live_pages++;
		__asan_unpoison_memory_region(page_address(&fake_pages[hand]),
					      PAGE_SIZE);
		memset(page_address(&fake_pages[hand]),
		       flags & ALLOC_ZERO ? 0 : 0xa5, PAGE_SIZE);
		return &fake_pages[hand];
	}
	return NULL;
}

struct page *user_page_alloc(unsigned int flags)
{
	if (FAKE_PAGES - live_pages <= FAKE_PAGES / 64)
		return NULL;
	return alloc_page(flags);
}

struct page *virt_to_page(const void *addr)
{
	return phys_to_page(virt_to_phys(addr));
}

void get_page(struct page *page)
{
	ASSERT(page->state == PAGE_USED && page->refs > 0);
	page->refs++;
}

size_t nr_free_pages(void)
{
	return FAKE_PAGES - live_pages;
}

size_t nr_total_pages(void)
{
	return FAKE_PAGES;
}

void put_page(struct page *page)
{
	ASSERT(page->state == PAGE_USED && page->refs > 0);
	if (--page->refs)
		return;
	page->state = PAGE_FREE;
	live_pages--;
	__asan_poison_memory_region(page_address(page), PAGE_SIZE);
}

/* kernel/mm/slab.h */

void *kzalloc(size_t size)
{
	if (!may_alloc())
		return NULL;
	live_objects++;
	return calloc(1, size);
}

void kfree(const void *ptr)
{
	live_objects -= !!ptr;
	free((void *)ptr);
}

/* Caches live as long as the program; sizes are all that matters here. */
struct kmem_cache *kmem_cache_create(const char *name, size_t size,
				     size_t align)
{
	static struct kmem_cache caches[4];
	static unsigned int n;

	if (!may_alloc())
		return NULL;
	caches[n].size = size;
	return &caches[n++];
}

void kmem_cache_set_flags(struct kmem_cache *cache, unsigned int flags)
{
}

void *kmem_cache_zalloc(struct kmem_cache *cache)
{
	return kzalloc(cache->size);
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	kfree(object);
}

void slab_shrink(void)
{
}

/* kernel/x86/paging.h */

uint64_t *pte_lookup(uint64_t *table, uintptr_t va, bool alloc)
{
	struct page *page;
	uint64_t *entry;
	int level;

	for (level = 3; level > 0; level--) {
		entry = &table[va >> (12 + 9 * level) & 511];
		if (!(*entry & PTE_P)) {
			page = alloc ? alloc_page(ALLOC_ZERO) : NULL;
			if (!page)
				return NULL;
			*entry = page_to_phys(page) | PTE_P | PTE_W | PTE_U;
		}
		table = phys_to_virt(*entry & PTE_ADDR);
	}
	return &table[va >> 12 & 511];
}

static inline void free_table(uint64_t *table, int level)
{
	int i;

	for (i = 0; i < 512 && level; i++)
		if (table[i] & PTE_P)
			free_table(phys_to_virt(table[i] & PTE_ADDR),
				   level - 1);
	put_page(phys_to_page(virt_to_phys(table)));
}

uint64_t *pgd_alloc(void)
{
	struct page *page = alloc_page(ALLOC_ZERO);

	return page ? page_address(page) : NULL;
}

void pgd_free(uint64_t *pgd)
{
	ASSERT(pgd != cr3);
	free_table(pgd, 3);
}

void flush_tlb_page(uintptr_t va)
{
	struct tlb_entry *entry = &tlb[va / PAGE_SIZE % TLB_SIZE];

	if (entry->va == va)
		entry->pte = 0;
	nr_invlpg++;
}

void load_cr3(uint64_t *pgd)
{
	memset(tlb, 0, sizeof(tlb));
	cr3 = pgd;
	nr_cr3_loads++;
}

/* The CPU. */

static inline bool pte_allows(uint64_t pte, unsigned int access)
{
	if (!(pte & PTE_P) || !(pte & PTE_U))
		return false;
	if (access & FAULT_WRITE && !(pte & PTE_W))
		return false;
	return !(access & FAULT_EXEC && pte & PTE_NX);
}

/*
 * Ring 3 touches va: the host address of the byte, or NULL with *err what
 * the fault handler said. A fault is retried, as an instruction is.
 */
static inline void *cpu_access(struct mm *mm, uintptr_t va, unsigned int access,
			       int *err)
{
	uintptr_t page = ALIGN_DOWN(va, PAGE_SIZE);
	struct tlb_entry *entry = &tlb[page / PAGE_SIZE % TLB_SIZE];
	const uint64_t *pte;
	int tries;

	ASSERT(cr3 == mm->pgd);
	for (tries = 0; tries < 3; tries++) {
		if (entry->pte && entry->va == page &&
		    pte_allows(entry->pte, access))
			return (uint8_t *)phys_to_virt(entry->pte & PTE_ADDR) +
			       va % PAGE_SIZE;
		/* SDM vol 3 4.10.4.3: a fault drops the page's entry. */
		if (entry->va == page)
			entry->pte = 0;
		pte = pte_lookup(mm->pgd, page, false);
		if (pte && pte_allows(*pte, access)) {
			*entry = (struct tlb_entry){ page, *pte };
			continue;
		}
		*err = mm_fault(mm, va, access);
		if (*err)
			return NULL;
	}
	panic("%#lx faults for ever", (unsigned long)va);
}

/* The TLB allows nothing that the page tables do not. */
static inline bool tlb_is_fresh(void)
{
	const struct tlb_entry *entry;
	const uint64_t *pte;

	for (entry = tlb; entry < tlb + TLB_SIZE; entry++) {
		if (!entry->pte)
			continue;
		pte = pte_lookup(cr3, entry->va, false);
		if (!pte || !(*pte & PTE_P) ||
		    (*pte & PTE_ADDR) != (entry->pte & PTE_ADDR) ||
		    (entry->pte & PTE_W & ~*pte) ||
		    (~entry->pte & PTE_NX & *pte))
			return false;
	}
	return true;
}

static inline int cpu_write(struct mm *mm, uintptr_t va, uint64_t value)
{
	int err = 0;
	void *at = cpu_access(mm, va, FAULT_WRITE, &err);

	if (at)
		memcpy(at, &value, sizeof(value));
	return err;
}

static inline int cpu_read(struct mm *mm, uintptr_t va, uint64_t *value)
{
	int err = 0;
	void *at = cpu_access(mm, va, 0, &err);

	if (at)
		memcpy(value, at, sizeof(*value));
	return err;
}

#endif /* TESTS_UNIT_LIB_FAKE_MMU_H */
