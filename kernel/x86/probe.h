/* SPDX-License-Identifier: MIT */
/*
 * Accesses of ring 0 that are expected to fault: how the self test proves
 * that a page is not there, not writable or not executable.
 */
#ifndef KERNEL_X86_PROBE_H
#define KERNEL_X86_PROBE_H

#include <stdbool.h>
#include <stdint.h>

struct pt_regs;

/* Each is true when the access did not fault. Thread context. */
bool probe_read(const void *addr);
/* Writes a byte's own value back to it. */
bool probe_write(void *addr);
/* Calls addr, where a RET has to be. */
bool probe_call(const void *addr);

/* What fn(a, b, c) left in registers but for its result, OR'ed together. */
uint64_t probe_leftovers(const void *fn, const void *a, uintptr_t b,
			 const void *c);

/*
 * A page fault of ring 0 for addr: true if a probe caused it, which then
 * continues.
 */
bool probe_fixup(struct pt_regs *regs, uintptr_t addr);

#endif
