/* SPDX-License-Identifier: MIT */
/*
 * The two ways into the kernel. Both end in 64-bit mode with the first GiB of
 * memory mapped as it is, on the boot stack, in C that does not care where it
 * lies; boot/enter.c then moves the kernel to its own addresses.
 *
 *   pvh_entry   32-bit protected mode, no paging, no stack, EBX = the start
 *               info (Xen's docs/misc/pvh.pandoc); the image at LOAD_ADDRESS
 *   boot_entry  64-bit mode, interrupts off, where the ELF header's e_entry
 *               points to: RSI = Linux's boot_params (Firecracker), or RDI = a
 *               filled struct boot_info (boot/efi). What RDI or RSI points to
 *               and the image are mapped as they lie, below 1 GiB.
 *
 * The second goes down to 32-bit mode and joins the first: that leaves behind
 * whatever paging the firmware used, five levels included.
 *
 * What cannot go on is said on COM1 with port output alone: there may be no
 * RAM below the stack.
 */
#include "boot/enter.h"
#include "boot/pvh.h"

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

#define BOOT_CS64 0x08
#define BOOT_DS 0x10
#define BOOT_CS32 0x18

/* In 32-bit code: EBP holds where boot_base lies. */
#define AT(symbol) ((symbol) - boot_base)(%ebp)

	.section .note.pvh, "a", @note
	.balign 4
	.long 4, 8, XEN_ELFNOTE_PHYS32_ENTRY
	.asciz "Xen"
	.quad LOAD_ADDRESS /* pvh_entry is what the image starts with */

	.section .text.boot, "ax"
	.code32
	.globl pvh_entry
	.type pvh_entry, @function
boot_base:
pvh_entry:
	cld
	cli
	movl	$LOAD_ADDRESS, %ebp
	leal	AT(msg_magic), %esi
	cmpl	$EARLY_MAP_SIZE - 64, %ebx
	ja	.Lfail
	cmpl	$PVH_MAGIC, PVH_INFO_MAGIC(%ebx)
	jne	.Lfail
	leal	AT(msg_memmap), %esi
	cmpl	$PVH_MEMMAP_VERSION, PVH_INFO_VERSION(%ebx)
	jb	.Lfail
	cmpl	$0, PVH_INFO_MEMMAP + 4(%ebx)
	jne	.Lfail
	movl	PVH_INFO_MEMMAP(%ebx), %edi
	movl	PVH_INFO_MEMMAP_ENTRIES(%ebx), %ecx
	leal	AT(_image_end), %edx
	leal	AT(msg_memory), %esi

	/* One RAM range must hold the image up to the end of its .bss. */
1:	testl	%ecx, %ecx
	jz	.Lfail
	cmpl	$PVH_MEM_RAM, PVH_MEM_TYPE(%edi)
	jne	2f
	cmpl	$0, PVH_MEM_ADDR + 4(%edi)
	jne	2f
	movl	PVH_MEM_ADDR(%edi), %eax
	cmpl	%ebp, %eax
	ja	2f
	cmpl	$0, PVH_MEM_SIZE + 4(%edi)
	jne	.Lpvh_fits
	addl	PVH_MEM_SIZE(%edi), %eax
	jc	.Lpvh_fits
	cmpl	%edx, %eax
	jae	.Lpvh_fits
2:	addl	$PVH_MEM_ENTRY_SIZE, %edi
	decl	%ecx
	jmp	1b

	/* Firmware that ran since the image was loaded may have used its .bss. */
.Lpvh_fits:
	leal	AT(_edata), %edi
	movl	%edx, %ecx
	subl	%edi, %ecx
	shrl	$2, %ecx
	xorl	%eax, %eax
	rep stosl
	leal	AT(boot_stack_top), %esp
	pushl	$BOOT_BY_PVH
	pushl	$0
	pushl	%ebx

/* The stack holds boot_enter()'s arguments. */
.Lcheck_cpu:
	leal	AT(msg_long_mode), %esi
	movl	$0x80000000, %eax
	cpuid
	cmpl	$0x80000001, %eax
	jb	.Lfail
	movl	$0x80000001, %eax
	cpuid
	btl	$CPUID_LM_BIT, %edx
	jnc	.Lfail
	leal	AT(msg_nx), %esi
	btl	$CPUID_NX_BIT, %edx
	jnc	.Lfail

	/* The first GiB as it is, in 2 MiB pages. */
	leal	AT(boot_pd), %edi
	movl	$PTE_P_W_PS, %eax
	xorl	%ecx, %ecx
