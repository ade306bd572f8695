/* SPDX-License-Identifier: MIT */
/*
 * The freestanding <assert.h>: compile-time assertions. For those at run time
 * the kernel has ASSERT() in kernel/base.h.
 */
#ifndef LIBC_ASSERT_H
#define LIBC_ASSERT_H

#define static_assert _Static_assert

#endif
