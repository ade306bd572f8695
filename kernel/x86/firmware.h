/* SPDX-License-Identifier: MIT */
/*
 * The tables that firmware left in memory, which is not RAM to the kernel:
 * mapping them, and searching where a PC's BIOS puts them. One thread, at
 * boot; needs ioremap().
 */
#ifndef KERNEL_X86_FIRMWARE_H
#define KERNEL_X86_FIRMWARE_H

#include "kernel/base.h"

/*
 * Maps len bytes at a physical address for good; NULL: cannot. Tables lie close
 * together, so an existing mapping that covers them is used.
 */
const void *firmware_map(uint64_t phys, size_t len);

/*
 * The first structure at a multiple of 16 that begins with the four letters and
 * that valid() accepts, which may read 64 bytes of it. Searches
 * the extended BIOS data area, the end of low memory, the BIOS
 * (ACPI 6.5 5.2.5.1; MultiProcessor Specification 4). NULL: none.
 */
const void *firmware_search(const char letters[4], bool (*valid)(const void *));

#endif
