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

/* The boot protocol. */
#define BOOT_BY_PVH 0
#define BOOT_BY_ENTRY 1

#ifndef __ASSEMBLER__
#include <stdint.h>

#include "kernel/boot_info.h"

/*
 * first, second: physical addresses, 0 if they do not fit 32 bits. With PVH the
 * start info and nothing; with boot_entry RDI and RSI.
 */
_Noreturn void boot_enter(uint32_t first, uint32_t second, uint32_t how);
_Noreturn void boot_jump(uint64_t cr3, uintptr_t offset, struct boot_info *bi);
#endif

#endif
