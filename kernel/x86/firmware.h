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
 * len bytes at a physical address, readable from now on; NULL if not. Tables
 * stand close together, and a mapping serves all that it covers.
 */
const void *firmware_map(uint64_t phys, size_t len);

/*
 * The first structure that begins with the four letters at an address that is
 * a multiple of 16, and that valid() takes; it has at least 64 bytes to look
 * at. Where: the extended BIOS data area, the end of low memory, the BIOS
 * (ACPI 6.5 5.2.5.1; MultiProcessor Specification 4). NULL: none.
 */
const void *firmware_search(const char letters[4], bool (*valid)(const void *));

#endif
