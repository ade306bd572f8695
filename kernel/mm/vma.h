/* SPDX-License-Identifier: MIT */
/*
 * What the files behind kernel/mm/mm.h share: the tree of areas, and the
 * ranges of page table entries under them.
 */
#ifndef KERNEL_MM_VMA_H
#define KERNEL_MM_VMA_H

#include "kernel/mm/mm.h"
#include "kernel/x86/paging.h"

/* As Linux: vm.max_map_count, and 256 pages that stay free below a stack. */
#define MAX_MAP_COUNT 65530
#define STACK_GUARD_GAP (256 * PAGE_SIZE)

/*
 * Long work on an address space is cut into parts with cond_resched() between
 * them. Each part leaves all invariants true, and the next looks its area up
 * again by address: another thread may have changed any of it.
 */

/* PROT_* without the bits that only steer a call. */
#define PROT_MASK 7U

/*
 * A page that is there but may not be touched (PROT_NONE): its entry keeps
 * the address with P clear. The CPU ignores all bits of such an entry (SDM
 * vol 3 4.5, "not present").
 */
#define PTE_HELD BIT(9)

/* vma.c */
int vma_init(void); /* before the first area; may be called again */
struct vma *vma_next(const struct vma *vma);
struct vma *vma_prev(const struct vma *vma);
struct vma *vma_alloc(void);
void vma_free(struct vma *vma);
void vma_resize(struct mm *mm, struct vma *vma, uintptr_t start, uintptr_t end);
void vma_insert(struct mm *mm, struct vma *vma);
void vma_remove(struct mm *mm, struct vma *vma);
/* Whether RLIMIT_AS lets areas take so many bytes more. */
bool vma_may_grow(const struct mm *mm, size_t more);
/*
 * Puts an area like this one in place of what is there, a part at a time:
 * each address has the old or the new area, never none. 0, or -ENOMEM with
 * nothing changed, as long as no other thread changes the same addresses.
 */
int vma_replace(struct mm *mm, const struct vma *area);
/* Joins vma and its neighbours where nothing tells them apart. */
void vma_merge(struct mm *mm, struct vma *vma);
/* Splits areas so that none crosses start or end: 0 or -ENOMEM. */
int vma_isolate(struct mm *mm, uintptr_t start, uintptr_t end);
/* The lowest address that belongs to vma, with what it keeps free below. */
uintptr_t vma_guard_start(const struct mm *mm, const struct vma *vma);
/* Whether something may be put there by itself: no area, no guard gap. */
bool vma_is_free(struct mm *mm, uintptr_t start, uintptr_t end);
/* mm_find_gap() with the end of the gap at or below top. */
uintptr_t vma_find_gap(struct mm *mm, size_t len, uintptr_t top);

/*
 * mmap.c. Whether one request promises more than there could ever be. As on
 * Linux, where it compares with all RAM, the sum of requests has no bound.
 */
bool vma_is_too_much(size_t len, uint32_t prot);

/* pte_range.c: page aligned ranges. */
uint64_t pte_make(uint64_t phys, uint32_t prot);
/* The next entry in use at or after *va and below end, *va moved to it. */
uint64_t *pte_next(uint64_t *pgd, uintptr_t *va, uintptr_t end);
void pte_range_zap(struct mm *mm, uintptr_t start, uintptr_t end);
void pte_range_protect(struct mm *mm, uintptr_t start, uintptr_t end,
		       uint32_t prot);
/*
 * Frees the tables of [start, end) that serve nothing else: below floor and
 * from ceiling on there are other areas.
 */
void pte_range_free_tables(struct mm *mm, uintptr_t start, uintptr_t end,
			   uintptr_t floor, uintptr_t ceiling);
/* The tables that the pages of [from, from + len) need at to: -ENOMEM. */
int pte_range_make_tables(struct mm *mm, uintptr_t from, uintptr_t to,
			  size_t len);
/*
 * Moves the pages, which get prot; what is there already is replaced. One
 * whose table cannot be made is lost: see mremap.c.
 */
void pte_range_move(struct mm *mm, uintptr_t from, uintptr_t to, size_t len,
		    uint32_t prot);
/*
 * Where a first part of [start, end) ends that is little work: what has no
 * tables, and the entries of one table.
 */
uintptr_t pte_window(uint64_t *pgd, uintptr_t start, uintptr_t end);

/* mm.c */
bool mm_is_active(const struct mm *mm);

#endif
