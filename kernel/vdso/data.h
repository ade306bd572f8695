/* SPDX-License-Identifier: MIT */
/*
 * What the vDSO reads: the page below its code, which the kernel alone
 * writes. There is one CPU: a reader in ring 3 is stopped while the kernel
 * writes and so never sees an odd sequence number, only one that changed.
 */
#ifndef KERNEL_VDSO_DATA_H
#define KERNEL_VDSO_DATA_H

#include "kernel/task/timescale.h"

struct vdso_data {
	uint32_t seq; /* another one after each change */
	struct timescale scale; /* of the monotonic clock */
	uint64_t real_offset; /* real time minus monotonic time */
};

#endif
