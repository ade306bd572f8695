/* SPDX-License-Identifier: MIT */
/*
 * The FPU, SSE and AVX, which only ring 3 uses.
 */
#ifndef KERNEL_X86_FPU_H
#define KERNEL_X86_FPU_H

/* XCR0 and the size of a save area; needs CR4.OSXSAVE where it exists. */
void fpu_init(void);

/*
 * FPU/SSE/AVX state of ring 3; the kernel itself never touches it. The area
 * has cpu_features.xsave_size bytes, 64-byte aligned; it is in the standard
 * form that a signal frame carries.
 */
void fpu_save(void *area);
void fpu_restore(const void *area);
void fpu_init_area(void *area); /* the state a new program sees */

#endif
