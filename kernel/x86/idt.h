/* SPDX-License-Identifier: MIT */
/*
 * The IDT. Inside kernel/x86/.
 */
#ifndef KERNEL_X86_IDT_H
#define KERNEL_X86_IDT_H

#include "kernel/base.h"

void idt_init(void); /* all 256 gates to trap_vectors in entry.S */

#endif
