/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: who runs, and giving the CPU away.
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
 * A point in long work, in a thread's own context, where whatever is due runs:
 * softirqs, and another thread when this one has had the CPU for a while.
 * Everything that the caller shares may have changed when it returns. It costs
 * a few instructions where nothing is due.
 */
void cond_resched(void);

/* Current's state, before the condition is tested: see wait.h. */
void set_current_state(enum thread_state state);
/*
 * schedule() gives the CPU away; it runs pending softirqs first.
 * schedule_until() is schedule() with an alarm: returns true when the deadline
 * was reached (also when it already was).
 */
void schedule(void);
bool schedule_until(uint64_t deadline);
uint64_t sched_switches(void); /* from one thread to another, so far */

const char *sched_check(void); /* kernel/check.h */

/* ---- Inside kernel/task/ ------------------------------------------------- */

/*
 * Makes the application's half of memory mm's, or nobody's (NULL). It stays so
 * through kernel threads until another process's thread runs.
 */
void sched_use_mm(struct mm *mm);

/* Puts a new thread on the run queue. */
void sched_start(struct thread *thread);
/*
 * What a thread does after it got the CPU from another: frees that one if it
 * had ended.
 */
void sched_finish_switch(void);
/*
 * Brings the FPU registers, FS and GS base of ring 3 that are in the CPU back
 * to their thread's struct, if they are thread's.
 */
void user_state_save(struct thread *thread);
/* After the struct was changed: the CPU's copy is stale. Current only. */
void user_state_reload(struct thread *thread);

#endif
