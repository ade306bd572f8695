/* SPDX-License-Identifier: MIT */
/*
 * How f_op->poll lets its caller wait: poll_wait() names each wait queue on
 * which a change of the mask will be announced.
 */
#ifndef KERNEL_FS_POLL_H
#define KERNEL_FS_POLL_H

#include <linux/eventpoll.h>

#include "kernel/base.h"
#include "kernel/task/wait.h"

struct file;

struct poll_table {
	/* NULL: the caller wants the mask only. */
	void (*qproc)(struct file *file, struct wait_queue_head *wq,
		      struct poll_table *pt);
	uint32_t key; /* events of interest, for the waker's filter */
};

static inline void poll_wait(struct file *file, struct wait_queue_head *wq,
			     struct poll_table *pt)
{
	if (pt && pt->qproc)
		pt->qproc(file, wq, pt);
}

#define EPOLL_IN_SET (EPOLLIN | EPOLLRDNORM)
#define EPOLL_OUT_SET (EPOLLOUT | EPOLLWRNORM)

#endif
