/* SPDX-License-Identifier: MIT */
/*
 * Tables of more than a page. Thread context.
 */
#ifndef KERNEL_MM_KVMALLOC_H
#define KERNEL_MM_KVMALLOC_H

#include "kernel/base.h"

/*
 * As kmalloc() and kcalloc(), for tables of more than a page: in single pages
 * when memory has no piece that is large enough, up to KVMALLOC_MAX bytes.
 * For rare allocations, of which each thread has one at a time.
 */
#define KVMALLOC_MAX (2 * MiB - PAGE_SIZE)
void *kvmalloc(size_t size);
void *kvcalloc(size_t n, size_t size);
void kvfree(const void *ptr);

#endif
