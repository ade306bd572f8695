/* SPDX-License-Identifier: MIT */
/*
 * Threads: stacks of their own that take turns where they block, as
 * kernel/task/sched.c has it, but for FPU and page tables. The idle thread is
 * whoever runs the machine; it comes back when nobody wants to run any more.
 */
#include "kernel/task/sched.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel/task/clock.h"
#include "kernel/task/process.h"
#include "kernel/task/softirq.h"
#include "kernel/task/thread.h"
#include "kernel/x86/cpu.h"
#include "machine/parts.h"

#define STACK_SIZE (128 * KiB)
#define RESCHED_NS (500 * NSEC_PER_USEC)
/* On the way to ring 3 an interrupt has come: once in so many calls. */
#define CALLS_A_SOFTIRQ 4
/* Looks of a machine that never sleeps, until it is taken for frozen. */
#define SWITCHES_MAX 1000000
#define CALLS_MAX 1000000

struct sim_thread {
	struct thread thread;
	void (*fn)(void *arg);
	void *arg;
	struct sim_thread *next_free;
};

/* With the address sanitizer: what an ended thread's frames left behind. */
void __asan_unpoison_memory_region(const volatile void *addr, size_t size)
	__attribute__((weak));

static LIST_HEAD(run_queue);
static struct thread idle_thread;
static struct sim_thread *free_threads;
static unsigned int nr_threads;
static unsigned int nr_switches, nr_calls; /* in this run */

void sched_up(void)
{
	INIT_LIST_HEAD(&idle_thread.run);
	idle_thread.state = THREAD_RUNNABLE;
	cpu0.running = &idle_thread;
}

struct thread *get_current(void)
{
	return cpu0.running;
}

void set_current_state(enum thread_state state)
{
	current->state = state;
}

void wake_up_thread(struct thread *thread)
{
	if (thread->state != THREAD_SLEEPING)
		return;
	thread->state = THREAD_RUNNABLE;
	if (thread != current)
		list_add_tail(&thread->run, &run_queue);
}

static struct thread *pick_next(struct thread *prev)
{
	bool prev_goes_on = prev->state == THREAD_RUNNABLE;
	struct thread *next;

	if (list_empty(&run_queue))
		return prev_goes_on ? prev : &idle_thread;
	next = list_first_entry(&run_queue, struct thread, run);
	list_del_init(&next->run);
	if (prev_goes_on && prev != &idle_thread)
		list_add_tail(&prev->run, &run_queue);
	return next;
}

void schedule(void)
{
	struct thread *prev = current, *next;

	ASSERT(!in_softirq());
	if (++nr_switches > SWITCHES_MAX)
		panic("frozen: threads take turns without end");
	do_softirq();
	cpu_clear_work(CPU_WORK_RESCHED);
	next = pick_next(prev);
	if (next == prev)
		return;
	next->switched_in = ktime_get_ns();
	cpu0.running = next;
	switch_stack(&prev->ksp, next->ksp);
}

void cond_resched(void)
{
	uint64_t now = ktime_get_ns();

	ASSERT(current->state == THREAD_RUNNABLE);
	if (current == &idle_thread || now < current->switched_in + RESCHED_NS)
		return;
	current->switched_in = now;
	schedule();
}

static void alarm_ring(struct timer *timer)
{
	struct thread *thread = container_of(timer, struct thread, alarm);

	thread->alarm_fired = true;
	wake_up_thread(thread);
}

bool schedule_until(uint64_t deadline)
{
	struct thread *self = current;

	if (deadline == UINT64_MAX) {
		schedule();
		return false;
	}
	if (ktime_of(deadline) <= ktime_get_ns()) {
		do_softirq();
		set_current_state(THREAD_RUNNABLE);
		return true;
	}
	self->alarm_fired = false;
	timer_setup(&self->alarm, alarm_ring);
	timer_start(&self->alarm, deadline);
	schedule();
	timer_cancel(&self->alarm);
	return self->alarm_fired;
}

void sched_sleep(uint64_t ns)
{
	uint64_t end = ktime_get_ns() + ns;

	do {
		set_current_state(THREAD_SLEEPING);
	} while (!schedule_until(end));
	set_current_state(THREAD_RUNNABLE);
}

/* What an interrupt does that finds the thread in ring 3. */
void sched_leave_call(void)
{
	if (++nr_calls > CALLS_MAX)
		panic("frozen: a thread makes calls without end");
	if (nr_calls % CALLS_A_SOFTIRQ)
		return;
	do_softirq();
	if (!list_empty(&run_queue) && nr_calls % 64 == 0)
		schedule();
}

static void thread_main(void)
{
	struct sim_thread *self = container_of(current, struct sim_thread,
					       thread);

	self->fn(self->arg);
	env.thread_ended(env.host, self->arg);
	nr_threads--;
	self->thread.state = THREAD_DEAD;
	self->next_free = free_threads;
	free_threads = self;
	schedule();
	__builtin_trap();
}

static struct sim_thread *thread_alloc(void)
{
	struct sim_thread *t = free_threads;

	if (t) {
		free_threads = t->next_free;
		if (__asan_unpoison_memory_region)
			__asan_unpoison_memory_region(t->thread.kstack,
						      STACK_SIZE);
		return t;
	}
	t = calloc(1, sizeof(*t));
	t->thread.kstack = mmap(NULL, STACK_SIZE + PAGE_SIZE,
				PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
				0);
	/* Stacks end at a page that is not there. */
	mprotect(t->thread.kstack, PAGE_SIZE, PROT_NONE);
	t->thread.kstack = (char *)t->thread.kstack + PAGE_SIZE;
	INIT_LIST_HEAD(&t->thread.run);
	RB_CLEAR_NODE(&t->thread.alarm.node);
	return t;
}

void sched_thread_start(void (*fn)(void *arg), void *arg)
{
	struct sim_thread *t = thread_alloc();
	uintptr_t *sp;

	t->fn = fn;
	t->arg = arg;
	t->thread.process = the_process();
	t->thread.state = THREAD_RUNNABLE;
	/* Six registers, where to go, and a return address that is none. */
	sp = (uintptr_t *)((char *)t->thread.kstack + STACK_SIZE) - 8;
	memset(sp, 0, 8 * sizeof(*sp));
	sp[6] = (uintptr_t)thread_main;
	t->thread.ksp = (uintptr_t)sp;
	nr_threads++;
	list_add_tail(&t->thread.run, &run_queue);
}

unsigned int sched_threads(void)
{
	return nr_threads;
}

bool sched_wants_to_run(void)
{
	return softirq_pending() || !list_empty(&run_queue);
}

/* The idle loop, until there is nothing to do but to wait. */
void sched_run(void)
{
	nr_switches = nr_calls = 0;
	do {
		softirq_end_rest();
		schedule();
	} while (sched_wants_to_run());
}
