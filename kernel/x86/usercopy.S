/* SPDX-License-Identifier: MIT */
/*
 * The instructions that touch ring 3's memory. Called by kernel/mm/uaccess.c,
 * which has checked the range; a fault that the address space cannot mend
 * goes on where the exception table says. Registers only, no stack.
 *
 * Moves are eight bytes a time in an unrolled loop: under an emulated CPU a
 * REP MOVS costs a round of its loop for every element, and a real one moves
 * eight bytes a cycle this way. After a fault the block is done again byte by
 * byte, so that what was not copied is known to the byte.
 */
#include "kernel/x86/extable.h"

/* The SMAP window (SDM vol 3 4.6): RFLAGS.AC. */
.macro OPEN_USER
	cmpb $0, cpu_has_smap(%rip)
	je .Lopen\@
	stac
.Lopen\@:
.endm

.macro CLOSE_USER
	cmpb $0, cpu_has_smap(%rip)
	je .Lclose\@
	clac
.Lclose\@:
.endm

/* One instruction that may fault. */
.macro TRY target, insn:vararg
.Ltry\@:
	\insn
	EX_TABLE .Ltry\@, \target
.endm

/* 32 bytes at this offset from rsi and rdi. */
.macro MOVE_32 at
	TRY copy_block_fault, movq \at(%rsi), %rax
	TRY copy_block_fault, movq \at+8(%rsi), %rcx
	TRY copy_block_fault, movq \at+16(%rsi), %r8
	TRY copy_block_fault, movq \at+24(%rsi), %r9
	TRY copy_block_fault, movq %rax, \at(%rdi)
	TRY copy_block_fault, movq %rcx, \at+8(%rdi)
	TRY copy_block_fault, movq %r8, \at+16(%rdi)
	TRY copy_block_fault, movq %r9, \at+24(%rdi)
.endm

	.section .text.usercopy, "ax"

/*
 * size_t __copy_user(void *to, const void *from, size_t n): bytes not copied.
 * One of the two is a user address. Up to 16 bytes go as a first and a last
 * part which may overlap.
 */
	.globl __copy_user
	.balign 16
__copy_user:
	OPEN_USER
	cmpq $16, %rdx
	ja copy_large
	cmpl $8, %edx
	jb copy_under_8
	TRY copy_bytes, movq (%rsi), %rax
	TRY copy_bytes, movq -8(%rsi,%rdx), %rcx
	TRY copy_bytes, movq %rax, (%rdi)
	TRY copy_bytes, movq %rcx, -8(%rdi,%rdx)
copy_done:
	CLOSE_USER
	xorl %eax, %eax
	ret

copy_under_8:
	cmpl $4, %edx
	jb copy_bytes
	TRY copy_bytes, movl (%rsi), %eax
	TRY copy_bytes, movl -4(%rsi,%rdx), %ecx
	TRY copy_bytes, movl %eax, (%rdi)
	TRY copy_bytes, movl %ecx, -4(%rdi,%rdx)
	jmp copy_done

copy_large:
	subq $64, %rdx
	jb copy_tail
copy_block:
	MOVE_32 0
	MOVE_32 32
	addq $64, %rsi
	addq $64, %rdi
	subq $64, %rdx
	jae copy_block
copy_tail:
	addl $64, %edx
	subl $16, %edx
	jb copy_last
copy_16:
	TRY copy_16_fault, movq (%rsi), %rax
	TRY copy_16_fault, movq 8(%rsi), %rcx
	TRY copy_16_fault, movq %rax, (%rdi)
	TRY copy_16_fault, movq %rcx, 8(%rdi)
	addq $16, %rsi
	addq $16, %rdi
	subl $16, %edx
	jae copy_16
/* 0 to 15 bytes are left, edx is that minus 16: the last 16 in one go. */
copy_last:
	cmpl $-16, %edx
	je copy_done
	movslq %edx, %rdx
	TRY copy_16_fault, movq (%rsi,%rdx), %rax
	TRY copy_16_fault, movq 8(%rsi,%rdx), %rcx
	TRY copy_16_fault, movq %rax, (%rdi,%rdx)
	TRY copy_16_fault, movq %rcx, 8(%rdi,%rdx)
	jmp copy_done

copy_block_fault:
	addq $64, %rdx
	jmp copy_bytes
copy_16_fault:
	addl $16, %edx
/* rdx bytes from rsi to rdi, one by one, up to the first that faults. */
copy_bytes:
	movq %rdx, %rcx
	TRY copy_stopped, rep movsb
copy_stopped:
	CLOSE_USER
	movq %rcx, %rax
	ret

/* size_t __clear_user(void *to, size_t n): bytes not cleared. */
	.globl __clear_user
	.balign 16
__clear_user:
	OPEN_USER
	movq %rsi, %rcx
	movl %esi, %edx
	andl $7, %edx
	shrq $3, %rcx
	xorl %eax, %eax
	TRY clear_words_fault, rep stosq
	movl %edx, %ecx
clear_bytes:
	TRY clear_stopped, rep stosb
clear_stopped:
	CLOSE_USER
	movq %rcx, %rax
	ret
clear_words_fault:
	leaq (%rdx,%rcx,8), %rcx
	jmp clear_bytes

/*
 * long __strncpy_user(char *to, const char *from, long n): length without the
 * NUL, n without one, -1 after a fault.
 */
	.globl __strncpy_user
	.balign 16
__strncpy_user:
	OPEN_USER
	xorl %eax, %eax
strncpy_next:
	cmpq %rdx, %rax
	je strncpy_done
	TRY strncpy_fault, movb (%rsi,%rax), %cl
	movb %cl, (%rdi,%rax)
	testb %cl, %cl
	je strncpy_done
	incq %rax
	jmp strncpy_next
strncpy_fault:
	movq $-1, %rax
strncpy_done:
	CLOSE_USER
	ret

	.section .note.GNU-stack, "", @progbits
