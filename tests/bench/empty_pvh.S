/* SPDX-License-Identifier: MIT */
/*
 * The empty guest that boot compares with, for a PVH loader: it says on COM1
 * that it runs, and halts.
 */
#define XEN_ELFNOTE_PHYS32_ENTRY 18
#define COM1 0x3f8

	.section .note.pvh, "a", @note
	.balign 4
	.long 4, 8, XEN_ELFNOTE_PHYS32_ENTRY
	.asciz "Xen"
	.quad _start

	.text
	.code32
	.globl _start
_start:
	movl $message, %esi
	movl $message_end - message, %ecx
	movw $COM1, %dx
	rep outsb
1:	hlt
	jmp 1b
message:
	.ascii "\nempty: runs\n"
message_end:

	.section .note.GNU-stack, "", @progbits
