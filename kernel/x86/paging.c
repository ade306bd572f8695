/* SPDX-License-Identifier: MIT */
/*
 * Page tables (SDM vol 3 4.5). The kernel's upper half is made once.
 *
 * Invariants, paging_check():
 *   1. its top level slots exist from paging_init() on and never change, so
 *      that every other top level has copies of them;
 *   2. nothing in it is both writable and executable;
 *   3. it has no user pages.
 *
 * During paging_init() tables come off the start of a RAM range, later from
 * the page allocator. Entered by the boot code and by thread context.
 */
#include "kernel/x86/paging.h"

#include <errno.h>
#include <string.h>

#include "kernel/boot_info.h"
#include "kernel/check.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/vmap.h"
#include "kernel/printk.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/gdt.h"

#define TABLE_ENTRIES 512
#define USER_SLOTS (TABLE_ENTRIES / 2) /* of a top level: the lower half */

/* Bytes that one entry of a level maps; level 0 has the 4 KiB pages. */
#define LEVEL_SHIFT(level) (PAGE_SHIFT + 9 * (level))
#define LEVEL_SIZE(level) (1UL << LEVEL_SHIFT(level))
#define TOP_LEVEL 3

/* The end of RAM that the first page tables map. */
#define EARLY_REACH GiB

extern const char _text[], _etext[], _rodata[], _data[], _ebss[], _image_end[];
extern const char _sealed[], _sealed_end[];
extern char boot_guard[], boot_guard_above[];

uint64_t *kernel_pgd __ro_after_init;

/* More than the tables of a machine take that has little memory. */
#define POOL_MIN (64 * PAGE_SIZE)

/* Where paging_init() takes its tables from. */
static struct {
	uint64_t next;
	uint64_t end;
} pool;

static unsigned int table_index(uintptr_t va, unsigned int level)
{
	return va >> LEVEL_SHIFT(level) & (TABLE_ENTRIES - 1);
}

static uint64_t *entry_table(uint64_t entry)
{
	return phys_to_virt(entry & PTE_ADDR);
}

static uint64_t *pool_table(void)
{
	uint64_t *table;

	if (pool.next == pool.end)
		panic("too little memory for page tables");
	table = phys_to_virt(pool.next);
	pool.next += PAGE_SIZE;
	memset(table, 0, PAGE_SIZE);
	return table;
}

/* The entry for va at a level, tables above it made. */
static uint64_t *early_entry(uintptr_t va, unsigned int level)
{
	uint64_t *table = kernel_pgd;

	for (unsigned int l = TOP_LEVEL; l > level; l--) {
		uint64_t *entry = &table[table_index(va, l)];

		if (!*entry)
			*entry = virt_to_phys(pool_table()) | PTE_P | PTE_W;
		table = entry_table(*entry);
	}
	return &table[table_index(va, level)];
}

/* The largest page up to level max that starts here and ends before end. */
static unsigned int largest_level(uintptr_t va, uint64_t phys, uint64_t end,
				  unsigned int max)
{
	while (max && (!IS_ALIGNED(va | phys, LEVEL_SIZE(max)) ||
		       end - phys < LEVEL_SIZE(max)))
		max--;
	return max;
}

/* prot: PTE_* without P. */
static void map_range(uintptr_t va, uint64_t phys, uint64_t end, uint64_t prot,
		      unsigned int max_level)
{
	while (phys < end) {
		unsigned int level = largest_level(va, phys, end, max_level);
		uint64_t large = level ? PTE_PS : 0;

		*early_entry(va, level) = phys | prot | large | PTE_P;
		va += LEVEL_SIZE(level);
		phys += LEVEL_SIZE(level);
	}
}

/* 4 KiB pages, so that each part and the guard page has its own. */
static void map_image_part(const char *start, const char *end, uint64_t prot)
{
	map_range((uintptr_t)start, virt_to_phys(start),
		  ALIGN_UP(virt_to_phys(end), PAGE_SIZE), prot, 0);
}

