/* SPDX-License-Identifier: MIT */
/*
 * The kernel's command line from a boot manager, a shell or a file.
 */
#ifndef BOOT_EFI_OPTIONS_H
#define BOOT_EFI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/boot_info.h"

/* How the first word of load options is interpreted. */
enum options_name {
	OPTIONS_NAME_MAYBE, /* the program's name if it equals that */
	OPTIONS_NAME_FIRST, /* always its name: a shell started it */
};

/*
 * Load options of size bytes: UCS-2 text as the specification wants, or ASCII
 * as some tools write it. file: the program's path, zero-terminated, or empty.
 * Sets bi->cmdline without the program's name, and bi->cmdline_cut. False when
 * they are neither kind of text: bi->cmdline is empty then.
 */
bool options_take(struct boot_info *bi, const void *options, size_t size,
		  const uint16_t *file, enum options_name name);

/*
 * The same from the bytes of a file: UTF-8, with or without a mark, or UTF-16
 * after a byte order mark, as the UEFI shell writes it.
 */
bool options_take_file(struct boot_info *bi, const void *text, size_t size);

#endif
