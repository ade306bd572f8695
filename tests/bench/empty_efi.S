/* SPDX-License-Identifier: MIT */
/*
 * The empty guest that boot compares with, as an EFI application: it says on
 * COM1 that it runs, and halts. The whole file, its headers too (PE format,
 * "Optional Header" of PE32+), so that it is linked as a plain binary.
 */
#define MACHINE_X86_64 0x8664
#define PE32_PLUS 0x20b
#define SUBSYSTEM_EFI_APPLICATION 10
#define EXECUTABLE_LARGE_ADDRESSES 0x0022
#define CODE_EXECUTE_READ 0x60000020
#define HEADERS 0x200
#define CODE_RVA 0x1000
#define CODE_SIZE 0x1000 /* as -kernel refuses files of a few bytes */
#define COM1 0x3f8

	.code64
	.globl _start
_start:
dos_header:
	.ascii	"MZ"
	.org	0x3c
	.long	pe_header - dos_header
pe_header:
	.ascii	"PE\0\0"
	.word	MACHINE_X86_64, 1 /* section */
	.long	0, 0, 0
	.word	section - optional_header, EXECUTABLE_LARGE_ADDRESSES
optional_header:
	.word	PE32_PLUS, 0
	.long	CODE_SIZE, 0, 0, CODE_RVA, CODE_RVA
	.quad	0 /* base: anywhere */
	.long	CODE_RVA, HEADERS /* alignment in memory, in the file */
	.word	0, 0, 0, 0, 0, 0
	.long	0, CODE_RVA + CODE_SIZE, HEADERS, 0
	.word	SUBSYSTEM_EFI_APPLICATION, 0
	.quad	0, 0, 0, 0 /* stack and heap: the firmware's */
	.long	0, 0 /* no data directories */
section:
	.ascii	".text\0\0\0"
	.long	CODE_SIZE, CODE_RVA, CODE_SIZE, HEADERS, 0, 0
	.word	0, 0
	.long	CODE_EXECUTE_READ

	.org	HEADERS
	leaq	message(%rip), %rsi
	movl	$message_end - message, %ecx
	movw	$COM1, %dx
	rep outsb
1:	hlt
	jmp	1b
message:
	.ascii	"\nempty: runs\n"
message_end:
	.org	HEADERS + CODE_SIZE

	.section .note.GNU-stack, "", @progbits
