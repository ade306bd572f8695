/* SPDX-License-Identifier: MIT */
/* Which page faults are a probe's: entered by the page fault handler. */
#include "kernel/x86/probe.h"

#include "kernel/x86/regs.h"

extern const char probe_start[], probe_end[], probe_called[], probe_faulted[];

static bool in_probe(uintptr_t rip)
{
	return rip >= (uintptr_t)probe_start && rip < (uintptr_t)probe_end;
}

bool probe_fixup(struct pt_regs *regs, uintptr_t addr)
{
	const uint64_t *stack = (const uint64_t *)regs->rsp;

	if (in_probe(regs->rip)) {
		regs->rip = (uintptr_t)probe_faulted;
		return true;
	}
	/* A failed fetch at the called address: RSP is at the return address. */
	if (regs->rip != addr || !in_probe(*stack))
		return false;
	regs->rip = (uintptr_t)probe_called;
	regs->rsp += sizeof(*stack);
	return true;
}
