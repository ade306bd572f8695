/* SPDX-License-Identifier: MIT */
/*
 * From the PVH start info to struct boot_info. boot/entry.S has checked the
 * magic, the version and that the image lies in RAM.
 */
#include "boot/pvh.h"

#include <assert.h>
#include <string.h>

#include "boot/handover.h"

static_assert(offsetof(struct pvh_start_info, magic) == PVH_INFO_MAGIC, "");
static_assert(offsetof(struct pvh_start_info, version) == PVH_INFO_VERSION, "");
static_assert(offsetof(struct pvh_start_info, memmap_paddr) == PVH_INFO_MEMMAP,
	      "");
static_assert(offsetof(struct pvh_start_info, memmap_entries) ==
		      PVH_INFO_MEMMAP_ENTRIES,
	      "");
static_assert(sizeof(struct pvh_start_info) == 56, "");
static_assert(offsetof(struct pvh_mem, addr) == PVH_MEM_ADDR, "");
static_assert(offsetof(struct pvh_mem, size) == PVH_MEM_SIZE, "");
static_assert(offsetof(struct pvh_mem, type) == PVH_MEM_TYPE, "");
static_assert(sizeof(struct pvh_mem) == PVH_MEM_ENTRY_SIZE, "");

void pvh_read(struct boot_info *bi, uint32_t info_paddr)
{
	const struct pvh_start_info *info = early_map(info_paddr, 1);
	const struct pvh_mem *map;

	strcpy(bi->protocol, "pvh");
	bi->rsdp = info->rsdp_paddr;
	map = early_map(info->memmap_paddr,
			(size_t)info->memmap_entries * sizeof(*map));
	if (map)
		handover_memmap(bi, map, info->memmap_entries, sizeof(*map));
	handover_cmdline(bi, info->cmdline_paddr);
}
