/* SPDX-License-Identifier: MIT */
/*
 * Signals: what is pending, what is blocked, and the way to a handler in
 * ring 3 and back. send_signal() and die_by_signal() are in thread.h.
 */
#ifndef KERNEL_TASK_SIGNAL_H
#define KERNEL_TASK_SIGNAL_H

#include "kernel/base.h"

struct k_sigaction;
struct process;
struct pt_regs;
struct siginfo;
struct thread;
struct wait_queue_head;

/* What a handler is told of its signal: <asm/siginfo.h>. */
struct signal_info {
	int sig;
	int code; /* SI_* or the code of a fault */
	int error;
	uintptr_t addr; /* of a fault; else the sigval */
	int pid; /* of the sender */
	uint32_t uid;
};

/* "SIGSEGV", for logs; real-time signals share one name. */
const char *signal_name(int sig);

void signal_init(void); /* the slab cache */
void signal_thread_init(struct thread *thread);
/* Forgets what is pending and frees it. */
void signal_thread_free(struct thread *thread);
void signal_process_free(struct process *process);

/* As send_signal(), with the details; also for a whole process. */
void send_signal_info(struct thread *thread, const struct signal_info *info);
void send_process_signal(struct process *process,
			 const struct signal_info *info);
/*
 * A fault of ring 3 that its program caused: a handler will see it, and
 * without one, or with the signal blocked or ignored, the process ends.
 * Returns false in that case and leaves the end to the caller.
 */
bool force_signal(const struct signal_info *info);

/*
 * On the way to ring 3, with CPU_WORK_SIGNAL: builds the frame of a handler,
 * ends the process, or ends the thread of a process that is ending. A call that
 * was interrupted ends with -EINTR or is made again: kernel/task/restart.h.
 */
void signal_deliver(struct pt_regs *regs);

/* Takes one pending signal of the set mask off its queue; false: none. */
bool signal_take(uint64_t mask, struct signal_info *info);

/* rt_sigaction(2): either may be NULL. -EINVAL. */
int signal_action(int sig, const struct k_sigaction *act,
		  struct k_sigaction *old);
/* rt_sigprocmask(2): SIGKILL and SIGSTOP stay unblocked. -EINVAL. */
int signal_procmask(int how, uint64_t set);
uint64_t signals_pending_blocked(void); /* rt_sigpending(2) */
uint64_t signals_pending_of(uint64_t mask); /* for the calling thread */
/* Where signalfds wait: woken for each signal that becomes pending. */
struct wait_queue_head *signalfd_wq(void);
uint64_t signals_unblockable(void); /* SIGKILL and SIGSTOP */

/*
 * The mask of ppoll(), pselect(), epoll_pwait() and sigsuspend(): set before
 * the wait. When a signal ended that, the mask stays until the signal was
 * delivered, and the handler's return brings the old one back (or
 * signal_deliver() itself when there was no handler).
 */
void sigmask_set(uint64_t mask);
void sigmask_restore_unless(bool interrupted);

/*
 * kernel/task/sigframe.c: the frame on the user's stack, as Linux lays it
 * out. setup: -EFAULT when the stack cannot hold it.
 */
int sigframe_setup(struct pt_regs *regs, const struct signal_info *info,
		   const struct k_sigaction *act, uint64_t mask);
/* rt_sigreturn(2): the value for rax; -EFAULT: the frame is no frame. */
long sigframe_return(struct pt_regs *regs);
size_t sigframe_max_size(void); /* AT_MINSIGSTKSZ */
bool on_sigaltstack(const struct thread *thread, uintptr_t sp);
int sigaltstack_flags(const struct thread *thread, uintptr_t sp); /* SS_* */
void siginfo_fill(struct siginfo *to, const struct signal_info *info);

#endif
