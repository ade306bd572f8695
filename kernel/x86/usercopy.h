/* SPDX-License-Identifier: MIT */
/*
 * kernel/x86/usercopy.S: the instructions that touch user memory. The caller
 * has checked that the range lies below USER_MAX.
 */
#ifndef KERNEL_X86_USERCOPY_H
#define KERNEL_X86_USERCOPY_H

#include <stddef.h>

/* Bytes that could not be copied or cleared. */
size_t __copy_user(void *to, const void *from, size_t n);
size_t __clear_user(void *to, size_t n);
/* Length without the NUL, n when there is none, -1 after a fault. */
long __strncpy_user(char *to, const char *from, long n);

#endif
