/* SPDX-License-Identifier: MIT */
/*
 * The vDSO: a small shared object that the kernel puts into the application,
 * so that reading the clock is a function call (vdso(7)).
 */
#ifndef KERNEL_VDSO_VDSO_H
#define KERNEL_VDSO_VDSO_H

#include "kernel/base.h"

struct mm;

/*
 * Maps the object and, below it, its data. *base: where its ELF header is, for
 * AT_SYSINFO_EHDR. 0 or -ENOMEM.
 */
int vdso_map(struct mm *mm, uintptr_t *base);

#endif
