/* SPDX-License-Identifier: MIT */
/*
 * The areas of an address space.
 */
#ifndef KERNEL_MM_VMA_H
#define KERNEL_MM_VMA_H

#include "kernel/mm/mm.h"

/* As on Linux: vm.max_map_count, and 256 pages kept free below a stack. */
#define MAX_MAP_COUNT 65530
#define STACK_GUARD_GAP (256 * PAGE_SIZE)

/*
 * Long work on an address space is cut into parts, with cond_resched() between
 * them. Each part leaves all invariants true, and the next looks its area up
 * again by address: another thread may have changed any of it.
 */

/* PROT_* without the bits that only modify a call. */
#define PROT_MASK 7U

/* kernel/check.h. Slow. */
const char *mm_check(const struct mm *mm);

struct vma *find_vma(struct mm *mm, uintptr_t addr); /* first end > addr */

/*
 * Maps exactly [addr, addr+len). replace: unmaps what is there; else -EEXIST.
 * backing may be NULL.
 */
int mm_map_fixed(struct mm *mm, uintptr_t addr, size_t len, uint32_t prot,
		 uint32_t flags, const struct vma_backing *backing,
		 bool replace);
/* Highest free gap below the mmap base that fits len; 0 if none. */
uintptr_t mm_find_gap(struct mm *mm, size_t len);
/* As munmap(2) and mprotect(2). */
int mm_unmap(struct mm *mm, uintptr_t addr, size_t len);
int mm_protect(struct mm *mm, uintptr_t addr, size_t len, uint32_t prot);
/* Whether every byte of [addr, addr+len) lies in some area. */
bool mm_is_mapped(struct mm *mm, uintptr_t addr, size_t len);

/* ---- Inside kernel/mm/ --------------------------------------------------- */

int vma_init(void); /* before the first area; may be called again */
struct vma *vma_next(const struct vma *vma);
struct vma *vma_prev(const struct vma *vma);
struct vma *vma_alloc(void);
void vma_free(struct vma *vma);
void vma_resize(struct mm *mm, struct vma *vma, uintptr_t start, uintptr_t end);
void vma_insert(struct mm *mm, struct vma *vma);
void vma_remove(struct mm *mm, struct vma *vma);
/* Whether RLIMIT_AS allows this many bytes more. */
bool vma_may_grow(const struct mm *mm, size_t more);
/*
 * Replaces what is mapped by an area like this one, a part at a time: each
 * address has the old or the new area, never none. 0, or -ENOMEM with nothing
 * changed, as long as no other thread changes the same addresses.
 */
int vma_replace(struct mm *mm, const struct vma *area);
/* Joins vma with neighbours that do not differ. */
void vma_merge(struct mm *mm, struct vma *vma);
/* Splits areas so that none crosses start or end: 0 or -ENOMEM. */
int vma_isolate(struct mm *mm, uintptr_t start, uintptr_t end);
/* vma's start, or the start of the gap that it keeps free below. */
uintptr_t vma_guard_start(const struct mm *mm, const struct vma *vma);
/* Whether the range has no area and no guard gap. */
bool vma_is_free(struct mm *mm, uintptr_t start, uintptr_t end);
/* mm_find_gap() for a gap that ends at or below top. */
uintptr_t vma_find_gap(struct mm *mm, size_t len, uintptr_t top);

#endif
