/* SPDX-License-Identifier: MIT */
/*
 * The value that -fstack-protector-strong puts between a function's buffers
 * and its return address. Every kernel stack has one of its own; there is one
 * CPU, so the compiler reads that of the stack that it runs on from one
 * variable, which changes with the stack.
 */
#ifndef KERNEL_STACK_GUARD_H
#define KERNEL_STACK_GUARD_H

#include <stdint.h>

/* The compiler's names; the guard of the boot stack is there from the start. */
extern uintptr_t __stack_chk_guard;
_Noreturn void __stack_chk_fail(void);

/*
 * A guard made of a random word: its lowest byte, the first in memory, is zero,
 * so that no string function reads or writes past it.
 */
static inline uintptr_t stack_guard_of(uint64_t word)
{
	return word & ~(uintptr_t)0xff;
}

#endif
