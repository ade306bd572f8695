/* SPDX-License-Identifier: MIT */
/*
 * Linux's epoll: epoll(7), epoll_ctl(2), epoll_wait(2). The design is
 * described in kernel/event/eventpoll.c. Thread context.
 */
#ifndef KERNEL_EVENT_EVENTPOLL_H
#define KERNEL_EVENT_EVENTPOLL_H

#include <linux/eventpoll.h>

#include "kernel/base.h"

struct file;

void eventpoll_init(void); /* the slab caches */

/* A new epoll file with one reference, or NULL: -ENOMEM. */
struct file *eventpoll_create(void);

/*
 * epoll_ctl(2) after the event was copied and both descriptors were looked
 * up: -EPERM, -EINVAL, -ELOOP, -EEXIST, -ENOENT, -ENOMEM, -ENOSPC in Linux's
 * order. event is NULL for EPOLL_CTL_DEL.
 */
int eventpoll_ctl(struct file *epfile, int op, struct file *tfile, int fd,
		  const struct epoll_event *event);

/*
 * epoll_wait(2) into a user buffer: events stored, 0 after the time is over,
 * -EFAULT, -EINTR. deadline: absolute monotonic nanoseconds, 0: do not wait,
 * UINT64_MAX: for ever. Caller has checked maxevents and the descriptor.
 */
int eventpoll_wait(struct file *epfile, struct epoll_event *events,
		   int maxevents, uint64_t deadline);

bool is_file_epoll(const struct file *file);

/* Removes a file, at its last close, from every set that watches it. */
void eventpoll_release(struct file *file);

#endif
