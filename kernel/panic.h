/* SPDX-License-Identifier: MIT */
/*
 * The end of a machine that cannot go on. panic() itself is in kernel/base.h.
 */
#ifndef KERNEL_PANIC_H
#define KERNEL_PANIC_H

#include "kernel/base.h"

struct pt_regs;

/* The function that ends the machine; installed by drivers/power.c. */
void panic_set_exit(void (*machine_exit)(void));

/* The report for an exception in the kernel. */
_Noreturn void panic_regs(const struct pt_regs *regs, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Registers and (for kernel mode) the symbolised stack, through printk. */
void regs_dump(const struct pt_regs *regs);
void backtrace_dump(uintptr_t rip, uintptr_t rbp);

#endif
