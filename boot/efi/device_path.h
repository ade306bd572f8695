/* SPDX-License-Identifier: MIT */
/*
 * Reads two kinds of UEFI device paths (UEFI 2.10 10.3).
 */
#ifndef BOOT_EFI_DEVICE_PATH_H
#define BOOT_EFI_DEVICE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Whether one of the paths in a variable of size bytes leads through the PC's
 * first serial port.
 */
bool device_path_has_com1(const void *paths, size_t size);

/*
 * The file that a path ends in, zero-terminated, its parts joined by
 * backslashes: empty when it names none, or one that max units cannot hold.
 */
void device_path_file(const void *path, uint16_t *file, size_t max);

#endif
