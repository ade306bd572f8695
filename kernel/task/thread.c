/* SPDX-License-Identifier: MIT */
/*
 * How threads begin and end. Owns the slab caches of threads and of their FPU
 * areas; a thread's kernel stack comes from kstack_alloc(). Thread context.
 */
#include "kernel/task/thread.h"

#include <stdio.h>
#include <string.h>

#include "kernel/mm/kvmalloc.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/vmap.h"
#include "kernel/random.h"
#include "kernel/stack_guard.h"
#include "kernel/task/sched.h"
#include "kernel/task/signal.h"
#include "kernel/task/tid.h"
#include "kernel/task/wait.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/fpu.h"
#include "kernel/x86/regs.h"

#define XSAVE_ALIGN 64 /* SDM vol 1 13.4 */

static struct kmem_cache *thread_cache __ro_after_init;
static struct kmem_cache *fpu_cache __ro_after_init;

void thread_caches_init(void)
{
	thread_cache = kmem_cache_create("thread", sizeof(struct thread), 0);
	fpu_cache = kmem_cache_create("fpu", cpu_features.xsave_size,
				      XSAVE_ALIGN);
	if (!thread_cache || !fpu_cache)
		panic("no memory for threads");
	kmem_cache_set_flags(fpu_cache, ALLOC_USER);
	signal_init();
}

/* The state of some CPUs' units takes more than a page. */
static void *fpu_alloc(void)
{
	if (cpu_features.xsave_size > PAGE_SIZE)
		return kvmalloc(cpu_features.xsave_size);
	return kmem_cache_alloc(fpu_cache);
}

static void fpu_free(void *area)
{
	if (cpu_features.xsave_size > PAGE_SIZE)
		kvfree(area);
	else if (area)
		kmem_cache_free(fpu_cache, area);
}

static struct thread *thread_alloc(void)
{
	struct thread *thread = kmem_cache_zalloc(thread_cache);

	if (!thread)
		return NULL;
	thread->kstack = kstack_alloc();
	if (!thread->kstack) {
		kmem_cache_free(thread_cache, thread);
		return NULL;
	}
	thread->kstack_top = (uintptr_t)thread->kstack + KSTACK_SIZE;
	thread->stack_guard = stack_guard_of(random_u64());
	INIT_LIST_HEAD(&thread->run);
	INIT_LIST_HEAD(&thread->siblings);
	RB_CLEAR_NODE(&thread->tid_node);
	signal_thread_init(thread);
	return thread;
}

void thread_free(struct thread *thread)
{
	tid_detach(thread);
	signal_thread_free(thread);
	fpu_free(thread->fpu);
	kstack_free(thread->kstack);
	kmem_cache_free(thread_cache, thread);
}

/* What enter_kthread calls: r12(r13) of the first frame. */
struct kthread_start {
	void (*fn)(void *arg);
	void *arg;
};

static void kthread_run(void *start_arg)
{
	struct kthread_start start = *(struct kthread_start *)start_arg;

	sched_finish_switch();
	start.fn(start.arg);
	thread_exit();
}

struct thread *kthread_create(const char *name, void (*fn)(void *arg),
			      void *arg)
{
	struct thread *thread = thread_alloc();
	struct kthread_start *start;
	struct switch_frame *frame;

	if (!thread)
		return NULL;
	snprintf(thread->comm, sizeof(thread->comm), "%s", name);
	start = (struct kthread_start *)thread->kstack_top - 1;
	*start = (struct kthread_start){ fn, arg };
	frame = (struct switch_frame *)start - 1;
	memset(frame, 0, sizeof(*frame));
	frame->r12 = (uint64_t)kthread_run;
	frame->r13 = (uint64_t)start;
	frame->rip = (uint64_t)enter_kthread;
	thread->ksp = (uintptr_t)frame;
	sched_start(thread);
	return thread;
}

struct thread *thread_create_user(struct process *process)
{
	struct thread *thread = thread_alloc();
	struct switch_frame *frame;

	if (!thread)
		return NULL;
	thread->fpu = fpu_alloc();
	if (!thread->fpu || tid_attach(thread)) {
		thread_free(thread);
		return NULL;
	}
	fpu_init_area(thread->fpu);
	thread->process = process;
	thread->regs = (struct pt_regs *)thread->kstack_top - 1;
	memset(thread->regs, 0, sizeof(*thread->regs));
	frame = (struct switch_frame *)thread->regs - 1;
	memset(frame, 0, sizeof(*frame));
	frame->rip = (uint64_t)enter_user;
	thread->ksp = (uintptr_t)frame;
	return thread;
}

void thread_exit(void)
{
	if (current->process)
		process_thread_exit();
	set_current_state(THREAD_DEAD);
	schedule();
	panic("a dead thread ran");
}
