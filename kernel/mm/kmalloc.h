/* SPDX-License-Identifier: MIT */
/*
 * Memory of any size, over a row of slab caches. NULL when memory is short.
 * Thread or softirq context, never sleeps.
 */
#ifndef KERNEL_MM_KMALLOC_H
#define KERNEL_MM_KMALLOC_H

#include "kernel/base.h"

/*
 * Any size up to 4 MiB, 16 aligned. More than a page comes straight from the
 * page allocator and may fail though memory is free: kvmalloc()
 * (kernel/mm/kvmalloc.h) is for larger sizes. kmalloc(0) is a pointer that may
 * not be used but must be freed.
 */
void *kmalloc(size_t size);
/* flags: ALLOC_*, for the pages that it may need. */
void *kmalloc_flags(size_t size, unsigned int flags);
void *kzalloc(size_t size);
void *kcalloc(size_t n, size_t size); /* NULL on overflow */
/* NULL: no memory, and old is unchanged. Size 0 frees old. */
void *krealloc(void *old, size_t size);
void kfree(const void *ptr); /* NULL is fine */
size_t ksize(const void *ptr); /* bytes that may be used */

void kmalloc_init(void); /* part of slab_init() */

#endif
