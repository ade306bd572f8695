/* SPDX-License-Identifier: MIT */
/*
 * What boot/entry.S and boot/enter.c share, and what a boot protocol in C
 * needs of them.
 */
#ifndef BOOT_ENTER_H
#define BOOT_ENTER_H

/* Where a PVH loader puts the image. */
#define LOAD_ADDRESS 0x100000
/* How much of physical memory the first page tables map. */
#define EARLY_MAP_SIZE 0x40000000

/* How the machine came up. */
#define BOOT_BY_PVH 0 /* handed over: PVH's start info */
#define BOOT_BY_INFO 1 /* a struct boot_info */

#ifndef __ASSEMBLER__
#include <stdint.h>

#include "kernel/boot_info.h"

/* handed_over: a physical address. */
_Noreturn void boot_enter(uint32_t handed_over, uint32_t how);
_Noreturn void boot_jump(uint64_t cr3, uintptr_t offset, struct boot_info *bi);

/*
 * Runs before the kernel is relocated, on memory as it is: whatever is called
 * from here may not read a pointer that the compiler or linker initialised.
 */
void pvh_read(struct boot_info *bi, uint32_t info_paddr);
#endif

#endif
