/* SPDX-License-Identifier: MIT */
/*
 * The switch between two kernel stacks: a call that returns on another one.
 * The order of the pushes is struct switch_frame in kernel/x86/cpu.h.
 */

	.section .text.switch_stack, "ax"

/* void switch_stack(uintptr_t *save, uintptr_t next) */
	.globl switch_stack
	.balign 16
switch_stack:
	pushq %rbp
	pushq %rbx
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, (%rdi)
	movq %rsi, %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbx
	popq %rbp
	ret

	.section .note.GNU-stack, "", @progbits
