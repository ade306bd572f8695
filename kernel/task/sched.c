/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: one CPU, one run queue, first come first served. Threads
 * give up the CPU where they block; a thread in ring 3 also loses it when its
 * time slice is over and another one is runnable. Owns the run queue and the
 * idle thread, which is the boot thread. Entered by threads; wake-ups come
 * from any context.
 *
 * Invariants (sched_check(), the other half of 1 in process_check()):
 *  1. a thread is on the run queue if and only if it is RUNNABLE, not current
 *     and not the idle thread;
 *  2. the registers of ring 3 (FPU, FS and GS base) in the CPU are those of
 *     user_owner, whatever runs; so a kernel thread or the idle loop between
 *     two turns of the same thread costs no save and no load;
 *  3. the slice timer is pending while a ring-3 thread is current and the run
 *     queue is not empty. It is not cancelled when that ends, which saves work
 *     when threads wake each other in turn: at worst it fires too early and
 *     checks whose turn it is. With an empty run queue it is not started again
 *     (so there is no tick).
 */
#include "kernel/task/sched.h"

#include <string.h>

#include "kernel/check.h"
#include "kernel/mm/mm.h"
#include "kernel/stack_guard.h"
#include "kernel/task/clock.h"
#include "kernel/task/lockup.h"
#include "kernel/task/process.h"
#include "kernel/task/signal.h"
#include "kernel/task/softirq.h"
#include "kernel/task/thread.h"
#include "kernel/task/timer.h"
#include "kernel/task/wait.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/fpu.h"
#include "kernel/x86/gdt.h"
#include "kernel/x86/paging.h"

#define SLICE_NS (10 * NSEC_PER_MSEC)
/* How long cond_resched() lets a thread keep the CPU from others. */
#define RESCHED_NS (500 * NSEC_PER_USEC)

static LIST_HEAD(run_queue);
static struct thread idle_thread;
static struct thread *dead; /* ended; on its stack until the switch */
static struct thread *user_owner; /* NULL: nobody's */
static struct mm *active_mm;
static struct timer slice;
static uint64_t nr_switches;

struct thread *get_current(void)
{
	return cpu0.running;
}

uint64_t sched_switches(void)
{
	return nr_switches;
}

void set_current_state(enum thread_state state)
{
	current->state = state;
}

/* The slice counts from when the thread got the CPU: it may be over already. */
static void slice_arm(void)
{
	const struct thread *thread = current;

	if (thread->process && !list_empty(&run_queue) &&
	    !timer_pending(&slice))
		timer_start(&slice, thread->switched_in + SLICE_NS);
}

static void slice_over(struct timer *timer)
{
	if (current->switched_in + SLICE_NS > ktime_get_ns())
		slice_arm();
	else if (current->process && !list_empty(&run_queue))
		cpu_set_work(CPU_WORK_RESCHED);
}

void sched_init(void)
{
	thread_caches_init();
	strcpy(idle_thread.comm, "idle");
	idle_thread.stack_guard = __stack_chk_guard;
	INIT_LIST_HEAD(&idle_thread.run);
	INIT_LIST_HEAD(&idle_thread.siblings);
	INIT_LIST_HEAD(&idle_thread.sigqueue);
	idle_thread.state = THREAD_RUNNABLE;
	idle_thread.switched_in = ktime_get_ns();
	cpu0.running = &idle_thread;
	timer_setup(&slice, slice_over);
	check_register("scheduler", sched_check);
}

void sched_start(struct thread *thread)
{
	thread->state = THREAD_RUNNABLE;
	list_add_tail(&thread->run, &run_queue);
	slice_arm();
}

void wake_up_thread(struct thread *thread)
{
	if (thread->state != THREAD_SLEEPING)
		return;
	thread->state = THREAD_RUNNABLE;
	if (thread == current)
		return; /* not yet switched away: schedule() will see it */
	list_add_tail(&thread->run, &run_queue);
	slice_arm();
}

void user_state_save(struct thread *thread)
{
	if (user_owner != thread)
		return;
	fpu_save(thread->fpu);
	thread->fs_base = cpu_get_fs_base(); /* WRFSBASE needs no call */
	thread->gs_base = cpu_get_user_gs_base();
}

