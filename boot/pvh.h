/* SPDX-License-Identifier: MIT */
/*
 * What a PVH loader passes to the entry point: Xen's public header
 * arch-x86/hvm/start_info.h. The offsets are for boot/entry.S, which reads the
 * memory map before there is a stack; boot/pvh.c checks them.
 */
#ifndef BOOT_PVH_H
#define BOOT_PVH_H

#define PVH_MAGIC 0x336ec578 /* "xEn3" with the top bit of 'E' set */
#define PVH_MEMMAP_VERSION 1 /* the first with a memory map */
#define PVH_MEM_RAM 1

#define PVH_INFO_MAGIC 0
#define PVH_INFO_VERSION 4
#define PVH_INFO_MEMMAP 40
#define PVH_INFO_MEMMAP_ENTRIES 48

#define PVH_MEM_ADDR 0
#define PVH_MEM_SIZE 8
#define PVH_MEM_TYPE 16
#define PVH_MEM_ENTRY_SIZE 24

#ifndef __ASSEMBLER__
#include <stdint.h>

struct pvh_start_info {
	uint32_t magic;
	uint32_t version;
	uint32_t flags;
	uint32_t nr_modules;
	uint64_t modlist_paddr;
	uint64_t cmdline_paddr;
	uint64_t rsdp_paddr;
	uint64_t memmap_paddr;
	uint32_t memmap_entries;
	uint32_t reserved;
};

struct pvh_mem {
	uint64_t addr;
	uint64_t size;
	uint32_t type; /* E820's */
	uint32_t reserved;
};
#endif

#endif
