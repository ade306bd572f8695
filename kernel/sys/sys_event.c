/* SPDX-License-Identifier: MIT */
/*
 * System calls that make files to wait for: pipes, eventfds, timerfds,
 * signalfds.
 */
#include <asm/unistd_64.h>
#include <errno.h>
#include <linux/fcntl.h>
#include <linux/time.h>
#include <linux/timerfd.h>

#include "kernel/event/eventfd.h"
#include "kernel/event/signalfd.h"
#include "kernel/event/timerfd.h"
#include "kernel/fs/fdtable.h"
#include "kernel/fs/file.h"
#include "kernel/mm/uaccess.h"
#include "kernel/pipe/pipe.h"
#include "kernel/sys/sys_file.h"
#include "kernel/sys/syscall.h"
#include "kernel/sys/timespec.h"

/* ---- Pipes --------------------------------------------------------------- */

/* Installs both or neither: on error the ends are consumed. */
static int install_pair(struct file *ends[2], int fds[2], bool cloexec)
{
	struct fdtable *fdt = sys_files();
	int err;

	fds[0] = get_unused_fd(fdt, 0, sys_nofile(), cloexec);
	err = fds[0];
	if (err < 0)
		goto out_put_files;
	fds[1] = get_unused_fd(fdt, 0, sys_nofile(), cloexec);
	err = fds[1];
	if (err < 0) {
		put_unused_fd(fdt, fds[0]);
		goto out_put_files;
	}
	fd_install(fdt, fds[0], ends[0]);
	fd_install(fdt, fds[1], ends[1]);
	return 0;
out_put_files:
	fput(ends[0]);
	fput(ends[1]);
	return err;
}

static long sys_pipe2(int *ufds, int flags)
{
	struct file *ends[2];
	int fds[2];
	int err;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	err = pipe_create(flags, ends);
	if (!err)
		err = install_pair(ends, fds, flags & O_CLOEXEC);
	if (err)
		return err;
	if (copy_to_user(ufds, fds, sizeof(fds))) {
		fd_close(sys_files(), fds[0]);
		fd_close(sys_files(), fds[1]);
		return -EFAULT;
	}
	return 0;
}

static long sys_pipe(int *ufds)
{
	return sys_pipe2(ufds, 0);
}

/* ---- Counters and timers ------------------------------------------------- */

static long install_new(struct file *file, uint32_t flags)
{
	return sys_fd_install(file ? file : ERR_PTR(file_alloc_error()), flags);
}

static long sys_eventfd2(unsigned int count, int flags)
{
	if (flags & ~(EFD_SEMAPHORE | O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	return install_new(eventfd_create(count, flags), flags);
}

static long sys_eventfd(unsigned int count)
{
	return sys_eventfd2(count, 0);
}

static long sys_timerfd_create(int clockid, int flags)
{
	if (flags & ~(TFD_CLOEXEC | TFD_NONBLOCK))
		return -EINVAL;
	switch (clockid) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
		return install_new(timerfd_create(clockid, flags), flags);
	case CLOCK_REALTIME_ALARM: /* would wake a sleeping system */
	case CLOCK_BOOTTIME_ALARM:
		return -EPERM;
	default:
		return -EINVAL;
	}
}

/* fd -1: a new one; else changes the mask of fd. */
static long sys_signalfd4(int fd, const uint64_t *umask, size_t size, int flags)
{
	struct file *file;
	uint64_t mask;

	if (size != sizeof(mask))
		return -EINVAL;
	if (get_user(mask, umask))
		return -EFAULT;
	if (flags & ~(O_CLOEXEC | O_NONBLOCK)) /* SFD_* */
		return -EINVAL;
	if (fd == -1)
		return install_new(signalfd_create(mask, flags), flags);
	file = sys_file(fd);
	if (!file)
		return -EBADF;
	if (!is_file_signalfd(file))
		return -EINVAL;
	signalfd_set_mask(file, mask);
	return fd;
}

static long sys_signalfd(int fd, const uint64_t *umask, size_t size)
{
	return sys_signalfd4(fd, umask, size, 0);
}

/* The timerfd of a descriptor: -EBADF; -EINVAL: another kind of file. */
static int timerfd_of(int fd, struct file **file)
{
	*file = sys_file(fd);
	if (!*file)
		return -EBADF;
	return is_file_timerfd(*file) ? 0 : -EINVAL;
}

static int put_itimerspec(const struct timerfd_spec *spec,
			  struct __kernel_itimerspec *uspec)
{
	int err = put_timespec(spec->interval, &uspec->it_interval);

	return err ? err :
		     put_timespec((uint64_t)spec->value, &uspec->it_value);
}

static long sys_timerfd_settime(int fd, int flags,
				const struct __kernel_itimerspec *unew,
				struct __kernel_itimerspec *uold)
{
	struct timerfd_spec first = { 0 }, old;
	struct __kernel_itimerspec new;
	struct file *file;
	uint64_t value;
	int err;

	if (get_user(new, unew))
		return -EFAULT;
	if (flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET))
		return -EINVAL;
	err = timespec_to_ns(&new.it_value, &value);
	if (!err)
		err = timespec_to_ns(&new.it_interval, &first.interval);
	if (!err)
		err = timerfd_of(fd, &file);
	if (err)
		return err;
	timerfd_get(file, &old);
	if (value && !(flags & TFD_TIMER_ABSTIME))
		value = deadline_after(value);
	first.value = (int64_t)MIN(value, (uint64_t)INT64_MAX);
	err = timerfd_set(file, flags, &first);
	if (err)
		return err;
	return uold ? put_itimerspec(&old, uold) : 0;
}

static long sys_timerfd_gettime(int fd, struct __kernel_itimerspec *uspec)
{
	struct timerfd_spec left;
	struct file *file;
	int err = timerfd_of(fd, &file);

	if (err)
		return err;
	timerfd_get(file, &left);
	return put_itimerspec(&left, uspec);
}

const struct syscall_entry syscalls_event[] = {
	SYSCALL(pipe),
	SYSCALL(pipe2),
	SYSCALL(eventfd),
	SYSCALL(eventfd2),
	SYSCALL(signalfd),
	SYSCALL(signalfd4),
	SYSCALL(timerfd_create),
	SYSCALL(timerfd_settime),
	SYSCALL(timerfd_gettime),
	{ 0, NULL },
};
