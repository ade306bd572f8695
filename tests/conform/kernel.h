/* SPDX-License-Identifier: MIT */
/*
 * Numbers of the system call interface, for the conformance programs: musl's
 * compiler finds none of the kernel's own headers.
 */
#ifndef TESTS_CONFORM_KERNEL_H
#define TESTS_CONFORM_KERNEL_H

#include <sys/syscall.h>
#include <unistd.h>

/* close_range(2) */
#define RANGE_UNSHARE 2u
#define RANGE_CLOEXEC 4u

static inline int range_close(unsigned int first, unsigned int last,
			      unsigned int flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

/* futex(2) */
#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define FUTEX_REQUEUE 3
#define FUTEX_CMP_REQUEUE 4
#define FUTEX_WAKE_OP 5
#define FUTEX_WAIT_BITSET 9
#define FUTEX_WAKE_BITSET 10
#define FUTEX_PRIVATE 128
#define FUTEX_REALTIME 256

#define FUTEX_OP_SET 0
#define FUTEX_OP_ADD 1
#define FUTEX_OP_OR 2
#define FUTEX_OP_ANDN 3
#define FUTEX_OP_XOR 4
#define FUTEX_OP_SHIFTED 8
#define FUTEX_OP_EQ 0
#define FUTEX_OP_NE 1
#define FUTEX_OP_LT 2
#define FUTEX_OP_LE 3
#define FUTEX_OP_GT 4

#define FUTEX_OP(op, arg, cmp, cmparg)                              \
	(((unsigned int)(op) << 28) | ((unsigned int)(cmp) << 24) | \
	 ((arg) << 12) | (cmparg))

#endif
