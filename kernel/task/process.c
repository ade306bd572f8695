/* SPDX-License-Identifier: MIT */
/*
 * The one process: what its threads share, and its end. Owns struct process.
 *
 * The process ends in one way: do_exit_group() stores the status and wakes
 * every thread. Each finds signal_pending() true and ends itself on the way to
 * ring 3; the last one closes the files and wakes process_wait(). The address
 * space stays until the machine is off: the CPU still uses its page tables.
 * Thread context.
 */
#include "kernel/task/process.h"

#include <asm/resource.h>
#include <errno.h>
#include <linux/signal.h>
#include <stdio.h>
#include <string.h>

#include "kernel/check.h"
#include "kernel/fs/fdtable.h"
#include "kernel/mm/mm.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/uaccess.h"
#include "kernel/mm/vma.h"
#include "kernel/printk.h"
#include "kernel/task/clock.h"
#include "kernel/task/futex.h"
#include "kernel/task/itimer.h"
#include "kernel/task/sched.h"
#include "kernel/task/signal.h"
#include "kernel/task/thread.h"
#include "kernel/task/tid.h"
#include "kernel/task/wait.h"

#define STACK_LIMIT (8 * MiB) /* what Linux gives */

/*
 * Descriptors: a server of this kind serves thousands of connections and its
 * binary expects a shell that ran `ulimit -n`; there is none here.
 */
#define NOFILE_SOFT 65536

static struct process *process;
static struct wait_queue_head ended = { LIST_HEAD_INIT(ended.head) };
static bool has_ended;

struct process *the_process(void)
{
	return process;
}

/* A runnable thread must be where the scheduler finds it. */
static const char *thread_check(const struct thread *thread)
{
	bool waits_for_cpu = thread->state == THREAD_RUNNABLE &&
			     thread != current;

	if (waits_for_cpu == list_empty(&thread->run))
		return "sched 1: a runnable thread is not on the run queue";
	return NULL;
}

/* Checks the application, its memory and its files. */
static const char *process_check(void)
{
	const struct process *p = the_process();
	const struct thread *thread;
	const char *broken = NULL;

	if (!p)
		return NULL;
	if (!list_is_intact(&p->threads))
		return "process: the threads' links disagree";
	list_for_each_entry(thread, &p->threads, siblings) {
		broken = thread_check(thread);
		if (broken)
			return broken;
	}
	broken = mm_check(p->mm);
	if (!broken && p->files)
		broken = fdtable_check(p->files);
	return broken;
}

void process_publish(struct process *p)
{
	process = p;
	check_register("process", process_check);
}

static void limits_init(struct process *p)
{
	for (int i = 0; i < NR_RLIMITS; i++)
		p->rlimit[i] = (struct rlimit_pair){ RLIM_INFINITY,
						     RLIM_INFINITY };
	p->rlimit[RLIMIT_STACK].cur = STACK_LIMIT;
	p->rlimit[RLIMIT_CORE].cur = 0;
	p->rlimit[RLIMIT_NOFILE] = (struct rlimit_pair){ NOFILE_SOFT,
							 FD_LIMIT_MAX };
	p->rlimit[RLIMIT_MEMLOCK] = (struct rlimit_pair){ STACK_LIMIT,
							  STACK_LIMIT };
	p->rlimit[RLIMIT_NICE] = (struct rlimit_pair){ 0, 0 };
	p->rlimit[RLIMIT_RTPRIO] = (struct rlimit_pair){ 0, 0 };
}

