/* SPDX-License-Identifier: MIT */
/*
 * What the hypervisor says of itself and of time, by its CPUID leaves and
 * KVM's clock.
 */
#ifndef KERNEL_X86_HYPERVISOR_H
#define KERNEL_X86_HYPERVISOR_H

#include "kernel/base.h"

/*
 * Rate of the local APIC timer's input, 0: not known. KVM and QEMU's own
 * emulation have one of 1 GHz, unless they say another.
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
