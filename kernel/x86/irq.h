/* SPDX-License-Identifier: MIT */
/*
 * Interrupts: vectors, their handlers, and the ways to reach them. Handlers
 * run with interrupts off; they acknowledge the device and raise a softirq.
 *
 * The kernel runs with interrupts on and still needs no locks. An interrupt in
 * ring 0 is only recorded; its handler runs in irq_replay(), which do_softirq()
 * and the way back to ring 3 call. So no handler runs between two such calls,
 * and a kernel that makes no more of them is detected, since the timer's
 * interrupt still comes (kernel/task/lockup.h).
 */
#ifndef KERNEL_X86_IRQ_H
#define KERNEL_X86_IRQ_H

#include "kernel/base.h"
#include "kernel/x86/cpu.h"

struct pt_regs;

/*
 * The timer has a priority class of its own (SDM vol 3 11.8.3): no other vector
 * in service delays it.
 */
#define VECTOR_TIMER 0xef
#define VECTOR_END 0xe0 /* of what devices get */
#define VECTOR_SPURIOUS 0xff
#define VECTOR_FIRST 0x30

typedef void (*irq_handler)(void *arg);

/* A free vector with this handler, or -ENOSPC. name: /proc/interrupts. */
int irq_alloc_vector(const char *name, irq_handler handler, void *arg);
/* The same for a vector that has a fixed number. */
void irq_set_handler(int vector, const char *name, irq_handler handler,
		     void *arg);
/* Message for a PCI function so that it raises vector on this CPU. */
void irq_msi_message(int vector, uint64_t *address, uint32_t *data);
/* Routes an ISA line through its IO-APIC. -ENODEV: none has it. */
int irq_route_isa(unsigned int irq, int vector);
/*
 * kernel/x86/irq_line.c: a global system interrupt, which devices may share.
 * The handler acknowledges its device and returns whether that had interrupted.
 * A level-triggered line that stays active without such a device is switched
 * off, with one line in the log. -ENODEV: no IO-APIC serves it; -EBUSY: it is
 * in use with another trigger mode or polarity; -ENOSPC.
 */
int irq_request_line(uint32_t gsi, bool active_low, bool level,
		     const char *name, bool (*handler)(void *arg), void *arg);

void irq_init(void); /* masks the PICs, local APIC on, IO-APIC masked */
/* From entry.S: serves the interrupt of ring 3, records that of ring 0. */
void irq_dispatch(struct pt_regs *regs);
/* Runs the handlers of recorded interrupts. Leaves IF as it was. */
void irq_serve_recorded(void);

static inline void irq_replay(void)
{
	if (unlikely(cpu0.irqs))
		irq_serve_recorded();
}

/* An interrupt handler is running: for assertions. */
bool in_irq(void);

/* For /proc/interrupts. */
void irq_for_each(void (*fn)(int vector, const char *name, uint64_t count,
			     void *ctx),
		  void *ctx);

#endif
