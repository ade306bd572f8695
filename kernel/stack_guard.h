/* SPDX-License-Identifier: MIT */
/*
 * The value that -fstack-protector-strong puts between a function's buffers
 * and its return address. Every kernel stack has its own; the compiler reads
 * it from one variable, which is changed together with the stack (there is one
 * CPU).
 */
#ifndef KERNEL_STACK_GUARD_H
#define KERNEL_STACK_GUARD_H

#include <stdint.h>

/* The compiler's names; the boot stack has a guard from the start. */
extern uintptr_t __stack_chk_guard;
_Noreturn void __stack_chk_fail(void);

/*
 * Makes a guard of a random word. Its lowest byte, the first in memory, is
 * zero, so that no string function reads or writes past it.
 */
static inline uintptr_t stack_guard_of(uint64_t word)
{
	return word & ~(uintptr_t)0xff;
}

#endif
