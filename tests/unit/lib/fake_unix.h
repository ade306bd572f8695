/* SPDX-License-Identifier: MIT */
/*
 * What AF_UNIX needs beside the sources that it is linked with on the host: a
 * process, a clock that stands still, no signals, and memory that grows.
 * Included once in a program, after lib/fake_kernel.h.
 */
#ifndef TESTS_UNIT_LIB_FAKE_UNIX_H
#define TESTS_UNIT_LIB_FAKE_UNIX_H

#include <errno.h>

#include "kernel/event/eventpoll.h"
#include "kernel/fs/fdtable.h"
#include "kernel/fs/file.h"
#include "kernel/fs/readdir.h"
#include "kernel/random.h"
#include "kernel/task/clock.h"
#include "kernel/task/process.h"
#include "kernel/task/signal.h"
#include "lib/fake_kernel.h"
#include "lib/fake_pages.h"
#include "net/base/rxqueue.h"
#include "net/socket/sock_ioctl.h"
#include "net/socket/sock_signal.h"
#include "net/socket/socket.h"
#include "net/socket/sockopt_socket.h"

static struct process process = { .umask = 022 };
const struct file_operations dir_fops;

long sock_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg)
{
	return -ENOTTY;
}

struct process *the_process(void)
{
	return &process;
}

void eventpoll_release(struct file *file)
{
}

void send_signal(struct thread *thread, int sig)
{
}

void rxqueue_purge(struct rxqueue *q)
{
}

void sockopt_socket_init(void)
{
}

uint32_t random_u32(void)
{
	return 0xfffff;
}

uint64_t ktime_get_ns(void)
{
	return 1;
}

uint64_t ktime_get_real_ns(void)
{
	return NSEC_PER_SEC;
}

void sock_send_sigpipe(void)
{
}

void *krealloc(void *old, size_t size)
{
	if (alloc_fails())
		return NULL;
	live_objects += !old;
	return realloc(old, size);
}

#endif /* TESTS_UNIT_LIB_FAKE_UNIX_H */
