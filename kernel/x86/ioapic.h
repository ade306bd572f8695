/* SPDX-License-Identifier: MIT */
/*
 * The IO-APICs, for kernel/x86/ itself, and the lines that lead to them.
 */
#ifndef KERNEL_X86_IOAPIC_H
#define KERNEL_X86_IOAPIC_H

#include "kernel/base.h"

/*
 * An interrupt line by its number among all IO-APICs' (ACPI's global system
 * interrupt), and how it signals: by an edge or a level, active high or low.
 */
struct irq_line {
	uint32_t gsi;
	bool active_low, level;
};

/*
 * The line of a PC's interrupt, by ACPI's overrides (0 to 15) or the MP table;
 * otherwise the line of the same number, edge-triggered.
 */
struct irq_line irq_legacy_line(unsigned int irq);
void ioapic_init(void); /* every line masked; none is no error */
/* The line raises vector from now on. -ENODEV: no IO-APIC serves it. */
int ioapic_route(uint32_t gsi, bool active_low, bool level, uint8_t vector);
void ioapic_mask(uint32_t gsi);

#endif
