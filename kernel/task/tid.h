/* SPDX-License-Identifier: MIT */
/*
 * The numbers of threads: given in turn, so that a number is not reused soon,
 * up to pid_max (sysctl.kernel.pid_max on the command line), then again from
 * the start, as on Linux. Thread context; thread_find(): any.
 */
#ifndef KERNEL_TASK_TID_H
#define KERNEL_TASK_TID_H

struct thread;

#define PID_MAX_LIMIT 4194304 /* what Linux allows on 64 bits */
#define RESERVED_PIDS 300 /* given in the first turn only */

/* Numbers are below pid_max. Once, before there are threads. */
void tid_init(void);
int pid_max(void);

/* Gives the thread the next free number in turn, or -EAGAIN. */
int tid_attach(struct thread *thread);
/* Frees the thread's number; harmless if it has none. */
void tid_detach(struct thread *thread);

/* A thread of the application; NULL when there is none of that number. */
struct thread *thread_find(int tid);

#endif
