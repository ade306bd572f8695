/* SPDX-License-Identifier: MIT */
/*
 * The numbers of threads: given in turn, so that one is not soon another's,
 * and again after pid_max (sysctl.kernel.pid_max on the command line), as
 * Linux does. Thread context, but for thread_find(): any.
 */
#ifndef KERNEL_TASK_TID_H
#define KERNEL_TASK_TID_H

struct thread;

#define PID_MAX_LIMIT 4194304 /* what Linux allows on 64 bits */
#define RESERVED_PIDS 300 /* given once, before the first turn is over */

/* Numbers are below it. Once, before there are threads. */
void tid_init(void);
int pid_max(void);

/* The next number in turn that no thread has becomes this one's, or -EAGAIN. */
int tid_attach(struct thread *thread);
/* It is free for others. May come twice, and without a number. */
void tid_detach(struct thread *thread);

/* A thread of the application; NULL when there is none of that number. */
struct thread *thread_find(int tid);

#endif
