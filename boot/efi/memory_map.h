/* SPDX-License-Identifier: MIT */
/*
 * The firmware's memory map (UEFI 2.10 7.2.3): a place for the kernel in it, and
 * the RAM that is left.
 */
#ifndef BOOT_EFI_MEMORY_MAP_H
#define BOOT_EFI_MEMORY_MAP_H

#include <efi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/boot_info.h"

/* As GetMemoryMap() filled it. */
struct memory_map {
	void *data;
	UINTN size; /* bytes, of all descriptors */
	UINTN stride; /* bytes from one to the next, may exceed the struct */
	UINTN key; /* for ExitBootServices() */
};

/* Whether the sizes are valid: otherwise nothing below may be called. */
bool memory_map_valid(const struct memory_map *map, UINT32 version);

/*
 * The highest free range of size bytes below limit that starts at offset above
 * a multiple of step (a power of two), or 0 when there is none. Never below
 * 1 MiB, where firmware keeps data that is not in the map.
 */
uint64_t memory_map_place(const struct memory_map *map, uint64_t size,
			  uint64_t offset, uint64_t step, uint64_t limit);

/*
 * Fills bi->mem with the RAM that is free once the boot services have ended,
 * without [start, end); sorts the map for it. Everything else is reserved. If
 * there are too many ranges the largest are kept: returns the bytes given up.
 */
uint64_t memory_map_reduce(struct memory_map *map, uint64_t start, uint64_t end,
			   struct boot_info *bi);

#endif
