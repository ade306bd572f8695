/* SPDX-License-Identifier: MIT */
/*
 * What the loader's files share: the firmware's tables, messages to the user,
 * and the command line.
 */
#ifndef BOOT_EFI_LOADER_H
#define BOOT_EFI_LOADER_H

#include <efi.h>
#include <stdint.h>

#include "kernel/boot_info.h"

extern EFI_SYSTEM_TABLE *efi_system;
extern EFI_BOOT_SERVICES *efi_boot;

/* The number that UEFI 2.10 appendix D gives an error. */
#define efi_error_number(status) ((unsigned long)((status) & ~EFI_ERROR_MASK))

/* Finds the outputs for messages. Before the first message. */
void console_init(void);

/*
 * One line to the firmware's console, and to COM1 unless that console includes
 * it.
 */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The firmware's console has ended: from now on COM1 alone. */
void console_exit(void);

/* Logs why the start failed, and returns status. */
#define refuse(status, fmt, ...)         \
	({                               \
		say(fmt, ##__VA_ARGS__); \
		(EFI_STATUS)(status);    \
	})

/*
 * Fills bi->cmdline from the load options of image, or when they are empty from
 * the file \pollux.cmdline beside it, or in its volume's root. An error, after a
 * message, when there is such a file and it cannot be read.
 */
EFI_STATUS cmdline_find(EFI_HANDLE image, struct boot_info *bi);

#endif
