/* SPDX-License-Identifier: MIT */
/*
 * The finished vDSO as the kernel carries it. The assembler is given its
 * folder with -I.
 */
	.section .rodata.vdso, "a"
	.balign 8
	.globl vdso_image_start, vdso_image_end
vdso_image_start:
	.incbin "vdso.so"
vdso_image_end:
	.section .note.GNU-stack, "", @progbits
