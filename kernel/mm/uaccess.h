/* SPDX-License-Identifier: MIT */
/*
 * Copies between the kernel and ring 3. Every instruction that touches a
 * user address has an entry in the exception table (section __ex_table): a
 * bad pointer ends in -EFAULT, a page not yet present is faulted in, and
 * nothing ever panics. Addresses at or above USER_MAX are refused unread.
 * With SMAP the window opens (STAC) only around those instructions.
 */
#ifndef KERNEL_MM_UACCESS_H
#define KERNEL_MM_UACCESS_H

#include <errno.h>

#include "kernel/base.h"

/* The whole range is below USER_MAX and does not wrap; it may be unmapped. */
bool access_ok(const void *addr, size_t len);

/* Return the number of bytes that could NOT be copied, 0: all were. */
size_t copy_from_user(void *to, const void *from, size_t n);
size_t copy_to_user(void *to, const void *from, size_t n);
size_t clear_user(void *to, size_t n);

/* Length without the NUL, -EFAULT, or n if no NUL within n bytes. */
long strncpy_from_user(char *to, const char *from, long n);

/* One object of any size: 0 or -EFAULT. */
#define get_user(x, ptr) (copy_from_user(&(x), (ptr), sizeof(x)) ? -EFAULT : 0)
#define put_user(x, ptr)                                              \
	({                                                            \
		typeof(*(ptr)) __v = (x);                             \
		copy_to_user((ptr), &__v, sizeof(__v)) ? -EFAULT : 0; \
	})

/* For fault handlers: where to continue after a fault at rip; 0: nowhere. */
uintptr_t ex_table_find(uintptr_t rip);

#endif
