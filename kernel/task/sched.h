/* SPDX-License-Identifier: MIT */
/*
 * Between the files of kernel/task/: how threads are made, started and taken
 * apart. Others use thread.h.
 */
#ifndef KERNEL_TASK_SCHED_H
#define KERNEL_TASK_SCHED_H

#include "kernel/base.h"

struct mm;
struct process;
struct pt_regs;
struct thread;

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

/*
 * kernel/task/process.c. The first thread of a new process, or one more; at
 * the end of a thread of ring 3; and the whole of a process that never ran.
 */
struct process *process_create(const char *path); /* NULL: no memory */
void process_adopt(struct process *process, struct thread *thread);
void process_thread_exit(void);
void process_free(struct process *process);
void process_publish(struct process *process); /* the_process() from now on */

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
/* The thread ends: nobody will want its state again. */
void user_state_drop(struct thread *thread);

#endif
