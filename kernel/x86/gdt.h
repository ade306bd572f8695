/* SPDX-License-Identifier: MIT */
/*
 * The GDT with the TSS.
 */
#ifndef KERNEL_X86_GDT_H
#define KERNEL_X86_GDT_H

#include "kernel/base.h"

/*
 * Stacks of their own for exceptions that may find RSP unusable (SDM vol 3
 * 6.14.5). Numbers are those of the gates: 0 means the current stack.
 */
enum ist {
	IST_NONE,
	IST_DOUBLE_FAULT,
	IST_NMI,
	IST_MACHINE_CHECK,
	IST_DEBUG,
	NR_IST = IST_DEBUG,
};

/*
 * The page below stack nr, 0 to NR_IST - 1, or that above the last, NR_IST: never
 * mapped.
 */
const void *ist_guard(unsigned int nr);

void gdt_init(void); /* GDT and TSS, segment registers reloaded */

/* Sets the stack that traps and system calls from ring 3 will use. */
void cpu_set_kernel_stack(uintptr_t top);

#endif
