/* SPDX-License-Identifier: MIT */
/*
 * The probes of kernel/x86/probe.h. A fault between probe_start and
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

/* The registers that a function need not keep, but for its result. */
	.globl probe_leftovers
probe_leftovers:
	pushq %rbp
	movq %rsp, %rbp
	movq %rdi, %rax
	movq %rsi, %rdi
	movq %rdx, %rsi
	movq %rcx, %rdx
	xorl %ecx, %ecx
	xorl %r8d, %r8d
	xorl %r9d, %r9d
	xorl %r10d, %r10d
	xorl %r11d, %r11d
	call *%rax
	movq %rdi, %rax
	orq %rsi, %rax
	orq %rdx, %rax
	orq %rcx, %rax
	orq %r8, %rax
	orq %r9, %rax
	orq %r10, %rax
	orq %r11, %rax
	popq %rbp
	ret

	.section .note.GNU-stack, "", @progbits
