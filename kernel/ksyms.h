/* SPDX-License-Identifier: MIT */
/*
 * The image's own symbol table, for backtraces.
 */
#ifndef KERNEL_KSYMS_H
#define KERNEL_KSYMS_H

#include <stdint.h>

/* Name of the function that holds addr and the offset in it; NULL if none. */
const char *ksym_lookup(uintptr_t addr, uintptr_t *offset);

#endif
