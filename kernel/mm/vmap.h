/* SPDX-License-Identifier: MIT */
/*
 * Kernel virtual memory outside the direct map: device registers, large tables
 * of single pages, and thread stacks with a guard page below.
 */
#ifndef KERNEL_MM_VMAP_H
#define KERNEL_MM_VMAP_H

#include "kernel/base.h"

/* Begins at vmap_base, which boot/enter.c chooses at or above VMAP_START. */
#define VMAP_START 0xffffc90000000000UL
#define VMAP_SIZE 0x8000000000UL
extern uintptr_t vmap_base;

/* After the devices: the tables, then, in the second half, the stacks. */
#define VMAP_TABLES_SIZE (16 * GiB)
#define VMAP_STACKS (VMAP_SIZE / 2)
#define VMAP_TABLES (VMAP_STACKS - VMAP_TABLES_SIZE)

#define KSTACK_SIZE (16 * KiB)

/*
 * Maps size bytes of device registers uncached, never executable. Any
 * alignment. NULL when memory is short. Lives as long as the machine.
 */
void *ioremap(uint64_t phys, size_t size);

/*
 * A kernel stack of KSTACK_SIZE bytes: returns its lowest address, with an
 * unmapped page below. NULL when memory is short.
 */
void *kstack_alloc(void);
void kstack_free(void *stack);

/* Whether addr lies in a stack's guard page: for the fault report. */
bool is_kstack_guard(uintptr_t addr);

#endif