static void map_direct(uint64_t start, uint64_t end, uint64_t prot)
{
	unsigned int max_level = cpu_features.pdpe1gb ? 2 : 1;

	map_range((uintptr_t)phys_to_virt(start), start, end, prot | PTE_NX,
		  max_level);
}

/* The alias of a part of the image, in pages of its own. */
static void map_alias(const char *start, const char *end, uint64_t prot)
{
	uint64_t phys = virt_to_phys(start);

	map_range((uintptr_t)phys_to_virt(phys), phys, virt_to_phys(end),
		  prot | PTE_NX, 0);
}

static void map_image(uint64_t global)
{
	uint64_t writable = PTE_W | PTE_NX | global;

	map_image_part(_text, _etext, global);
	map_image_part(_rodata, _data, PTE_NX | global);
	map_image_part(_data, _ebss, writable);
	*early_entry((uintptr_t)boot_guard, 0) = 0;
	*early_entry((uintptr_t)boot_guard_above, 0) = 0;
	for (unsigned int i = 0; i <= NR_IST; i++)
		*early_entry((uintptr_t)ist_guard(i), 0) = 0;

	map_direct(virt_to_phys(_text), virt_to_phys(_data), global);
	map_direct(virt_to_phys(_data), virt_to_phys(_sealed), PTE_W | global);
	map_alias(_sealed, _sealed_end, PTE_W | global);
	map_direct(virt_to_phys(_sealed_end), virt_to_phys(_image_end),
		   PTE_W | global);
}

/*
 * The largest part of RAM that the first tables reach; tables start it. NULL:
 * it is too small for them.
 */
static struct boot_mem *pool_init(struct boot_info *bi)
{
	struct boot_mem *best = NULL;
	uint64_t best_size = 0;

	for (unsigned int i = 0; i < bi->nr_mem; i++) {
		struct boot_mem *m = &bi->mem[i];
		uint64_t end = MIN(m->end, EARLY_REACH);

		if (m->type != BOOT_MEM_RAM || m->start >= end ||
		    end - m->start <= best_size)
			continue;
		best = m;
		best_size = end - m->start;
		pool.next = m->start;
		pool.end = end;
	}
	if (best_size < POOL_MIN) {
		pr_err("too little memory: %zu KiB of RAM are free",
		       (size_t)(best_size / KiB));
		return NULL;
	}
	return best;
}

int paging_init(struct boot_info *bi)
{
	uint64_t global = cpu_features.pge ? PTE_G : 0;
	struct boot_mem *m = pool_init(bi);

	if (!m)
		return -ENOMEM;
	kernel_pgd = pool_table();
	map_image(global);
	for (unsigned int i = 0; i < bi->nr_mem; i++)
		if (bi->mem[i].type == BOOT_MEM_RAM)
			map_direct(bi->mem[i].start, bi->mem[i].end,
				   PTE_W | global);
	for (size_t at = 0; at <= VMAP_SIZE; at += LEVEL_SIZE(3))
		early_entry(vmap_base + at, 2);

	m->start = pool.next;
	load_cr3(kernel_pgd);
	check_register("paging", paging_check);
	return 0;
}

static void make_read_only(uintptr_t va)
{
	uint64_t *pte = pte_lookup(kernel_pgd, va, false);

	ASSERT(pte && *pte & PTE_P);
	*pte &= ~(uint64_t)PTE_W;
	flush_tlb_page(va);
}

void paging_seal(void)
{
	const char *wrong;

	for (const char *p = _sealed; p < _sealed_end; p += PAGE_SIZE) {
		make_read_only((uintptr_t)phys_to_virt(virt_to_phys(p)));
		make_read_only((uintptr_t)p);
	}
	wrong = paging_check();
	if (wrong)
		panic("%s", wrong);
}

static uint64_t *make_table(uint64_t *entry, bool user)
{
	struct page *page = user ? user_page_alloc(ALLOC_ZERO) :
				   alloc_page(ALLOC_ZERO);

	if (!page)
		return NULL;
	*entry = page_to_phys(page) | PTE_P | PTE_W | (user ? PTE_U : 0);
	return page_address(page);
}

static void free_table(uint64_t *table)
{
	free_pages(virt_to_page(table), 0);
}