1:	movl	%eax, (%edi,%ecx,8)
	addl	$0x200000, %eax
	incl	%ecx
	cmpl	$512, %ecx
	jne	1b
	leal	PTE_P_W + AT(boot_pd), %eax
	movl	%eax, AT(boot_pdpt)
	leal	PTE_P_W + AT(boot_pdpt), %eax
	movl	%eax, AT(boot_pml4)

	/* SDM vol 3 10.8.5: PAE, top level, EFER.LME, then paging. */
	movl	$CR4_PAE, %eax
	movl	%eax, %cr4
	leal	AT(boot_pml4), %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME + EFER_NXE, %eax
	wrmsr
	movl	%cr0, %eax
	orl	$CR0_PG + CR0_WP + CR0_PE, %eax
	movl	%eax, %cr0
	leal	AT(boot_gdt), %eax
	movl	%eax, 2 + AT(boot_gdtr)
	lgdt	AT(boot_gdtr)
	leal	AT(.Lenter_64), %eax
	pushl	$BOOT_CS64
	pushl	%eax
	lret

/* Prints ESI and ends the machine as a panic does. */
.Lfail:
	movl	%esi, %edi
	leal	AT(msg_prefix), %esi
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

	leal	AT(msg_panic), %esi
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
	movl	$BOOT_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	movl	-12 + boot_stack_top(%rip), %edi
	movl	-8 + boot_stack_top(%rip), %esi
	movl	-4 + boot_stack_top(%rip), %edx
	leaq	boot_stack_top(%rip), %rsp
	xorl	%ebp, %ebp
	call	boot_enter
	ud2
	.size pvh_entry, . - pvh_entry

	.globl boot_entry
	.type boot_entry, @function
boot_entry:
	cld
	cli
	xorl	%eax, %eax
	movl	%edi, %ebx
	cmpq	%rbx, %rdi
	cmovneq	%rax, %rbx
	movl	%esi, %edi
	cmpq	%rdi, %rsi
	cmovneq	%rax, %rdi
	leaq	boot_base(%rip), %rbp
	leaq	boot_stack_top(%rip), %rsp
	leaq	boot_gdt(%rip), %rax
	movq	%rax, 2 + boot_gdtr(%rip)
	lgdt	boot_gdtr(%rip)
	leaq	1f(%rip), %rax
	pushq	$BOOT_CS32
	pushq	%rax
	lretq
	.code32
	/* SDM vol 3 10.8.5.4: paging off, then EFER.LME. */
1:	movl	$BOOT_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	%cr0, %eax
	andl	$~CR0_PG, %eax
	movl	%eax, %cr0
	movl	$MSR_EFER, %ecx
	rdmsr
	andl	$~EFER_LME, %eax
	wrmsr
	pushl	$BOOT_BY_ENTRY
	pushl	%edi
	pushl	%ebx
	jmp	.Lcheck_cpu
	.size boot_entry, . - boot_entry

	.code64
/*
 * _Noreturn void boot_jump(uint64_t cr3, uintptr_t offset, struct boot_info *):
 * with new page tables, start() on the boot stack, both offset higher.
 */
	.globl boot_jump
	.type boot_jump, @function
boot_jump:
	movq	%rdi, %cr3
	leaq	boot_stack_top(%rip), %rsp
	addq	%rsi, %rsp
	leaq	start(%rip), %rax
	addq	%rsi, %rax
	leaq	(%rdx,%rsi), %rdi
	xorl	%ebp, %ebp
	pushq	$0 /* where a call would have left its return address */
	jmp	*%rax
	.size boot_jump, . - boot_jump

	.section .rodata.boot, "a"
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

	.section .data.boot, "aw"
	.balign 8
boot_gdt:
	.quad	0
	.quad	0x00af9b000000ffff /* 64-bit code, accessed */
	.quad	0x00cf93000000ffff /* data, accessed */
	.quad	0x00cf9b000000ffff /* 32-bit code, accessed */
boot_gdtr:
	.word	. - boot_gdt - 1
	.quad	0 /* boot_gdt, once it is known where that lies */

	.section .bss.page, "aw", @nobits
	.globl boot_guard, boot_stack, boot_stack_top, boot_guard_above
	.globl boot_pml4, boot_pdpt, boot_pd
	.balign 4096
boot_guard:
	.skip	4096
boot_stack:
	.skip	16384
boot_stack_top:
boot_guard_above:
	.skip	4096
boot_pml4:
	.skip	4096
boot_pdpt:
	.skip	4096
boot_pd:
	.skip	4096

	.section .note.GNU-stack, "", @progbits
