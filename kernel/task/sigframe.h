/* SPDX-License-Identifier: MIT */
/*
 * What a signal handler finds on its stack, as Linux lays it out.
 */
#ifndef KERNEL_TASK_SIGFRAME_H
#define KERNEL_TASK_SIGFRAME_H

#include "kernel/base.h"

struct k_sigaction;
struct pt_regs;
struct siginfo;
struct signal_info;
struct thread;

/*
 * Writes the frame to the user's stack. -EFAULT when that cannot hold it.
 */
int sigframe_setup(struct pt_regs *regs, const struct signal_info *info,
		   const struct k_sigaction *act, uint64_t mask);
/* rt_sigreturn(2): the value for rax; -EFAULT: a bad frame. */
long sigframe_return(struct pt_regs *regs);
size_t sigframe_max_size(void); /* AT_MINSIGSTKSZ */
bool on_sigaltstack(const struct thread *thread, uintptr_t sp);
int sigaltstack_flags(const struct thread *thread, uintptr_t sp); /* SS_* */
void siginfo_fill(struct siginfo *to, const struct signal_info *info);

#endif
