/* SPDX-License-Identifier: MIT */
/*
 * Interrupts: vectors, their handlers, and the ways to reach them. Handlers
 * run with interrupts off, only while ring 3 or the idle loop was running;
 * they acknowledge the device and raise a softirq.
 */
#ifndef KERNEL_X86_IRQ_H
#define KERNEL_X86_IRQ_H

#include "kernel/base.h"

struct pt_regs;

#define VECTOR_TIMER 0xef
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
/*
 * An interrupt line by its number among all IO-APICs' (ACPI's global system
 * interrupt), and how it signals: by an edge or a level, active high or low.
 */
struct irq_line {
	uint32_t gsi;
	bool active_low, level;
};

/*
 * The line of an interrupt that is known by its number on a PC, as ACPI's
 * overrides (0 to 15) or the MP table have it; else the number, by an edge.
 */
struct irq_line irq_legacy_line(unsigned int irq);
/* Routes that line through its IO-APIC. -ENODEV: none has it. */
int irq_route_isa(unsigned int irq, int vector);
/*
 * kernel/x86/irq_line.c: a global system interrupt, which devices may share.
 * The handler quietens its device and says whether the device had asked. A
 * level-triggered line that nobody asks on and that stays active is switched
 * off, with one line in the log. -ENODEV: no IO-APIC serves it; -EBUSY: it is
 * in use and signals in another way; -ENOSPC.
 */
int irq_request_line(uint32_t gsi, bool active_low, bool level,
		     const char *name, bool (*handler)(void *arg), void *arg);

void irq_init(void); /* masks the PICs, local APIC on, IO-APIC masked */
/* From entry.S: dispatches, acknowledges, then runs softirqs if ring 3. */
void irq_dispatch(struct pt_regs *regs);
/* An interrupt handler is running: for assertions. */
bool in_irq(void);

/* The local APIC timer, one shot: fires the timer softirq at this time. */
void apic_timer_init(void); /* after clock_init() measured the bus */
void apic_timer_set(uint64_t expires_ns); /* UINT64_MAX: off */

/* For /proc/interrupts. */
void irq_for_each(void (*fn)(int vector, const char *name, uint64_t count,
			     void *ctx),
		  void *ctx);

#endif
