/* SPDX-License-Identifier: MIT */
/*
 * What a boot protocol passes to start(): all that the kernel knows about the
 * boot. boot/pvh.c fills it, or a loader that enters at
 * boot_entry (boot/entry.S). No pointers: it is copied from one address space
 * to another.
 */
#ifndef KERNEL_BOOT_INFO_H
#define KERNEL_BOOT_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOOT_CMDLINE_MAX 2048
#define BOOT_MEM_MAX 64

enum boot_mem_type {
	BOOT_MEM_RAM,
	BOOT_MEM_RESERVED, /* everything that is not usable RAM */
};

/* Physical range [start, end). Sorted by start, not overlapping. */
struct boot_mem {
	uint64_t start;
	uint64_t end;
	enum boot_mem_type type;
};

struct boot_info {
	char protocol[8]; /* "pvh", "uefi" */
	uint64_t rsdp; /* physical address, 0: search the BIOS area */
	uint64_t seed[4]; /* random bytes from the firmware, or zero */
	/* RAM excludes the kernel, the initramfs and what the loader uses. */
	unsigned int nr_mem;
	struct boot_mem mem[BOOT_MEM_MAX];
	char cmdline[BOOT_CMDLINE_MAX];
	bool cmdline_cut; /* it was longer than fits */
};

/* The kernel's C entry: never returns. Interrupts are off. */
_Noreturn void start(struct boot_info *bi);

#endif
