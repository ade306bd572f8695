/* SPDX-License-Identifier: MIT */
/*
 * Threads of the one process, and kernel threads. Each has a kernel stack.
 * They switch only where they block, and in ring 3 when a time slice ends.
 */
#ifndef KERNEL_TASK_THREAD_H
#define KERNEL_TASK_THREAD_H

#include "kernel/base.h"
#include "kernel/lib/list.h"
#include "kernel/lib/rbtree.h"
#include "kernel/task/process.h"
#include "kernel/task/restart.h"
#include "kernel/task/sched.h"
#include "kernel/task/timer.h"

struct pt_regs;

struct thread {
	/* The assembly in kernel/x86/ knows these by offset. */
	uintptr_t ksp; /* saved stack pointer while not running */
	uintptr_t kstack_top;
	uintptr_t stack_guard; /* of kstack: kernel/stack_guard.h */
	/* Scheduler. */
	enum thread_state state;
	struct list_head run; /* on the run queue when runnable, not current */
	struct timer alarm; /* of schedule_until() */
	bool alarm_fired;
	/* Identity. */
	int tid;
	struct rb_node tid_node; /* by tid: tid.c */
	void *kstack;
	struct process *process; /* NULL: kernel thread */
	struct list_head siblings;
	char comm[16];
	/* Ring 3 state. */
	struct pt_regs *regs; /* at the top of the stack */
	uintptr_t fs_base;
	uintptr_t gs_base;
	void *fpu; /* XSAVE area, NULL: kernel thread */
	uint64_t blocked; /* signal mask: bit sig - 1 */
	uint64_t pending; /* signals that wait for delivery */
	struct list_head sigqueue; /* their siginfo */
	uint64_t sigwait; /* blocked ones that sigtimedwait() waits for */
	uint64_t saved_mask; /* the mask from before the call */
	bool restore_mask; /* saved_mask is restored after the next signal */
	bool signal_work; /* CPU_WORK_SIGNAL while it is not current */
	struct restart_block restart; /* of the call that was interrupted */
	struct {
		uintptr_t sp;
		uint64_t size;
		int flags;
	} altstack;
	uintptr_t clear_child_tid;
	uintptr_t robust_list;
	struct list_head *doomed; /* files being closed: net/socket/scm.c */
	uint64_t cpu_ns; /* time on the CPU */
	uint64_t switched_in; /* when it got the CPU */
};

struct thread *kthread_create(const char *name, void (*fn)(void *arg),
			      void *arg); /* runnable; NULL: no memory */
_Noreturn void thread_exit(void);

/* ---- Inside kernel/task/ ------------------------------------------------- */

/* The slab caches of threads and FPU areas. */
void thread_caches_init(void);

/*
 * A thread of process with a number, a kernel stack, an FPU area as a new
 * program sees it, and zeroed registers at thread->regs. On no list, not
 * runnable. NULL: no memory, or no number.
 */
struct thread *thread_create_user(struct process *process);
/* Frees a thread that never ran, or will not run again. */
void thread_free(struct thread *thread);

#endif
