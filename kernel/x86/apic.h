/* SPDX-License-Identifier: MIT */
/*
 * The local APIC and the IO-APIC, for kernel/x86/ itself. Vectors and
 * handlers are in irq.h.
 */
#ifndef KERNEL_X86_APIC_H
#define KERNEL_X86_APIC_H

#include "kernel/base.h"

void apic_init(void); /* finds and enables the local APIC, LVT masked */
void apic_eoi(void);
uint32_t apic_id(void);

/* The bus clock is divided by this before it counts. */
#define APIC_TIMER_DIVISOR 4

/* For the calibration: the timer counts, silent; how far it has come. */
void apic_timer_count_start(void);
uint32_t apic_timer_count(void);
void apic_timer_set_rate(uint64_t apic_hz); /* counts a second */

void ioapic_init(void); /* every line masked; none is no error */
/* The line raises vector from now on. -ENODEV: no IO-APIC serves it. */
int ioapic_route(uint32_t gsi, bool active_low, bool level, uint8_t vector);
void ioapic_mask(uint32_t gsi);

#endif
