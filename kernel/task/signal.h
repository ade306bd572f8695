/* SPDX-License-Identifier: MIT */
/*
 * Signals: what is pending, what is blocked, and the way to a handler in
 * ring 3 and back.
 */
#ifndef KERNEL_TASK_SIGNAL_H
#define KERNEL_TASK_SIGNAL_H

#include "kernel/base.h"

struct k_sigaction;
struct process;
struct pt_regs;
struct thread;
struct wait_queue_head;

/* A signal's details for its handler: <asm/siginfo.h>. */
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

/* Whether current has to handle a signal, or to end: that ends a wait. */
bool signal_pending(void);

void signal_init(void); /* the slab cache */
void signal_thread_init(struct thread *thread);
/* Drops the pending signals and frees their records. */
void signal_thread_free(struct thread *thread);
void signal_process_free(struct process *process);

/*
 * Sends sig to the application as raise(3) would: an ignored one is dropped,
 * one with default action "terminate" ends it when the current thread
 * returns to ring 3. Handlers are delivered by kernel/task/signal.c.
 */
void send_signal(struct thread *thread, int sig);
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
 * the wait. If a signal ended the wait, the mask stays until the signal is
 * delivered, and the handler's return restores the old one (without a handler
 * signal_deliver() does so).
 */
void sigmask_set(uint64_t mask);
void sigmask_restore_unless(bool interrupted);

#endif
