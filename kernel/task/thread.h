/* SPDX-License-Identifier: MIT */
/*
 * Threads of the one process, and kernel threads. Each has a kernel stack;
 * they switch only where they block, and by the tick while in ring 3.
 */
#ifndef KERNEL_TASK_THREAD_H
#define KERNEL_TASK_THREAD_H

#include "kernel/base.h"
#include "kernel/lib/list.h"
#include "kernel/lib/rbtree.h"
#include "kernel/task/restart.h"
#include "kernel/task/timer.h"

struct fdtable;
struct mm;
struct pt_regs;

#define NR_SIGNALS 64 /* numbered from 1 */

/* struct sigaction as the kernel's ABI lays it out: rt_sigaction(2). */
struct k_sigaction {
	uintptr_t handler; /* SIG_DFL 0, SIG_IGN 1 */
	uint64_t flags;
	uintptr_t restorer;
	uint64_t mask;
};

struct rlimit_pair {
	uint64_t cur;
	uint64_t max;
};

#define NR_RLIMITS 16

/* What the threads of the application share. */
struct process {
	struct mm *mm;
	struct fdtable *files;
	struct k_sigaction sigaction[NR_SIGNALS]; /* of signal i + 1 */
	uint64_t pending; /* signals sent to the process as a whole */
	struct list_head sigqueue; /* their siginfo, see signal.c */
	struct rlimit_pair rlimit[NR_RLIMITS];
	struct list_head threads;
	unsigned int nr_threads;
	uint32_t umask;
	int nice; /* as setpriority(2) set it */
	char name[64]; /* of the executable, for logs */
	char exe[256]; /* path in the root file system */
	uint64_t ended_cpu_ns; /* CPU time of the threads that have ended */
	bool exiting;
	int exit_status; /* 0-255, 128+signal when killed */
};

enum thread_state {
	THREAD_RUNNABLE,
	THREAD_SLEEPING,
	THREAD_DEAD,
};

struct thread {
	/* The assembly in kernel/x86/ knows these by offset. */
	uintptr_t ksp; /* saved stack pointer while not running */
	uintptr_t kstack_top;
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
	bool restore_mask; /* ... when the next signal was looked at */
	bool signal_work; /* CPU_WORK_SIGNAL while it is not current */
	struct restart_block restart; /* of the call that was interrupted */
	struct {
		uintptr_t sp;
		uint64_t size;
		int flags;
	} altstack;
	uintptr_t clear_child_tid;
	uintptr_t robust_list;
	struct list_head *doomed; /* files that it is closing: net/socket/scm.c */
	uint64_t cpu_ns; /* time on the CPU */
	uint64_t switched_in; /* when it got the CPU */
};

struct thread *get_current(void);
#define current (get_current())

void sched_init(void); /* makes the boot stack a thread: the idle thread */
struct thread *kthread_create(const char *name, void (*fn)(void *arg),
			      void *arg); /* runnable; NULL: no memory */
void wake_up_thread(struct thread *thread); /* no-op unless sleeping */
void yield(void);
/*
 * A point in long work, in a thread's own context, where whatever is due runs:
 * softirqs, and another thread when this one has had the CPU for a while.
 * Everything that the caller shares may have changed when it returns. It costs
 * a few instructions where nothing is due.
 */
void cond_resched(void);
/* Whether the process is ending: a long call of current's may stop here. */
bool fatal_signal_pending(void);
_Noreturn void thread_exit(void);
/* Current's state, before the condition is tested: see wait.h. */
void set_current_state(enum thread_state state);

/* The idle loop; the boot thread ends here. */
_Noreturn void idle(void);

/* prlimit64(2): -EINVAL, -EPERM. new may be NULL. */
int process_rlimit(struct process *process, unsigned int resource,
		   const struct rlimit_pair *new, struct rlimit_pair *old);

/*
 * Ends the application: wakes whoever waits in process_wait(); never returns
 * when a thread of the application calls it. status: 0-255 as wait(2) shows.
 */
_Noreturn void do_exit_group(int status);
/* A signal whose default action ends the process: log, then exit 128+sig. */
_Noreturn void die_by_signal(int sig);
/*
 * Sends sig to the application as raise(3) would: an ignored one is dropped,
 * one with default action "terminate" ends it when the current thread
 * returns to ring 3. Handlers are delivered by kernel/task/signal.c.
 */
void send_signal(struct thread *thread, int sig);

#endif
