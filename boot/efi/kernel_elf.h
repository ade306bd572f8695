/* SPDX-License-Identifier: MIT */
/*
 * The kernel's ELF file inside the loader: its addresses, and loading it.
 */
#ifndef BOOT_EFI_KERNEL_ELF_H
#define BOOT_EFI_KERNEL_ELF_H

#include <stddef.h>
#include <stdint.h>

/* The kernel's first tables have 2 MiB pages: it moves by multiples of this. */
#define KERNEL_STEP 0x200000
/* The end of the memory that the kernel's first page tables map. */
#define KERNEL_LIMIT 0x40000000

/* Physical addresses as linked; the range is whole pages. */
struct kernel_elf {
	uint64_t start;
	uint64_t end; /* of .bss */
	uint64_t entry;
};

/*
 * Checks a file of size bytes before anything of it is used: NULL, and elf is
 * filled, or a text that says what is wrong.
 */
const char *kernel_elf_check(const void *file, size_t size,
			     struct kernel_elf *elf);

/*
 * Copies the segments of a checked file to the memory at `to`, which stands for
 * elf->start and is as long as the range; the rest of the range becomes zero.
 */
void kernel_elf_load(const void *file, const struct kernel_elf *elf, void *to);

#endif
