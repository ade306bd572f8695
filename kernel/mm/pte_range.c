/* SPDX-License-Identifier: MIT */
/*
 * Ranges of an application's page table entries: walking those in use,
 * freeing, protecting and moving the pages behind them, and forgetting them
 * in the TLB. A range may span terabytes: what has no tables is stepped over,
 * and pte_window() cuts it into parts between which others may run.
 */

#include "kernel/mm/pte_range.h"

#include <errno.h>

#include <linux/mman.h>

#include "kernel/mm/page.h"
#include "kernel/mm/vma.h"

#define TABLE_ENTRIES 512
#define TOP_LEVEL 3
#define LEAF_SPAN (TABLE_ENTRIES * PAGE_SIZE) /* one lowest-level table */
/* Up to this many pages are flushed one by one, more all at once. */
#define FLUSH_MAX 32
/* The most missing tables that one window skips. */
#define WINDOW_GAPS 1024

/* Entries that the TLB may still hold. */
struct tlb_batch {
	struct mm *mm;
	unsigned int n;
	uintptr_t va[FLUSH_MAX];
};

static void tlb_add(struct tlb_batch *batch, uintptr_t va)
{
	if (batch->n < FLUSH_MAX)
		batch->va[batch->n] = va;
	batch->n++;
}

static void tlb_flush(const struct tlb_batch *batch)
{
	unsigned int i;

	/* Loading CR3 has flushed the tables of all others. */
	if (!mm_is_active(batch->mm))
		return;
	if (batch->n > FLUSH_MAX) {
		load_cr3(batch->mm->pgd);
		return;
	}
	for (i = 0; i < batch->n; i++)
		flush_tlb_page(batch->va[i]);
}

/*
 * Accessed and dirty are set from the start: nothing reads them, and the CPU
 * need not write them later.
 */
uint64_t pte_make(uint64_t phys, uint32_t prot)
{
	uint64_t pte = phys | PTE_U | PTE_A;

	if (!(prot & PROT_MASK))
		return phys | PTE_HELD;
	if (prot & PROT_WRITE)
		pte |= PTE_W | PTE_D;
	if (!(prot & PROT_EXEC))
		pte |= PTE_NX;
	return pte | PTE_P;
}

static size_t table_index(uintptr_t va, unsigned int level)
{
	return va >> (PAGE_SHIFT + 9 * level) & (TABLE_ENTRIES - 1);
}

/* The lowest table for *va; NULL: there is none, and *va moves past the gap. */
static uint64_t *leaf_table(uint64_t *table, uintptr_t *va)
{
	unsigned int level;
	uint64_t entry;
	size_t span;

	for (level = TOP_LEVEL; level > 0; level--) {
		entry = table[table_index(*va, level)];
		if (!(entry & PTE_P)) {
			span = PAGE_SIZE << 9 * level;
			*va = ALIGN_DOWN(*va, span) + span;
			return NULL;
		}
		table = phys_to_virt(entry & PTE_ADDR);
	}
	return table;
}

uint64_t *pte_next(uint64_t *pgd, uintptr_t *va, uintptr_t end)
{
	uint64_t *table;
	size_t i;

	while (*va < end) {
		table = leaf_table(pgd, va);
		if (!table)
			continue;
		for (i = table_index(*va, 0); i < TABLE_ENTRIES && *va < end;
		     i++, *va += PAGE_SIZE)
			if (table[i])
				return &table[i];
	}
	return NULL;
}

uintptr_t pte_window(uint64_t *pgd, uintptr_t start, uintptr_t end)
{
	uintptr_t va = start;
	unsigned int gaps = 0;

	while (va < end && !leaf_table(pgd, &va))
		if (++gaps == WINDOW_GAPS)
			return MIN(va, end);
	if (va >= end)
		return end;
	return MIN(ALIGN_DOWN(va, LEAF_SPAN) + LEAF_SPAN, end);
}

void pte_range_zap(struct mm *mm, uintptr_t start, uintptr_t end)
{
	struct tlb_batch batch = { .mm = mm };
	uint64_t *pte;
	uint64_t old;

	for (; (pte = pte_next(mm->pgd, &start, end)); start += PAGE_SIZE) {
		old = *pte;
		*pte = 0;
		mm->resident--;
		if (old & PTE_P)
			tlb_add(&batch, start);
		put_page(phys_to_page(old & PTE_ADDR));
	}
	tlb_flush(&batch);
}

