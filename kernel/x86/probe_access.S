/* SPDX-License-Identifier: MIT */
/*
 * The three accesses of kernel/x86/probe.h. A fault between probe_start and
 * probe_end, or of a call from there, goes on at probe_faulted.
 */
	.section .text.probe, "ax"

	.globl probe_start
probe_start:
	.globl probe_read
probe_read:
	movb (%rdi), %al
	jmp probe_done

	.globl probe_write
probe_write:
	lock orb $0, (%rdi)
	jmp probe_done

	.globl probe_call
probe_call:
	pushq %rbp
	movq %rsp, %rbp
	call *%rdi
	popq %rbp
probe_done:
	movl $1, %eax
	ret

	.globl probe_called
probe_called:
	popq %rbp
	.globl probe_faulted
probe_faulted:
	xorl %eax, %eax
	ret
	.globl probe_end
probe_end:

	.section .note.GNU-stack, "", @progbits
