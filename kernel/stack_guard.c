/* SPDX-License-Identifier: MIT */
/* What a function does that finds the guard of its frame overwritten. */
#include "kernel/stack_guard.h"

#include "kernel/base.h"

uintptr_t __stack_chk_guard;

void __stack_chk_fail(void)
{
	panic("a buffer on the kernel's stack was overrun");
}
