/* SPDX-License-Identifier: MIT */
/*
 * The ways into the kernel and back: SYSCALL, exceptions, interrupts. Each
 * builds a struct pt_regs on the stack of the current thread and calls C: a
 * system call with interrupts on, the others with interrupts off, which
 * trap_dispatch() turns on. On the way back to ring 3 they are off, and
 * percpu.work and percpu.irqs tell whether exit_to_user() has anything to do.
 *
 * There is one CPU, so its state is a variable like any other and GS stays the
 * application's all the time: no SWAPGS, and none of its pitfalls when an
 * NMI or a #DB lands in the first instructions of an entry.
 *
 * SYSCALL leaves the application's stack pointer in RSP for two
 * instructions. What can interrupt there (NMI, #MC, #DB, #DF) has a stack of
 * its own through the TSS (SDM vol 3 6.14.5); everything else cannot happen
 * there, because interrupts are still off and the two touch mapped memory only.
 */
#include "kernel/x86/extable.h"
#include "kernel/x86/regs.h"

/* The general registers of pt_regs, above them orig_rax and the frame. */
.macro PUSH_REGS
	pushq %rdi
	pushq %rsi
	pushq %rdx
	pushq %rcx
	pushq %rax
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
.endm

.macro POP_REGS
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rax
	popq %rcx
	popq %rdx
	popq %rsi
	popq %rdi
.endm

/*
 * Calls a C function with the pt_regs at RSP. These are an odd number of
 * words below a 16-byte boundary, and the ABI wants calls on the boundary.
 */
.macro CALL_WITH_REGS function
	movq %rsp, %rdi
	subq $8, %rsp
	call \function
	addq $8, %rsp
.endm

	.section .text.entry, "ax"

/*
 * SYSCALL (SDM vol 2): rcx = rip, r11 = rflags, RFLAGS cleared by SFMASK, rsp
 * untouched. The number is an int, as on Linux. rbp = 0 ends a backtrace here.
 */
	.globl syscall_entry
	.balign 64
syscall_entry:
	endbr64
	movq %rsp, PERCPU_USER_SP + cpu0(%rip)
	movq PERCPU_KERNEL_SP + cpu0(%rip), %rsp
	pushq $USER_DS
	pushq PERCPU_USER_SP + cpu0(%rip)
	pushq %r11
	pushq $USER_CS
	pushq %rcx
	pushq $0
	pushq $VECTOR_SYSCALL
	cltq
	pushq %rax
	PUSH_REGS
	xorl %ebp, %ebp
/*
 * The arguments lie where the C ABI wants them, but for the fourth. A number
 * beyond the table becomes that of its last entry: without a branch, so that
 * the CPU cannot guess its way past the bound either.
 */
	movl $NR_SYSCALLS, %ecx
	cmpq %rcx, %rax
	cmovaq %rcx, %rax
	movq %r10, %rcx
	subq $8, %rsp
	leaq syscall_table(%rip), %r11
	sti
	call *(%r11,%rax,8)
	addq $8, %rsp
	movq %rax, REGS_RAX(%rsp)
	cli
	cmpw $0, PERCPU_WORK + cpu0(%rip)
	jne syscall_work

/*
 * SYSRET takes rip from rcx and rflags from r11, so it can only return to
 * where both say the same as the frame. With an rip that is not canonical it
 * would fault in ring 0 on the application's stack (SDM vol 2 SYSRET), and it
 * cannot resume with TF or RF set as they stood.
 */
syscall_return:
	movq REGS_RIP(%rsp), %rcx
	movq REGS_RFLAGS(%rsp), %r11
	cmpq %rcx, REGS_RCX(%rsp)
	jne return_iret
	cmpq %r11, REGS_R11(%rsp)
	jne return_iret
	testl $(RFLAGS_TF | RFLAGS_RF), %r11d
	jnz return_iret
	movq %rcx, %rax
	shrq $47, %rax
	jnz return_iret
	POP_REGS
	movq REGS_RSP - REGS_ORIG_RAX(%rsp), %rsp
	sysretq

syscall_work:
	CALL_WITH_REGS exit_to_user
	jmp syscall_return