uint64_t *pte_lookup(uint64_t *pgd, uintptr_t va, bool alloc)
{
	bool user = !(va >> 63);
	uint64_t *table = pgd;

	for (unsigned int level = TOP_LEVEL; level > 0; level--) {
		uint64_t *entry = &table[table_index(va, level)];

		if (*entry & PTE_PS)
			return NULL;
		if (*entry & PTE_P)
			table = entry_table(*entry);
		else if (alloc && (user || level < TOP_LEVEL))
			table = make_table(entry, user);
		else
			return NULL;
		if (!table)
			return NULL;
	}
	return &table[table_index(va, 0)];
}

int map_kernel_page(uintptr_t va, uint64_t phys, uint64_t prot)
{
	uint64_t *pte = pte_lookup(kernel_pgd, va, true);

	if (!pte)
		return -ENOMEM;
	ASSERT(!(*pte & PTE_P));
	*pte = phys | prot | PTE_P;
	return 0;
}

void unmap_kernel_page(uintptr_t va)
{
	uint64_t *pte = pte_lookup(kernel_pgd, va, false);

	ASSERT(pte && *pte & PTE_P);
	*pte = 0;
	flush_tlb_page(va);
}

/* INVLPG of any address drops cached tables: SDM vol 3 4.10.4.1. */
void free_kernel_table(uintptr_t va)
{
	uint64_t *table = kernel_pgd, *entry = NULL;

	for (unsigned int level = TOP_LEVEL; level > 0; level--) {
		entry = &table[table_index(va, level)];
		ASSERT((*entry & (PTE_P | PTE_PS)) == PTE_P);
		table = entry_table(*entry);
	}
	*entry = 0;
	flush_tlb_page(va);
	free_table(table);
}

void flush_tlb_page(uintptr_t va)
{
	__asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

uint64_t *pgd_alloc(void)
{
	struct page *page = alloc_page(ALLOC_ZERO);
	uint64_t *pgd;

	if (!page)
		return NULL;
	pgd = page_address(page);
	memcpy(pgd + USER_SLOTS, kernel_pgd + USER_SLOTS,
	       (TABLE_ENTRIES - USER_SLOTS) * sizeof(*pgd));
	return pgd;
}

/* A table whose entries are of this level, and all tables below it. */
static void free_tables(uint64_t *table, unsigned int level)
{
	if (level)
		for (unsigned int i = 0; i < TABLE_ENTRIES; i++)
			if (table[i] & PTE_P)
				free_tables(entry_table(table[i]), level - 1);
	free_table(table);
}

void pgd_free(uint64_t *pgd)
{
	for (unsigned int i = 0; i < USER_SLOTS; i++)
		if (pgd[i] & PTE_P)
			free_tables(entry_table(pgd[i]), TOP_LEVEL - 1);
	free_table(pgd);
}

/*
 * Invariants 2 and 3 for a table whose entries are of this level, with the
 * rights of the levels above, and for all tables below it.
 */
static const char *table_check(const uint64_t *table, unsigned int level,
			       uint64_t rights)
{
	const char *wrong = NULL;

	for (unsigned int i = 0; i < TABLE_ENTRIES && !wrong; i++) {
		uint64_t entry = table[i];
		uint64_t here = (rights & entry & PTE_W) |
				((rights | entry) & PTE_NX);

		if (!(entry & PTE_P))
			continue;
		if (entry & PTE_U)
			return "paging 3: a page is the application's";
		if (level && !(entry & PTE_PS))
			wrong = table_check(entry_table(entry), level - 1,
					    here);
		else if (here == PTE_W)
			wrong = "paging 2: a page is writable and executable";
	}
	return wrong;
}

const char *paging_check(void)
{
	for (unsigned int i = 0; i < USER_SLOTS; i++)
		if (kernel_pgd[i])
			return "paging 3: the lower half is not empty";
	return table_check(kernel_pgd, TOP_LEVEL, PTE_W);
}

void load_cr3(uint64_t *pgd)
{
	__asm__ volatile("mov %0, %%cr3" : : "r"(virt_to_phys(pgd)) : "memory");
}
