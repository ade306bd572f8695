/* SPDX-License-Identifier: MIT */
/*
 * Starts as PVH has it, at 32 MiB, and enters loader() in 64-bit mode with
 * paging of five levels where the CPU can do that, of four otherwise. The first
 * GiB is mapped as it is.
 */
#define PTE_P_W 0x003
#define PTE_P_W_PS 0x083
#define CR0_PE 0x00000001
#define CR0_PG 0x80000000
#define CR4_PAE 0x20
#define CR4_LA57 0x1000
#define MSR_EFER 0xc0000080
#define EFER_LME 0x100
#define CPUID_7_ECX_LA57 16

	.section .note.pvh, "a", @note
	.balign 4
	.long 4, 4, 18
	.asciz "Xen"
	.long entry

	.text
	.code32
	.globl entry
entry:
	cld
	movl	$stack_top, %esp
	pushl	$0
	pushl	%ebx

	movl	$PTE_P_W_PS, %eax
	xorl	%ecx, %ecx
1:	movl	%eax, pd(,%ecx,8)
	addl	$0x200000, %eax
	incl	%ecx
	cmpl	$512, %ecx
	jne	1b
	movl	$pd + PTE_P_W, pdpt
	movl	$pdpt + PTE_P_W, pml4
	movl	$pml4 + PTE_P_W, pml5

	movl	$pml4, %edi
	movl	$CR4_PAE, %esi
	movl	$7, %eax
	xorl	%ecx, %ecx
	cpuid
	btl	$CPUID_7_ECX_LA57, %ecx
	jnc	2f
	movl	$pml5, %edi
	orl	$CR4_LA57, %esi
2:	movl	%esi, %cr4
	movl	%edi, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME, %eax
	wrmsr
	movl	%cr0, %eax
	orl	$CR0_PG + CR0_PE, %eax
	movl	%eax, %cr0
	lgdt	gdtr
	ljmp	$8, $3f
	.code64
3:	xorl	%eax, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	popq	%rdi
	movq	%cr4, %rsi
	call	loader
	ud2

	.data
	.balign 8
gdt:	.quad	0
	.quad	0x00af9b000000ffff
gdtr:	.word	. - gdt - 1
	.long	gdt

	.bss
	.balign 4096
pml5:	.skip	4096
pml4:	.skip	4096
pdpt:	.skip	4096
pd:	.skip	4096
	.skip	4096
stack_top:

	.section .note.GNU-stack, "", @progbits
