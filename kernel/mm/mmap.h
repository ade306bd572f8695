/* SPDX-License-Identifier: MIT */
/*
 * mmap(2) and its relatives, after the descriptor look-up; errors as in the
 * man pages. Thread context; other threads run meanwhile.
 */
#ifndef KERNEL_MM_MMAP_H
#define KERNEL_MM_MMAP_H

#include "kernel/base.h"

struct mm;
struct vma_backing;

long mm_mmap(struct mm *mm, uintptr_t addr, size_t len, uint32_t prot,
	     uint32_t flags, const struct vma_backing *backing);
long mm_brk(struct mm *mm, uintptr_t brk);
long mm_madvise(struct mm *mm, uintptr_t addr, size_t len, int advice);
/* mlock(2), munlock(2): the range must be mapped; now: makes it present. */
int mm_lock(struct mm *mm, uintptr_t addr, size_t len, bool now);
/* mlockall(2), MCL_CURRENT. */
void mm_lock_all(struct mm *mm);
int mm_sync(struct mm *mm, uintptr_t addr, size_t len, uint32_t flags);

/*
 * Whether one request exceeds all RAM. As on Linux, the sum of the requests is
 * not bounded.
 */
bool vma_is_too_much(size_t len, uint32_t prot);

#endif
