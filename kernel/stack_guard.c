/* SPDX-License-Identifier: MIT */
/* A function finds the guard of its frame overwritten: panics. */
#include "kernel/stack_guard.h"

#include "kernel/base.h"

uintptr_t __stack_chk_guard;

void __stack_chk_fail(void)
{
	panic("a buffer on the kernel's stack was overrun");
}
