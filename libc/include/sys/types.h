/* SPDX-License-Identifier: MIT */
/*
 * The freestanding <sys/types.h>: the names that POSIX gives to sizes.
 */
#ifndef LIBC_SYS_TYPES_H
#define LIBC_SYS_TYPES_H

#include <stddef.h>

typedef long ssize_t;
typedef long off_t;
typedef int pid_t;
typedef unsigned int mode_t;

#endif
