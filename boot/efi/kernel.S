/* SPDX-License-Identifier: MIT */
/*
 * Puts the kernel into the loader. The file is looked for in the folder that the
 * assembler is given with -I, one for each application.
 */
	.section .rodata.kernel, "a"
	.balign 8
	.globl kernel_file, kernel_file_end
kernel_file:
	.incbin "pollux.elf"
kernel_file_end:
	.section .note.GNU-stack, "", @progbits
