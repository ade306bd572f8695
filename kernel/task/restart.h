/* SPDX-License-Identifier: MIT */
/*
 * Calls that a signal interrupts: the wait's result says whether and how the
 * call is restarted. The numbers are Linux's; on the way to ring 3, which never
 * sees them, signal_deliver() returns -EINTR or restarts (see signal(7)).
 */
#ifndef KERNEL_TASK_RESTART_H
#define KERNEL_TASK_RESTART_H

#include "kernel/base.h"

/* Restarts without a handler, or with SA_RESTART. */
#define ERESTARTSYS 512
/* Restarts without a handler only. */
#define ERESTARTNOHAND 514
/* The same, by restart_syscall(2), since the arguments no longer fit. */
#define ERESTART_RESTARTBLOCK 516

/* What restart_syscall(2) continues with; pointers are of ring 3. */
struct restart_block {
	long (*fn)(const struct restart_block *block); /* NULL: nothing */
	uint64_t deadline; /* a moment: kernel/task/clock.h */
	union {
		struct {
			void *urem;
		} sleep;
		struct {
			void *ufds;
			unsigned int nfds;
		} poll;
		struct {
			uintptr_t uaddr;
			uint32_t val;
			uint32_t bitset;
			bool shared;
		} futex;
	};
};

#endif
