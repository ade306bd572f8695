/* SPDX-License-Identifier: MIT */
/*
 * Softirqs. Owns the mask of pending ones. raise_softirq() is entered from
 * anywhere, interrupt handlers included; do_softirq() on the way back to ring
 * 3, by schedule() and by the idle loop. No barrier is needed between them:
 * handlers run between the lines of kernel code only where irq.h says.
 */
#include "kernel/task/softirq.h"

#include "kernel/task/clock.h"
#include "kernel/task/timer.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/irq.h"

/*
 * After so many rounds or so much time ring 3 runs although more is pending,
 * and after RESUME_NS an interrupt resumes the rest: a flood of packets cannot
 * keep the application from running, nor a computing application the packets
 * from being processed.
 */
#define MAX_ROUNDS 8
#define MAX_NS NSEC_PER_MSEC
/* After that the network pauses this long, unless the CPU is idle. */
#define REST_NS (250 * NSEC_PER_USEC)
#define RESUME_NS (500 * NSEC_PER_USEC)

static void (*softirq_func[NR_SOFTIRQS])(void) __ro_after_init;
static uint32_t pending; /* bit: enum softirq */
static bool running;
static uint64_t ends_ns;
static uint64_t rest_ends_ns; /* 0: none */

static void resume_tick(struct timer *timer)
{
	/* Only the interrupt matters: on its exit pending softirqs run. */
}

static struct timer resume = {
	.node = { .parent = &resume.node },
	.func = resume_tick,
};

void softirq_set(enum softirq nr, void (*func)(void))
{
	softirq_func[nr] = func;
}

void raise_softirq(enum softirq nr)
{
	pending |= BIT(nr);
	cpu_set_work(CPU_WORK_SOFTIRQ);
}

static void resume_soon(void)
{
	if (!timer_pending(&resume))
		timer_start(&resume, ktime_get_ns() + RESUME_NS);
}

void raise_softirq_lazily(enum softirq nr)
{
	pending |= BIT(nr);
	resume_soon();
}

bool softirq_pending(void)
{
	return pending;
}

bool in_softirq(void)
{
	return running;
}

bool softirq_is_long(void)
{
	return ktime_get_ns() >= ends_ns;
}

static void run_round(uint32_t todo)
{
	for (int nr = 0; nr < NR_SOFTIRQS; nr++) {
		if ((todo & BIT(nr)) && softirq_func[nr])
			softirq_func[nr]();
	}
}

/* The softirqs that may not run now. */
static uint32_t resting(void)
{
	if (likely(!rest_ends_ns))
		return 0;
	if (ktime_get_ns() < rest_ends_ns)
		return BIT(SOFTIRQ_NET);
	rest_ends_ns = 0;
	return 0;
}

void softirq_end_rest(void)
{
	rest_ends_ns = 0;
}

void do_softirq(void)
{
	uint32_t todo;

	if (running)
		return;
	irq_replay();
	if (likely(!pending))
		return;
	running = true;
	ends_ns = ktime_get_ns() + MAX_NS;
	for (int round = 0; round < MAX_ROUNDS; round++) {
		todo = pending & ~resting();
		if (!todo)
			break;
		pending &= ~todo;
		run_round(todo);
		irq_replay();
		if (pending && softirq_is_long()) {
			rest_ends_ns = ktime_get_ns() + REST_NS;
			break;
		}
	}
	running = false;
	if (pending)
		resume_soon();
}

void softirq_put_off(void)
{
	if (!pending)
		cpu_clear_work(CPU_WORK_SOFTIRQ);
	else if (cpu_has_work(CPU_WORK_SOFTIRQ))
		resume_soon();
}
