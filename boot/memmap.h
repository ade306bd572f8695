/* SPDX-License-Identifier: MIT */
/*
 * The memory map that a boot protocol builds for the kernel.
 */
#ifndef BOOT_MEMMAP_H
#define BOOT_MEMMAP_H

#include "kernel/base.h"
#include "kernel/boot_info.h"

/* Below are firmware's data and holes, and at most 640 KiB of RAM. */
#define LOW_MEMORY_END MiB

/*
 * Sets the type of [start, end), whatever it was before; keeps bi->mem sorted,
 * without overlaps and with neighbours of one type joined. RAM shrinks to whole
 * pages, reserved ranges grow to them. If the table is full, RAM is lost, but a
 * reserved range never becomes RAM.
 */
void boot_mem_set(struct boot_info *bi, uint64_t start, uint64_t end,
		  enum boot_mem_type type);

#endif
