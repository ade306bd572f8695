/* SPDX-License-Identifier: MIT */
/*
 * From the PVH start info to struct boot_info. boot/entry.S has checked the
 * magic, the version and that the image lies in RAM; all else that the loader
 * says is checked here. Runs on the first page tables, which map only
 * EARLY_MAP_SIZE of physical memory, as it is.
 */
#include "boot/pvh.h"

#include <assert.h>
#include <string.h>

#include "boot/enter.h"
#include "boot/memmap.h"
#include "kernel/base.h"
#include "kernel/boot_info.h"

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

/* Below it lie firmware's data and holes, never more than 640 KiB of RAM. */
#define LOW_MEMORY_END MiB

extern const char _text[], _image_end[];

/* A range of physical memory that can be read already, or NULL. */
static const void *early_map(uint64_t phys, size_t len)
{
	if (!phys || phys >= EARLY_MAP_SIZE || len > EARLY_MAP_SIZE - phys)
		return NULL;
	return (const void *)phys;
}

static uint64_t range_end(const struct pvh_mem *m)
{
	return m->size > UINT64_MAX - m->addr ? UINT64_MAX : m->addr + m->size;
}

/* RAM first, then what firmware reserves: where both claim, it is reserved. */
static void take_memmap(struct boot_info *bi, const struct pvh_mem *map,
			uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++)
		if (map[i].type == PVH_MEM_RAM)
			boot_mem_set(bi, map[i].addr, range_end(&map[i]),
				     BOOT_MEM_RAM);
	for (uint32_t i = 0; i < nr; i++)
		if (map[i].type != PVH_MEM_RAM)
			boot_mem_set(bi, map[i].addr, range_end(&map[i]),
				     BOOT_MEM_RESERVED);
	boot_mem_set(bi, 0, LOW_MEMORY_END, BOOT_MEM_RESERVED);
	boot_mem_set(bi, (uintptr_t)_text, (uintptr_t)_image_end,
		     BOOT_MEM_RESERVED);
}

static void take_cmdline(struct boot_info *bi, uint64_t paddr)
{
	const char *text = early_map(paddr, 1);
	size_t max, len;

	if (!text)
		return;
	max = MIN(EARLY_MAP_SIZE - paddr, (uint64_t)BOOT_CMDLINE_MAX);
	len = strnlen(text, max);
	bi->cmdline_cut = len == max;
	if (len == max)
		len = BOOT_CMDLINE_MAX - 1;
	memcpy(bi->cmdline, text, MIN(len, max));
	bi->cmdline[len] = '\0';
}

void pvh_read(struct boot_info *bi, uint32_t info_paddr)
{
	const struct pvh_start_info *info = early_map(info_paddr, 1);
	const struct pvh_mem *map;

	strcpy(bi->protocol, "pvh");
	bi->rsdp = info->rsdp_paddr;
	map = early_map(info->memmap_paddr,
			(size_t)info->memmap_entries * sizeof(*map));
	if (map)
		take_memmap(bi, map, info->memmap_entries);
	take_cmdline(bi, info->cmdline_paddr);
}
