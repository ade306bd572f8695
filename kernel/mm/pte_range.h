/* SPDX-License-Identifier: MIT */
/*
 * Page table entries of page aligned ranges of an address space.
 */
#ifndef KERNEL_MM_PTE_RANGE_H
#define KERNEL_MM_PTE_RANGE_H

#include "kernel/mm/mm.h"
#include "kernel/x86/paging.h"

/*
 * A page that is there but may not be accessed (PROT_NONE): its entry keeps
 * the address, with P clear. The CPU ignores all other bits of such an entry
 * (SDM vol 3 4.5, "not present").
 */
#define PTE_HELD BIT(9)

uint64_t pte_make(uint64_t phys, uint32_t prot);
/* The next entry in use from *va up to end; *va becomes its address. */
uint64_t *pte_next(uint64_t *pgd, uintptr_t *va, uintptr_t end);
void pte_range_zap(struct mm *mm, uintptr_t start, uintptr_t end);
void pte_range_protect(struct mm *mm, uintptr_t start, uintptr_t end,
		       uint32_t prot);
/*
 * Frees the tables of [start, end) that serve nothing else: the nearest other
 * areas end at floor and begin at ceiling.
 */
void pte_range_free_tables(struct mm *mm, uintptr_t start, uintptr_t end,
			   uintptr_t floor, uintptr_t ceiling);
/* Makes the tables at `to` for the pages of [from, from + len): -ENOMEM. */
int pte_range_make_tables(struct mm *mm, uintptr_t from, uintptr_t to,
			  size_t len);
/*
 * Moves the pages, which get prot; pages that are at `to` already are freed. A
 * page whose table cannot be made is lost: see mremap.c.
 */
void pte_range_move(struct mm *mm, uintptr_t from, uintptr_t to, size_t len,
		    uint32_t prot);
/*
 * The end of a first part of [start, end) that is little work: a stretch
 * without tables, and the entries of one table.
 */
uintptr_t pte_window(uint64_t *pgd, uintptr_t start, uintptr_t end);

#endif
