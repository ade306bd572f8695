/* SPDX-License-Identifier: MIT */
/*
 * What PVH's start info and Linux's boot_params have in common: a command line
 * and a memory map in the BIOS's form (E820). Nothing of it is trusted. Runs on
 * the first page tables, which map only EARLY_MAP_SIZE, as it is.
 */
#include "boot/handover.h"

#include <string.h>

#include "boot/enter.h"
#include "boot/memmap.h"
#include "kernel/base.h"

#define E820_RAM 1

extern const char _text[], _image_end[];

struct e820_entry {
	uint64_t addr;
	uint64_t size;
	uint32_t type;
} __attribute__((packed));

const void *early_map(uint64_t phys, size_t len)
{
	if (!phys || phys >= EARLY_MAP_SIZE || len > EARLY_MAP_SIZE - phys)
		return NULL;
	return (const void *)phys;
}

static void take_ranges(struct boot_info *bi, const char *map, uint32_t nr,
			size_t stride, enum boot_mem_type type)
{
	for (; nr; nr--, map += stride) {
		struct e820_entry e;

		memcpy(&e, map, sizeof(e));
		if ((e.type == E820_RAM) == (type == BOOT_MEM_RAM))
			boot_mem_set(bi, e.addr,
				     e.size > UINT64_MAX - e.addr ?
					     UINT64_MAX :
					     e.addr + e.size,
				     type);
	}
}

/* RAM first, then reserved ranges: an overlap is reserved. */
void handover_memmap(struct boot_info *bi, const void *map, uint32_t nr,
		     size_t stride)
{
	take_ranges(bi, map, nr, stride, BOOT_MEM_RAM);
	take_ranges(bi, map, nr, stride, BOOT_MEM_RESERVED);
	boot_mem_set(bi, 0, LOW_MEMORY_END, BOOT_MEM_RESERVED);
	boot_mem_set(bi, (uintptr_t)_text, (uintptr_t)_image_end,
		     BOOT_MEM_RESERVED);
}

void handover_cmdline(struct boot_info *bi, uint64_t phys)
{
	const char *text = early_map(phys, 1);
	size_t max, len;

	if (!text)
		return;
	max = MIN(EARLY_MAP_SIZE - phys, (uint64_t)BOOT_CMDLINE_MAX);
	len = strnlen(text, max);
	bi->cmdline_cut = len == max;
	if (len == max)
		len = BOOT_CMDLINE_MAX - 1;
	memcpy(bi->cmdline, text, MIN(len, max));
	bi->cmdline[len] = '\0';
}
