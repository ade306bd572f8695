/* SPDX-License-Identifier: MIT */
/*
 * Exceptions: what entry.S calls, and what it offers to the rest of
 * kernel/x86/.
 */
#ifndef KERNEL_X86_TRAP_H
#define KERNEL_X86_TRAP_H

#include <stdint.h>

struct pt_regs;

extern const char syscall_entry[]; /* entry.S: where SYSCALL arrives */

/* An exception, from ring 3 or from the kernel. */
void trap_dispatch(struct pt_regs *regs);
/* IRETQ could not load the frame that regs came from. */
void trap_bad_iret(struct pt_regs *regs);
/* Before ring 3 continues, when percpu.work or percpu.irqs is not zero. */
void exit_to_user(struct pt_regs *regs);

#endif
