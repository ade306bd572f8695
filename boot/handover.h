/* SPDX-License-Identifier: MIT */
/*
 * How a loader's own structures become a struct boot_info. All of this runs
 * before the kernel is relocated, on memory as it is: nothing may read a
 * pointer that the compiler or linker initialised.
 */
#ifndef BOOT_HANDOVER_H
#define BOOT_HANDOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/boot_info.h"

/* PVH's start info at a physical address that boot/entry.S has checked. */
void pvh_read(struct boot_info *bi, uint32_t info_paddr);
/* Linux's boot_params: false when there are none at this address. */
bool linux_read(struct boot_info *bi, uint32_t params_paddr);

/* len bytes of physical memory that the first tables map, or NULL. */
const void *early_map(uint64_t phys, size_t len);
/* nr entries of E820's form, stride bytes apart. */
void handover_memmap(struct boot_info *bi, const void *map, uint32_t nr,
		     size_t stride);
/* A NUL-terminated line at a physical address; 0: there is none. */
void handover_cmdline(struct boot_info *bi, uint64_t phys);

#endif
