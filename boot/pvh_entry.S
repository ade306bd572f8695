/* SPDX-License-Identifier: MIT */
/*
 * The PVH entry point: 32-bit protected mode, no paging, no stack, EBX = the
 * start info (Xen's docs/misc/pvh.pandoc). Looks whether this machine can run
 * the kernel at all, builds the first page tables, and enters 64-bit mode on
 * the boot stack, at the address that the image is linked for.
 *
 * What cannot go on is said on COM1 with port output alone: there may be no
 * RAM below the stack.
 */
#include "boot/pvh.h"

#define KERNEL_MAP_BASE 0xffffffff80000000
#define PHYS(symbol) ((symbol) - KERNEL_MAP_BASE)

#define XEN_ELFNOTE_PHYS32_ENTRY 18

/* Page table entry bits, CR0, CR4 and EFER (SDM vol 3 4.5, 2.5, 2.2.1). */
#define PTE_P_W 0x003
#define PTE_P_W_PS 0x083
#define CR0_PE 0x00000001
#define CR0_WP 0x00010000
#define CR0_PG 0x80000000
#define CR4_PAE 0x20
#define MSR_EFER 0xc0000080
#define EFER_LME 0x100
#define EFER_NXE 0x800

/* CPUID 0x80000001 EDX. */
#define CPUID_NX_BIT 20
#define CPUID_LM_BIT 29

#define COM1 0x3f8
#define COM1_LSR (COM1 + 5)
#define LSR_THRE 0x20
#define DEBUG_CONSOLE 0xe9
#define DEBUG_EXIT 0xf4
#define EXIT_PANIC 0x7f

#define BOOT_CS 0x08
#define BOOT_DS 0x10

	.section .note.pvh, "a", @note
	.balign 4
	.long 4, 8, XEN_ELFNOTE_PHYS32_ENTRY
	.asciz "Xen"
	.quad PHYS(pvh_entry)

	.section .text.boot, "ax"
	.code32
	.globl pvh_entry
	.type pvh_entry, @function
pvh_entry:
	cld
	cli
	movl	$PHYS(msg_magic), %esi
	cmpl	$EARLY_MAP_SIZE - 64, %ebx
	ja	.Lfail
	cmpl	$PVH_MAGIC, PVH_INFO_MAGIC(%ebx)
	jne	.Lfail
	movl	$PHYS(msg_memmap), %esi
	cmpl	$PVH_MEMMAP_VERSION, PVH_INFO_VERSION(%ebx)
	jb	.Lfail
	cmpl	$0, PVH_INFO_MEMMAP + 4(%ebx)
	jne	.Lfail
	movl	PVH_INFO_MEMMAP(%ebx), %edi
	movl	PVH_INFO_MEMMAP_ENTRIES(%ebx), %ecx
	movl	$PHYS(msg_memory), %esi

	/* One RAM range must hold the image up to the end of its .bss. */
1:	testl	%ecx, %ecx
	jz	.Lfail
	cmpl	$PVH_MEM_RAM, PVH_MEM_TYPE(%edi)
	jne	2f
	cmpl	$0, PVH_MEM_ADDR + 4(%edi)
	jne	2f
	movl	PVH_MEM_ADDR(%edi), %eax
	cmpl	$PHYS(_text), %eax
	ja	2f
	cmpl	$0, PVH_MEM_SIZE + 4(%edi)
	jne	.Lcheck_cpu
	addl	PVH_MEM_SIZE(%edi), %eax
	jc	.Lcheck_cpu
	cmpl	$PHYS(_image_end), %eax
	jae	.Lcheck_cpu
2:	addl	$PVH_MEM_ENTRY_SIZE, %edi
	decl	%ecx
	jmp	1b

.Lcheck_cpu:
	movl	%ebx, %ebp
	movl	$PHYS(msg_long_mode), %esi
	movl	$0x80000000, %eax
	cpuid
	cmpl	$0x80000001, %eax
	jb	.Lfail
	movl	$0x80000001, %eax
	cpuid
	btl	$CPUID_LM_BIT, %edx
	jnc	.Lfail
	movl	$PHYS(msg_nx), %esi
	btl	$CPUID_NX_BIT, %edx
	jnc	.Lfail
	movl	%ebp, %ebx

	/*
	 * The first GiB, in 2 MiB pages, three times: as it is for the switch
	 * to paging, in the direct map, and where the kernel is linked. All
	 * share one page directory.
	 */
	movl	$PHYS(boot_pd), %edi
	movl	$PTE_P_W_PS, %eax
	xorl	%ecx, %ecx
