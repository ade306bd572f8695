/* SPDX-License-Identifier: MIT */
/*
 * CPU time used, in nanoseconds.
 */
#ifndef KERNEL_TASK_CPUTIME_H
#define KERNEL_TASK_CPUTIME_H

#include <stdint.h>

struct process;
struct thread;

uint64_t thread_cpu_ns(const struct thread *thread);
uint64_t process_cpu_ns(const struct process *process);

uint64_t sched_switches(void); /* of the CPU from one thread to another */

#endif
