/* SPDX-License-Identifier: MIT */
/*
 * mremap(2). Thread context; other threads run meanwhile.
 */
#ifndef KERNEL_MM_MREMAP_H
#define KERNEL_MM_MREMAP_H

#include "kernel/base.h"

struct mm;

long mm_mremap(struct mm *mm, uintptr_t old, size_t old_len, size_t new_len,
	       uint32_t flags, uintptr_t new_addr);

#endif
