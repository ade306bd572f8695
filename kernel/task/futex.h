/* SPDX-License-Identifier: MIT */
/*
 * futex(2): sleeping on a word of user memory. Thread context; addresses are
 * user addresses, aligned to four bytes by the caller's check or -EINVAL.
 *
 * A private wake-up (FUTEX_PRIVATE_FLAG) does not wake shared waits, nor a
 * shared one private waits, though there is only one process.
 */
#ifndef KERNEL_TASK_FUTEX_H
#define KERNEL_TASK_FUTEX_H

#include "kernel/base.h"

struct thread;

#define FUTEX_ANY 0xffffffffU /* the bitset that matches every waiter */

/*
 * Sleeps while the word is val: 0 when woken, -EAGAIN when it was not val,
 * -ETIMEDOUT (deadline: a moment, kernel/task/clock.h), -ERESTARTSYS or with a
 * deadline -ERESTART_RESTARTBLOCK, -EFAULT, -EINVAL for an empty bitset.
 */
int futex_wait(uintptr_t uaddr, bool shared, uint32_t val, uint32_t bitset,
	       uint64_t deadline);
/* Wakes up to nr waiters whose bitset has a bit of this one; how many. */
int futex_wake(uintptr_t uaddr, bool shared, int nr, uint32_t bitset);
/*
 * Wakes up to nr_wake, then moves up to nr_move others to uaddr2; both
 * together. With cmp, -EAGAIN unless the word is *cmp.
 */
int futex_requeue(uintptr_t uaddr, bool shared, int nr_wake, int nr_move,
		  uintptr_t uaddr2, const uint32_t *cmp);
/* FUTEX_WAKE_OP: op is the encoded operation on the word at uaddr2. */
int futex_wake_op(uintptr_t uaddr, bool shared, int nr_wake, int nr_wake2,
		  uintptr_t uaddr2, uint32_t op);

/* set_robust_list(2): marks and wakes the futexes of an ending thread. */
void futex_exit_robust(struct thread *thread);

#endif