/* A new thread's first way to ring 3: RSP is its pt_regs. */
	.globl enter_user
enter_user:
	xorl %ebp, %ebp
return_to_user:
	cli
	cmpw $0, PERCPU_WORK + cpu0(%rip)
	je return_iret
	CALL_WITH_REGS exit_to_user
return_iret:
	POP_REGS
	addq $24, %rsp
return_iretq:
	iretq
	EX_TABLE return_iretq, bad_iret

/*
 * IRETQ refused what a signal handler's frame or a debugger made of the
 * application's rip. Its #GP came back here with the registers of ring 3 and
 * IRETQ's operands on the stack: the application's own fault, so it is
 * reported as one.
 */
bad_iret:
	pushq $0
	pushq $13
	pushq $-1
	PUSH_REGS
	xorl %ebp, %ebp
	CALL_WITH_REGS trap_bad_iret
	jmp return_to_user

/* A new kernel thread: r12(r13). */
	.globl enter_kthread
enter_kthread:
	xorl %ebp, %ebp
	movq %r13, %rdi
	call *%r12
	ud2

/*
 * Common part of exceptions and interrupts. A gate leaves AC and DF as they
 * were: AC would keep the SMAP window open that it found (an application may
 * set it as it likes), so it is closed here; IRETQ puts it back.
 */
.macro TRAP_ENTRY
	pushq $-1
	PUSH_REGS
	cld
	testl $RFLAGS_AC, REGS_RFLAGS(%rsp)
	jz 1f
	cmpb $0, cpu_has_smap(%rip)
	je 1f
	clac
1:
.endm

/*
 * From ring 3 a gate leaves SS null, SYSCALL does not. It makes no difference
 * to the CPU (SDM vol 3 6.14.2), but a translator (QEMU's TCG) translates all
 * that runs below anew for each kind of stack segment.
 */
.macro TRAP function
	TRAP_ENTRY
	testb $3, REGS_CS(%rsp)
	jz 2f
	movl $KERNEL_DS, %eax
	movl %eax, %ss
2:
	CALL_WITH_REGS \function
	testb $3, REGS_CS(%rsp)
	jnz return_to_user
	jmp return_iret
.endm

	.balign 16
trap_common:
	TRAP trap_dispatch

	.balign 16
irq_common:
	TRAP irq_dispatch

/*
 * NMI, #MC, #DF on their own stacks: never a thread switch, so straight
 * back (trap_dispatch() does not return for the last two).
 */
trap_ist:
	TRAP_ENTRY
	CALL_WITH_REGS trap_dispatch
	jmp return_iret

/*
 * #DB has its own stack for the one that MOV SS can carry into SYSCALL. From
 * ring 3 it may end in a signal and a switch: move to the thread's stack.
 */
trap_debug:
	testb $3, 24(%rsp)
	jz trap_ist
	movq %rdi, PERCPU_USER_SP + cpu0(%rip)
	movq %rsp, %rdi
	movq PERCPU_KERNEL_SP + cpu0(%rip), %rsp
	pushq 48(%rdi)
	pushq 40(%rdi)
	pushq 32(%rdi)
	pushq 24(%rdi)
	pushq 16(%rdi)
	pushq 8(%rdi)
	pushq (%rdi)
	movq PERCPU_USER_SP + cpu0(%rip), %rdi
	jmp trap_common

/*
 * Entry points by vector, 16 bytes each, for the IDT. The CPU pushes an error
 * code for some exceptions (SDM vol 3 table 6-1); the others get a zero.
 */
	.globl trap_vectors
	.balign 16
trap_vectors:
	.set vector, 0
	.rept 256
	.balign 16, 0xcc
	endbr64
	.if vector != 8 && (vector < 10 || vector > 14) && vector != 17 && \
	    vector != 21 && vector != 29 && vector != 30
	pushq $0
	.endif
	pushq $vector
	.if vector == 1
	jmp trap_debug
	.elseif vector == 2 || vector == 8 || vector == 18
	jmp trap_ist
	.elseif vector < 32
	jmp trap_common
	.else
	jmp irq_common
	.endif
	.set vector, vector + 1
	.endr

	.section .note.GNU-stack, "", @progbits
