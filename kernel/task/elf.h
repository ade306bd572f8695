/* SPDX-License-Identifier: MIT */
/*
 * ELF executables: static and static-pie ones.
 */
#ifndef KERNEL_TASK_ELF_H
#define KERNEL_TASK_ELF_H

#include "kernel/base.h"

struct mm;

struct elf_image {
	uintptr_t entry;
	uintptr_t phdr; /* user address of the program headers */
	uint16_t phnum;
	uint16_t phent;
	uintptr_t load_bias;
	uintptr_t brk; /* end of the highest segment, page aligned */
	uintptr_t vdso; /* its ELF header, set when it is mapped */
	uintptr_t stack; /* its first byte's end, set when it is mapped */
	bool exec_stack; /* PT_GNU_STACK asks for an executable stack */
};

/*
 * Checks and maps an executable that lies in memory; shift, whole pages, moves
 * a position independent one up from its usual place. -ENOEXEC with one pr_err
 * line that says what is wrong (no PT_LOAD, truncated, wrong machine,
 * dynamic, overlapping, outside user memory), -ENOMEM. file must stay.
 */
int elf_load(struct mm *mm, const uint8_t *file, size_t len, const char *name,
	     uintptr_t shift, struct elf_image *image);

#endif