static size_t level_size(unsigned int level)
{
	return PAGE_SIZE << 9 * level;
}

/*
 * Frees the table that entry points to, with all empty ones below. The CPU may
 * have cached the entry; INVLPG of any address drops all such entries (SDM vol
 * 3 4.10.4.1). The page cannot be used again before that.
 */
static void free_table(uint64_t *entry, unsigned int level, uintptr_t va)
{
	uint64_t phys = *entry & PTE_ADDR;
	uint64_t *table = phys_to_virt(phys);
	size_t i;

	for (i = 0; level > 1 && i < TABLE_ENTRIES; i++)
		if (table[i] & PTE_P)
			free_table(&table[i], level - 1, va);
	*entry = 0;
	flush_tlb_page(va);
	put_page(phys_to_page(phys));
}

/* The space between two areas. */
struct gap {
	uintptr_t floor;
	uintptr_t ceiling;
};

/* In a table above the lowest level, whose entries are of this level. */
static void free_tables(uint64_t *table, unsigned int level,
			const struct gap *gap, uintptr_t start, uintptr_t end)
{
	size_t size = level_size(level);
	uintptr_t low, high;
	uint64_t *entry;

	for (low = ALIGN_DOWN(start, size); low < end; low = high) {
		high = low + size;
		entry = &table[table_index(low, level)];
		if (!(*entry & PTE_P))
			continue;
		if (low >= gap->floor && high <= gap->ceiling)
			free_table(entry, level, low);
		else if (level > 1)
			free_tables(phys_to_virt(*entry & PTE_ADDR), level - 1,
				    gap, MAX(start, low), MIN(end, high));
	}
}

void pte_range_free_tables(struct mm *mm, uintptr_t start, uintptr_t end,
			   uintptr_t floor, uintptr_t ceiling)
{
	const struct gap gap = { .floor = floor, .ceiling = ceiling };

	free_tables(mm->pgd, TOP_LEVEL, &gap, start, end);
}

void pte_range_protect(struct mm *mm, uintptr_t start, uintptr_t end,
		       uint32_t prot)
{
	struct tlb_batch batch = { .mm = mm };
	uint64_t *pte;
	uint64_t old;

	for (; (pte = pte_next(mm->pgd, &start, end)); start += PAGE_SIZE) {
		old = *pte;
		*pte = pte_make(old & PTE_ADDR, prot);
		if (*pte != old && (old & PTE_P))
			tlb_add(&batch, start);
	}
	tlb_flush(&batch);
}

int pte_range_make_tables(struct mm *mm, uintptr_t from, uintptr_t to,
			  size_t len)
{
	uintptr_t va = from;

	for (; pte_next(mm->pgd, &va, from + len); va += PAGE_SIZE)
		if (!pte_lookup(mm->pgd, to + (va - from), true))
			return -ENOMEM;
	return 0;
}

/* Puts a page at va; replaces one that a thread has put there meanwhile. */
static void put_entry(struct mm *mm, uintptr_t va, uint64_t pte, uint32_t prot)
{
	uint64_t *to = pte_lookup(mm->pgd, va, true);
	uint64_t old = to ? *to : pte;

	if (to)
		*to = pte_make(pte & PTE_ADDR, prot);
	if (!old)
		return;
	mm->resident--;
	flush_tlb_page(va);
	put_page(phys_to_page(old & PTE_ADDR));
}

void pte_range_move(struct mm *mm, uintptr_t from, uintptr_t to, size_t len,
		    uint32_t prot)
{
	struct tlb_batch batch = { .mm = mm };
	uintptr_t va = from;
	uint64_t *pte;

	for (; (pte = pte_next(mm->pgd, &va, from + len)); va += PAGE_SIZE) {
		if (*pte & PTE_P)
			tlb_add(&batch, va);
		put_entry(mm, to + (va - from), *pte, prot);
		*pte = 0;
	}
	tlb_flush(&batch);
}