void user_state_reload(struct thread *thread)
{
	user_owner = thread;
	fpu_restore(thread->fpu);
	cpu_set_fs_base(thread->fs_base);
	cpu_set_user_gs_base(thread->gs_base);
}

/* The thread ends: its state is not needed again. */
static void user_state_drop(struct thread *thread)
{
	if (user_owner == thread)
		user_owner = NULL;
}

void sched_use_mm(struct mm *mm)
{
	if (mm == active_mm)
		return;
	active_mm = mm;
	if (mm)
		mm_activate(mm);
	else
		load_cr3(kernel_pgd);
}

/* Switches everything in which two threads of ring 3 differ. */
static void user_switch(struct thread *next)
{
	if (user_owner == next)
		return;
	if (user_owner)
		user_state_save(user_owner);
	user_state_reload(next);
	cpu_set_kernel_stack(next->kstack_top);
	sched_use_mm(next->process->mm);
}

void sched_finish_switch(void)
{
	if (dead) {
		thread_free(dead);
		dead = NULL;
	}
}

static void context_switch(struct thread *prev, struct thread *next)
{
	uint64_t now = ktime_get_ns();

	nr_switches++;
	prev->cpu_ns += now - prev->switched_in;
	next->switched_in = now;
	if (prev->state == THREAD_DEAD) {
		sched_finish_switch(); /* a new thread of ring 3 did not */
		user_state_drop(prev);
		dead = prev;
	}
	prev->signal_work = cpu_has_work(CPU_WORK_SIGNAL);
	cpu0.running = next;
	if (next->process) {
		user_switch(next);
		if (next->signal_work || signal_pending())
			cpu_set_work(CPU_WORK_SIGNAL);
	}
	slice_arm();
	__stack_chk_guard = next->stack_guard;
	switch_stack(&prev->ksp, next->ksp);
	sched_finish_switch();
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
	lockup_progress();
	do_softirq();
	cpu_clear_work(CPU_WORK_RESCHED);
	next = pick_next(prev);
	if (next != prev)
		context_switch(prev, next);
}

void yield(void)
{
	schedule();
}

void cond_resched(void)
{
	static uint64_t last;
	uint64_t now = ktime_get_ns();

	ASSERT(current->state == THREAD_RUNNABLE);
	if (likely(!cpu0.irqs &&
		   now < MAX(last, current->switched_in) + RESCHED_NS))
		return;
	last = now;
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

/*
 * Why the idle loop misses nothing. Its work comes by interrupts alone, and an
 * interrupt is either recorded before the test below or held until IF is set:
 *
 *	idle					interrupt
 *	----					---------
 *	schedule():
 *	    do_softirq()  ... wakes a thread -> it runs, idle comes back here
 *						  <- may be recorded here
 *	CLI
 *	softirq pending, interrupt recorded?
 *	    no					  <- request arrives: the APIC
 *	STI					     keeps it, IF is 0
 *	HLT  <- the interrupt is taken here:	  recorded
 *	        STI takes effect after the	  IRET to after HLT
 *	        next instruction (SDM vol 2,
 *	        STI), so HLT ends at once
 *	CLI, and again from the top: do_softirq() serves it
 *
 * If STI came one instruction earlier, the interrupt could be taken before
 * HLT, and its work would wait for the next interrupt.
 */
void idle(void)
{
	for (;;) {
		softirq_end_rest();
		schedule();
		irq_disable();
		if (!softirq_pending() && !cpu0.irqs && list_empty(&run_queue))
			sti_hlt_cli();
		irq_enable();
	}
}

const char *sched_check(void)
{
	const struct thread *thread;

	if (!list_is_intact(&run_queue))
		return "sched 1: the run queue's links disagree";
	list_for_each_entry(thread, &run_queue, run)
		if (thread->state != THREAD_RUNNABLE || thread == current ||
		    thread == &idle_thread)
			return "sched 1: a thread is on the run queue that "
			       "waits or runs";
	if (current->process && user_owner != current)
		return "sched 2: ring 3 has another thread's registers";
	if (current->process && !list_empty(&run_queue) &&
	    !timer_pending(&slice) && !cpu_has_work(CPU_WORK_RESCHED))
		return "sched 3: others wait and no time slice runs";
	return NULL;
}
