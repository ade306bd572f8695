/* SPDX-License-Identifier: MIT */
/*
 * The one process: what its threads share, its identity, its end.
 */
#ifndef KERNEL_TASK_PROCESS_H
#define KERNEL_TASK_PROCESS_H

#include "kernel/base.h"
#include "kernel/lib/list.h"

struct fdtable;
struct mm;
struct thread;

/* The application's identity: not root, so that it drops no privileges. */
#define APP_PID 1
#define APP_UID 1000
#define APP_GID 1000

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

struct process *the_process(void); /* NULL before process_start() */

/* Sleeps until the application has ended; its status (0-255). */
int process_wait(void);

/*
 * Sends the kernel's own SIGTERM: the machine's operator wants it to end.
 * False if the application has not been started or is ending. Any context.
 */
bool process_terminate(void);
/* The exit status if the application is ending, else `otherwise`. */
int process_status(int otherwise);

/* prlimit64(2): -EINVAL, -EPERM. new may be NULL. */
int process_rlimit(struct process *process, unsigned int resource,
		   const struct rlimit_pair *new, struct rlimit_pair *old);

/*
 * Ends the application and wakes process_wait(). Called by one of its threads.
 * status: 0-255 as wait(2) shows.
 */
_Noreturn void do_exit_group(int status);
/* A signal whose default action ends the process: log, then exit 128+sig. */
_Noreturn void die_by_signal(int sig);
/* Whether the process is ending, so that a long call may stop early. */
bool fatal_signal_pending(void);

/* CPU time used, in nanoseconds. */
uint64_t thread_cpu_ns(const struct thread *thread);
uint64_t process_cpu_ns(const struct process *process);

/*
 * Inside kernel/task/. The first thread of a new process, or one more; at
 * the end of a thread of ring 3; and the whole of a process that never ran.
 */
struct process *process_create(const char *path); /* NULL: no memory */
void process_adopt(struct process *process, struct thread *thread);
void process_thread_exit(void);
void process_free(struct process *process);
void process_publish(struct process *process); /* the_process() from now on */

#endif
