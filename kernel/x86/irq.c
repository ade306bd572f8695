/* SPDX-License-Identifier: MIT */
/*
 * Interrupt vectors. Owns the table of handlers and their counters, the
 * interrupts recorded in ring 0, and the two legacy PICs, which are disabled.
 * irq_dispatch() is entered from entry.S with interrupts off.
 *
 * Why a recorded interrupt is neither lost nor a storm. The local APIC keeps a
 * vector in service from its delivery until the EOI, and delivers only vectors
 * of a higher priority class than all in service. A device's vector gets its
 * EOI after its handler has run. So however often the device interrupts, each
 * class lands in ring 0 once between two replays, and a level-triggered line
 * that stays active waits in the APIC:
 *
 *	kernel code				device
 *	-----------				------
 *	...			<- vector v: recorded, in service
 *	...				     asks again: v waits in the APIC
 *	irq_replay(), IF = 0:
 *	    handler(v): quiet, softirq raised
 *	    EOI					   v waits, if it asked since
 *	IF = 1			<- v: recorded again
 *
 * An EOI ends the service of the highest vector, so the replay goes from high
 * to low. The timer's vector is above all others and gets its EOI at once: it
 * reaches the lockup detector however late the replay comes.
 *
 * Why nothing is recorded in ring 3 and at HLT. Both are entered after a test
 * of cpu0.irqs with interrupts off (exit_to_user() and entry.S; idle()), and
 * handlers run with interrupts off.
 */
#include "kernel/x86/irq.h"

#include <errno.h>

#include "kernel/printk.h"
#include "kernel/random.h"
#include "kernel/task/lockup.h"
#include "kernel/x86/acpi.h"
#include "kernel/x86/apic.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/ioapic.h"
#include "kernel/x86/regs.h"

#define NR_VECTORS 256

/* 8259A: command and data ports; vectors that spurious ones arrive at. */
#define PIC1_COMMAND 0x20
#define PIC1_DATA 0x21
#define PIC2_COMMAND 0xa0
#define PIC2_DATA 0xa1
#define PIC_ICW1_INIT 0x11 /* cascade, ICW4 follows */
#define PIC_ICW4_8086 0x01
#define PIC_VECTOR 0x20
#define PIC_LINES 16
#define PIC_CASCADE 2

/* Message address and data: SDM vol 3 11.11. */
#define MSI_ADDRESS 0xfee00000ULL
#define MSI_DESTINATION_SHIFT 12

static struct irq {
	const char *name; /* NULL: free */
	irq_handler handler;
	void *arg;
	uint64_t count;
} irqs[NR_VECTORS];

static uint64_t unexpected;

/*
 * Moves the vectors away from the exceptions' first: a masked 8259 still raises
 * spurious interrupts on its lines 7 and 15.
 */
static void pic_disable(void)
{
	outb(PIC1_COMMAND, PIC_ICW1_INIT);
	outb(PIC2_COMMAND, PIC_ICW1_INIT);
	outb(PIC1_DATA, PIC_VECTOR);
	outb(PIC2_DATA, PIC_VECTOR + PIC_LINES / 2);
	outb(PIC1_DATA, BIT(PIC_CASCADE));
	outb(PIC2_DATA, PIC_CASCADE);
	outb(PIC1_DATA, PIC_ICW4_8086);
	outb(PIC2_DATA, PIC_ICW4_8086);
	outb(PIC1_DATA, 0xff);
	outb(PIC2_DATA, 0xff);
}

void irq_set_handler(int vector, const char *name, irq_handler handler,
		     void *arg)
{
	irqs[vector].name = name;
	irqs[vector].handler = handler;
	irqs[vector].arg = arg;
}

int irq_alloc_vector(const char *name, irq_handler handler, void *arg)
{
	for (int v = VECTOR_FIRST; v < VECTOR_END; v++) {
		if (irqs[v].name)
			continue;
		irq_set_handler(v, name, handler, arg);
		return v;
	}
	return -ENOSPC;
}

void irq_msi_message(int vector, uint64_t *address, uint32_t *data)
{
	/* Physical destination, fixed delivery, edge. */
	*address = MSI_ADDRESS | (uint64_t)apic_id() << MSI_DESTINATION_SHIFT;
	*data = (uint32_t)vector;
}

int irq_route_isa(unsigned int irq, int vector)
{
	struct irq_line line = irq_legacy_line(irq);

	return ioapic_route(line.gsi, line.active_low, line.level,
			    (uint8_t)vector);
}

void irq_init(void)
{
	pic_disable();
	apic_init();
	ioapic_init();
}

/* Without a handler; an interrupt from the local APIC still needs its EOI. */
static void irq_unexpected(unsigned int vector)
{
	if (!unexpected++)
		pr_warn("unexpected interrupt vector %#x", vector);
}

static bool handling;
static uint64_t recorded[NR_VECTORS / 64];

static void handle(unsigned int vector)
{
	const struct irq *irq = &irqs[vector];

	handling = true;
	if (likely(irq->handler))
		irq->handler(irq->arg);
	else
		irq_unexpected(vector);
	handling = false;
}

/*
 * The handler acknowledges the device before the EOI, so that a level
 * triggered line does not interrupt again at once (SDM vol 3 11.8.5). Spurious
 * vectors of the APIC (11.9) and of the PICs have no EOI.
 */
void irq_dispatch(struct pt_regs *regs)
{
	unsigned int vector = (unsigned int)regs->vector;

	irqs[vector].count++;
	if (vector == VECTOR_SPURIOUS)
		return;
	if (vector < PIC_VECTOR + PIC_LINES)
		return;
	random_interrupt();
	if (user_mode(regs)) {
		handle(vector);
		apic_eoi();
		return;
	}
	recorded[vector / 64] |= BIT(vector % 64);
	cpu0.irqs = 1;
	if (vector != VECTOR_TIMER)
		return;
	apic_eoi();
	lockup_tick(regs);
}

/* Takes out the highest recorded vector; -1: none. */
static int next_recorded(void)
{
	for (int word = NR_VECTORS / 64 - 1; word >= 0; word--) {
		int bit = 63;

		if (!recorded[word])
			continue;
		bit -= __builtin_clzll(recorded[word]);
		recorded[word] &= ~BIT(bit);
		return word * 64 + bit;
	}
	return -1;
}

void irq_serve_recorded(void)
{
	bool on = irqs_enabled();
	int vector;

	irq_disable();
	cpu0.irqs = 0;
	while ((vector = next_recorded()) >= 0) {
		handle((unsigned int)vector);
		if (vector != VECTOR_TIMER)
			apic_eoi();
	}
	if (on)
		irq_enable();
}

bool in_irq(void)
{
	return handling;
}

void irq_for_each(void (*fn)(int vector, const char *name, uint64_t count,
			     void *ctx),
		  void *ctx)
{
	for (int v = 0; v < NR_VECTORS; v++) {
		if (irqs[v].name)
			fn(v, irqs[v].name, irqs[v].count, ctx);
	}
}
