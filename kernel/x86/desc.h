/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables: GDT with the TSS, and the IDT. Inside kernel/x86/.
 */
#ifndef KERNEL_X86_DESC_H
#define KERNEL_X86_DESC_H

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
};

void gdt_init(void); /* GDT and TSS, segment registers reloaded */
void idt_init(void); /* all 256 gates to trap_vectors in entry.S */

#endif
