/* SPDX-License-Identifier: MIT */
/*
 * poll(2) and select(2) over f_op->poll, with buffers of ring 3. deadline is
 * absolute monotonic nanoseconds, 0: do not wait, UINT64_MAX: for ever.
 * Thread context; they sleep.
 */
#ifndef KERNEL_EVENT_SELECT_H
#define KERNEL_EVENT_SELECT_H

#include "kernel/base.h"

struct fdtable;
struct pollfd;

/*
 * The number of descriptors with events, 0, -EINVAL (nfds > limit), -EFAULT,
 * -ERESTARTNOHAND, -ENOMEM.
 */
int do_sys_poll(struct fdtable *fdt, struct pollfd *ufds, unsigned int nfds,
		uint64_t limit, uint64_t deadline);
/* The number of bits set, 0, or an error as above, or -EBADF. */
int do_sys_select(struct fdtable *fdt, int n, void *in, void *out, void *ex,
		  uint64_t deadline);

#endif
