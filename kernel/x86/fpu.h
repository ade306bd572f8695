/* SPDX-License-Identifier: MIT */
/*
 * Start-up of the FPU, SSE and AVX for ring 3; the rest is in cpu.h.
 */
#ifndef KERNEL_X86_FPU_H
#define KERNEL_X86_FPU_H

/* XCR0 and the size of a save area; needs CR4.OSXSAVE where it exists. */
void fpu_init(void);

#endif
