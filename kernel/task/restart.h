/* SPDX-License-Identifier: MIT */
/*
 * Calls that a signal interrupts: what a wait returns says how the call goes on.
 * These numbers are Linux's; signal_deliver() turns them into -EINTR or another
 * try on the way to ring 3, which never sees them (signal(7) lists the calls).
 */
#ifndef KERNEL_TASK_RESTART_H
#define KERNEL_TASK_RESTART_H

#include "kernel/base.h"

/* Again when there was no handler, or one with SA_RESTART. */
#define ERESTARTSYS 512
/* Again when there was no handler. */
#define ERESTARTNOHAND 514
/* The same, by restart_syscall(2): the call's arguments are not the rest. */
#define ERESTART_RESTARTBLOCK 516

/* What restart_syscall(2) goes on with; pointers are of ring 3. */
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
