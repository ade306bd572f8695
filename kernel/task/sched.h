/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: which thread runs, and giving up the CPU.
 */
#ifndef KERNEL_TASK_SCHED_H
#define KERNEL_TASK_SCHED_H

#include "kernel/base.h"

struct mm;
struct thread;

enum thread_state {
	THREAD_RUNNABLE,
	THREAD_SLEEPING,
	THREAD_DEAD,
};

struct thread *get_current(void);
#define current (get_current())

void sched_init(void); /* makes the boot stack a thread: the idle thread */
/* The idle loop; the boot thread ends here. */
_Noreturn void idle(void);

void wake_up_thread(struct thread *thread); /* no-op unless sleeping */
void yield(void);
/*
 * A point in a thread's long work where pending softirqs run, and another
 * thread if this one has had the CPU for a while. On return everything that
 * the caller shares may have changed. Costs a few instructions when nothing is
 * due.
 */
void cond_resched(void);

/* Current's state, before the condition is tested: see wait.h. */
void set_current_state(enum thread_state state);
/*
 * schedule() gives up the CPU; it runs pending softirqs first.
 * schedule_until() also wakes the thread at the deadline: true if that was
 * reached, or had passed already.
 */
void schedule(void);
bool schedule_until(uint64_t deadline);
uint64_t sched_switches(void); /* from one thread to another, so far */

const char *sched_check(void); /* kernel/check.h */

/* ---- Inside kernel/task/ ------------------------------------------------- */

/*
 * Activates mm's page tables for the lower half of memory; NULL: none. They
 * stay active while kernel threads run, until another process's thread runs.
 */
void sched_use_mm(struct mm *mm);

/* Puts a new thread on the run queue. */
void sched_start(struct thread *thread);
/*
 * To be called by a thread that got the CPU from another: frees that one if it
 * has ended.
 */
void sched_finish_switch(void);
/*
 * If the CPU holds thread's FPU registers, FS and GS base, stores them in its
 * struct.
 */
void user_state_save(struct thread *thread);
/* After the struct was changed: the CPU's copy is stale. Current only. */
void user_state_reload(struct thread *thread);

#endif