/* Passes on the limits that are enforced outside system calls. */
static void limits_apply(struct process *p)
{
	p->mm->stack_max = p->rlimit[RLIMIT_STACK].cur;
	p->mm->limit = p->rlimit[RLIMIT_AS].cur;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

struct process *process_create(const char *path)
{
	struct process *p = kzalloc(sizeof(*p));

	if (!p)
		return NULL;
	INIT_LIST_HEAD(&p->threads);
	INIT_LIST_HEAD(&p->sigqueue);
	p->umask = 022;
	snprintf(p->exe, sizeof(p->exe), "%s", path);
	snprintf(p->name, sizeof(p->name), "%s", base_name(path));
	limits_init(p);
	p->mm = mm_create();
	p->files = fdtable_create();
	if (!p->mm || !p->files) {
		process_free(p);
		return NULL;
	}
	limits_apply(p);
	return p;
}

void process_free(struct process *p)
{
	signal_process_free(p);
	if (p->files)
		fdtable_destroy(p->files);
	if (p->mm)
		mm_destroy(p->mm);
	kfree(p);
}

void process_adopt(struct process *p, struct thread *thread)
{
	list_add_tail(&thread->siblings, &p->threads);
	p->nr_threads++;
	snprintf(thread->comm, sizeof(thread->comm), "%s", p->name);
}

uint64_t thread_cpu_ns(const struct thread *thread)
{
	uint64_t running = 0;

	if (thread == current)
		running = ktime_get_ns() - thread->switched_in;
	return thread->cpu_ns + running;
}

uint64_t process_cpu_ns(const struct process *p)
{
	uint64_t ns = p->ended_cpu_ns;
	struct thread *thread;

	list_for_each_entry(thread, &p->threads, siblings)
		ns += thread_cpu_ns(thread);
	return ns;
}

int process_rlimit(struct process *p, unsigned int resource,
		   const struct rlimit_pair *new, struct rlimit_pair *old)
{
	struct rlimit_pair *slot;

	if (resource >= NR_RLIMITS)
		return -EINVAL;
	slot = &p->rlimit[resource];
	*old = *slot;
	if (!new)
		return 0;
	if (new->cur > new->max)
		return -EINVAL;
	if (new->max > slot->max)
		return -EPERM; /* needs CAP_SYS_RESOURCE */
	*slot = *new;
	limits_apply(p);
	return 0;
}

/* CLONE_CHILD_CLEARTID, set_tid_address(2): how pthread_join() waits. */
static void clear_child_tid(struct thread *thread)
{
	int *tid = (int *)thread->clear_child_tid;

	if (!tid)
		return;
	if (!put_user(0, tid))
		futex_wake((uintptr_t)tid, true, 1, FUTEX_ANY);
}

void process_thread_exit(void)
{
	struct thread *self = current;
	struct process *p = self->process;

	futex_exit_robust(self);
	clear_child_tid(self);
	p->ended_cpu_ns += thread_cpu_ns(self);
	tid_detach(self);
	list_del_init(&self->siblings);
	if (--p->nr_threads)
		return;
	p->exiting = true;
	itimer_stop();
	fdtable_destroy(p->files);
	p->files = NULL;
	has_ended = true;
	wake_up_all(&ended);
}

void do_exit_group(int status)
{
	struct process *p = current->process;
	struct thread *thread;

	ASSERT(p);
	if (!p->exiting) {
		p->exiting = true;
		p->exit_status = status & 0xff;
		list_for_each_entry(thread, &p->threads, siblings)
			wake_up_thread(thread);
	}
	thread_exit();
}

void die_by_signal(int sig)
{
	struct process *p = current->process;

	ASSERT(p);
	if (!p->exiting)
		pr_err("%s[%d]: killed by %s", p->name, current->tid,
		       signal_name(sig));
	do_exit_group(128 + sig);
}

bool fatal_signal_pending(void)
{
	return current->process && current->process->exiting;
}

bool process_terminate(void)
{
	struct signal_info info = { .sig = SIGTERM, .code = SI_KERNEL };

	if (!process || process->exiting)
		return false;
	send_process_signal(process, &info);
	return true;
}

int process_status(int otherwise)
{
	return process && process->exiting ? process->exit_status : otherwise;
}

int process_wait(void)
{
	wait_event_until(&ended, has_ended, UINT64_MAX);
	return process->exit_status;
}
