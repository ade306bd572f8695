/* SPDX-License-Identifier: MIT */
/*
 * Puts the initramfs into the image. The file is looked for in the folder that
 * the assembler is given with -I, one for each application.
 */
	.section .initramfs, "a"
	.balign 8
	.globl __initramfs_start, __initramfs_end
__initramfs_start:
	.incbin "initramfs.cpio"
__initramfs_end:
	.section .note.GNU-stack, "", @progbits
