/* SPDX-License-Identifier: MIT */
/*
 * The local APIC and its timer. Vectors and handlers are in irq.h.
 */
#ifndef KERNEL_X86_APIC_H
#define KERNEL_X86_APIC_H

#include "kernel/base.h"

void apic_init(void); /* finds and enables the local APIC, LVT masked */
void apic_eoi(void);
uint32_t apic_id(void);

/* The bus clock is divided by this before it counts. */
#define APIC_TIMER_DIVISOR 4

/* For the calibration: starts the timer without interrupt; reads its count. */
void apic_timer_count_start(void);
uint32_t apic_timer_count(void);
void apic_timer_set_rate(uint64_t apic_hz); /* counts a second */

/* The local APIC timer, one shot: fires the timer softirq at this time. */
void apic_timer_init(void); /* after clock_init() measured the bus */
void apic_timer_set(uint64_t expires_ns); /* UINT64_MAX: off */
/*
 * Fires in delta_ns, whatever the timer is armed for: for an interrupt handler,
 * which may have interrupted the timer's own code.
 */
void apic_timer_again(uint64_t delta_ns);

#endif
