/* SPDX-License-Identifier: MIT */
/*
 * The error numbers of the Linux ABI. There is no errno variable: a function
 * that fails returns the negative number.
 */
#ifndef LIBC_ERRNO_H
#define LIBC_ERRNO_H

#include <asm/errno.h>

#endif
