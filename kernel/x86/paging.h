/* SPDX-License-Identifier: MIT */
/*
 * Page tables: four levels, one top level for kernel and application.
 */
#ifndef KERNEL_X86_PAGING_H
#define KERNEL_X86_PAGING_H

#include "kernel/base.h"

struct boot_info;

#define PTE_P BIT(0)
#define PTE_W BIT(1)
#define PTE_U BIT(2)
#define PTE_PWT BIT(3)
#define PTE_PCD BIT(4)
#define PTE_A BIT(5)
#define PTE_D BIT(6)
#define PTE_PS BIT(7)
#define PTE_G BIT(8)
#define PTE_NX BIT(63)
#define PTE_ADDR 0x000ffffffffff000ULL

extern uint64_t *kernel_pgd; /* direct map address of the kernel's top level */

/*
 * Builds the final tables: image with W^X in 4 KiB pages, direct map of all
 * RAM NX in the largest pages the CPU has (its alias of the image's text and
 * rodata read-only), nothing below. Uses memory it takes out of bi's RAM
 * ranges itself, before the page allocator exists. 0, or -ENOMEM when there is
 * too little, which the log says.
 */
int paging_init(struct boot_info *bi);
/*
 * Makes the pages of __ro_after_init variables read-only. Then paging_check()
 * walks all tables; an error is a panic.
 */
void paging_seal(void);

/*
 * The 4 KiB entry for va in pgd. alloc: makes missing tables, NULL: no memory;
 * else NULL: no table.
 */
uint64_t *pte_lookup(uint64_t *pgd, uintptr_t va, bool alloc);
/* One kernel page; -ENOMEM. prot: PTE_* without P. */
int map_kernel_page(uintptr_t va, uint64_t phys, uint64_t prot);
void unmap_kernel_page(uintptr_t va);
/* Frees the lowest table for va, in which no entry may be present. */
void free_kernel_table(uintptr_t va);
void flush_tlb_page(uintptr_t va);

/* A top level whose upper half is the kernel's: NULL when memory is short. */
uint64_t *pgd_alloc(void);
/* Frees the lower half's tables; the pages they map are the caller's. */
void pgd_free(uint64_t *pgd);
void load_cr3(uint64_t *pgd);

/* The invariants of the kernel's half: kernel/check.h. */
const char *paging_check(void);

#endif
