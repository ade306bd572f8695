/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's CPUID leaves and KVM's clock: rates and the time of day.
 */
#ifndef KERNEL_X86_HYPERVISOR_H
#define KERNEL_X86_HYPERVISOR_H

#include "kernel/base.h"

/*
 * Rate of the local APIC timer's input, 0: not known. For KVM and QEMU's own
 * emulation it is 1 GHz, unless a leaf has another.
 */
uint64_t hypervisor_apic_hz(void);

/* Rate of the time stamp counter, 0: not known. */
uint64_t hypervisor_tsc_hz(void);

/*
 * Nanoseconds since 1970 by KVM's wall clock. False: there is none. Not before
 * paging_init().
 */
bool hypervisor_wall_clock(uint64_t *ns);

#endif