1:	movl	%eax, (%edi,%ecx,8)
	addl	$0x200000, %eax
	incl	%ecx
	cmpl	$512, %ecx
	jne	1b
	movl	$PHYS(boot_pd) + PTE_P_W, PHYS(boot_pdpt)
	movl	$PHYS(boot_pd) + PTE_P_W, \
		PHYS(boot_kernel_pdpt) + 8 * KERNEL_MAP_PDPT_SLOT
	movl	$PHYS(boot_pdpt) + PTE_P_W, PHYS(boot_pml4)
	movl	$PHYS(boot_pdpt) + PTE_P_W, \
		PHYS(boot_pml4) + 8 * DIRECT_MAP_SLOT
	movl	$PHYS(boot_kernel_pdpt) + PTE_P_W, \
		PHYS(boot_pml4) + 8 * KERNEL_MAP_SLOT

	/* SDM vol 3 10.8.5: PAE, top level, EFER.LME, then paging. */
	movl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	$PHYS(boot_pml4), %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME + EFER_NXE, %eax
	wrmsr
	movl	%cr0, %eax
	orl	$CR0_PG + CR0_WP + CR0_PE, %eax
	movl	%eax, %cr0
	lgdt	PHYS(boot_gdtr)
	ljmp	$BOOT_CS, $PHYS(.Lenter_64)

/* Prints ESI and ends the machine as a panic does. */
.Lfail:
	movl	%esi, %edi
	movl	$PHYS(msg_prefix), %esi
	xorl	%ebx, %ebx
1:	lodsb
	testb	%al, %al
	jz	3f
	movb	%al, %ah
	movl	$100000, %ecx
	movw	$COM1_LSR, %dx
2:	inb	%dx, %al
	testb	$LSR_THRE, %al
	loopz	2b
	movb	%ah, %al
	movw	$COM1, %dx
	outb	%al, %dx
	jmp	1b
3:	movl	%edi, %esi
	incl	%ebx
	cmpl	$1, %ebx
	je	1b

	movl	$PHYS(msg_panic), %esi
	movl	$6, %ecx
	movw	$DEBUG_CONSOLE, %dx
	rep outsb
	movl	$EXIT_PANIC, %eax
	movw	$DEBUG_EXIT, %dx
	outl	%eax, %dx
4:	cli
	hlt
	jmp	4b

	.code64
.Lenter_64:
	movabsq	$.Lhigh, %rax
	jmp	*%rax
.Lhigh:
	lgdt	boot_gdtr_high(%rip)
	movl	$BOOT_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	leaq	boot_stack_top(%rip), %rsp
	xorl	%ebp, %ebp
	movl	%ebx, %edi
	call	pvh_start
	ud2
	.size pvh_entry, . - pvh_entry

	.section .rodata.boot, "a"
	.balign 8
boot_gdt:
	.quad	0
	.quad	0x00af9b000000ffff /* 64-bit code, accessed */
	.quad	0x00cf93000000ffff /* data, accessed */
boot_gdtr:
	.word	. - boot_gdt - 1
	.long	PHYS(boot_gdt)
boot_gdtr_high:
	.word	boot_gdtr - boot_gdt - 1
	.quad	boot_gdt
msg_prefix:
	.asciz	"Pollux: "
msg_magic:
	.asciz	"not started by a PVH loader\n"
msg_memmap:
	.asciz	"the loader gave no memory map\n"
msg_memory:
	.asciz	"too little memory for the image\n"
msg_long_mode:
	.asciz	"this CPU has no 64-bit mode\n"
msg_nx:
	.asciz	"this CPU cannot protect pages from execution (no NX)\n"
msg_panic:
	.ascii	"panic\n"

	.section .bss.page, "aw", @nobits
	.globl boot_guard, boot_stack, boot_stack_top, boot_pml4
	.balign 4096
boot_guard:
	.skip	4096
boot_stack:
	.skip	16384
boot_stack_top:
boot_pml4:
	.skip	4096
boot_pdpt:
	.skip	4096
boot_kernel_pdpt:
	.skip	4096
boot_pd:
	.skip	4096

	.section .note.GNU-stack, "", @progbits
