/* SPDX-License-Identifier: MIT */
/*
 * struct stat, struct statx and the bits of a mode, as the user API has them.
 */
#ifndef LIBC_SYS_STAT_H
#define LIBC_SYS_STAT_H

#include <asm/stat.h>
#include <linux/stat.h>

#endif
