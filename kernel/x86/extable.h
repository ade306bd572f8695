/* SPDX-License-Identifier: MIT */
/*
 * The exception table: instructions that may fault, and where to continue after
 * the fault. Entries are two offsets from themselves, so the table needs no
 * relocation; kernel/mm/uaccess.c searches it.
 */
#ifndef KERNEL_X86_EXTABLE_H
#define KERNEL_X86_EXTABLE_H

#ifdef __ASSEMBLER__
/* clang-format off */
.macro EX_TABLE insn, target
	.pushsection __ex_table, "a"
	.balign 4
	.long \insn - ., \target - .
	.popsection
.endm
/* clang-format on */
#else
#include <stdint.h>

struct ex_entry {
	int32_t insn; /* from this field */
	int32_t target; /* from this field */
};

/* For inline assembly: two labels as it writes them. */
#define EX_TABLE_C(insn, target)               \
	".pushsection __ex_table, \"a\"\n"     \
	".balign 4\n"                          \
	".long " insn " - ., " target " - .\n" \
	".popsection\n"

extern const struct ex_entry __ex_table_start[], __ex_table_end[];
#endif

#endif
