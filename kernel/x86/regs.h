/* SPDX-License-Identifier: MIT */
/*
 * What the entry code saves of the interrupted context. The layout is known
 * to kernel/x86/entry.S, which checks it through the offsets below.
 */
#ifndef KERNEL_X86_REGS_H
#define KERNEL_X86_REGS_H

/* Selectors, in the order that SYSCALL/SYSRET want (SDM vol 3 5.8.8). */
#define KERNEL_CS 0x08
#define KERNEL_DS 0x10
#define USER_DS 0x1b
#define USER_CS 0x23
#define TSS_SEL 0x28

/* pt_regs.vector of a system call: no exception has this number. */
#define VECTOR_SYSCALL 0x100

/* Entries of syscall_table; one more is for all numbers beyond. */
#define NR_SYSCALLS 512

/* Offsets that the assembly uses; kernel/x86/trap.c checks them. */
#define REGS_R11 48
#define REGS_RAX 80
#define REGS_RCX 88
#define REGS_ORIG_RAX 120
#define REGS_RIP 144
#define REGS_CS 152
#define REGS_RFLAGS 160
#define REGS_RSP 168
#define REGS_SIZE 184

#define PERCPU_KERNEL_SP 0
#define PERCPU_USER_SP 8
#define PERCPU_WORK 24 /* with irqs: two bytes */

/* RFLAGS (SDM vol 1 3.4.3). */
#define RFLAGS_FIXED 0x2 /* always one */
#define RFLAGS_TF 0x100
#define RFLAGS_IF 0x200
#define RFLAGS_DF 0x400
#define RFLAGS_NT 0x4000
#define RFLAGS_RF 0x10000
#define RFLAGS_AC 0x40000

#ifndef __ASSEMBLER__
#include "kernel/base.h"

struct pt_regs {
	uint64_t r15, r14, r13, r12, rbp, rbx;
	uint64_t r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t orig_rax; /* system call number, or -1 */
	uint64_t vector; /* exception or interrupt */
	uint64_t error; /* the CPU's error code, or 0 */
	uint64_t rip, cs, rflags, rsp, ss; /* what IRETQ takes */
};

static inline bool user_mode(const struct pt_regs *regs)
{
	return (regs->cs & 3) == 3;
}
#endif

#endif
