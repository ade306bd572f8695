/* SPDX-License-Identifier: MIT */
/*
 * System calls that wait for many descriptors: epoll, poll, select. Timeouts
 * of ring 3 become deadlines here; the time left is written back where Linux
 * does so.
 */
#include <asm/unistd_64.h>
#include <errno.h>
#include <limits.h>
#include <linux/eventpoll.h>
#include <linux/poll.h>

#include "kernel/event/eventpoll.h"
#include "kernel/event/select.h"
#include "kernel/fs/fdtable.h"
#include "kernel/fs/file.h"
#include "kernel/mm/uaccess.h"
#include "kernel/sys/sys_file.h"
#include "kernel/sys/syscall.h"
#include "kernel/sys/timespec.h"
#include "kernel/task/clock.h"
#include "kernel/task/signal.h"

#define EP_MAX_EVENTS (INT_MAX / (int)sizeof(struct epoll_event))

/* ---- Times --------------------------------------------------------------- */

/* ns from now; 0 stays 0, "do not wait". */
static uint64_t deadline_in(uint64_t ns)
{
	return ns ? deadline_after(ns) : 0;
}

static uint64_t deadline_ms(int ms)
{
	return ms < 0 ? FOREVER : deadline_in((uint64_t)ms * NSEC_PER_MSEC);
}

/* NULL: for ever. -EFAULT, -EINVAL. */
static int deadline_timespec(const struct __kernel_timespec *uts,
			     uint64_t *deadline)
{
	uint64_t ns;
	int err;

	*deadline = FOREVER;
	if (!uts)
		return 0;
	err = get_timespec(uts, &ns);
	if (!err)
		*deadline = deadline_in(ns);
	return err;
}

/* tv_usec may be more than a million. */
static int deadline_timeval(const struct __kernel_old_timeval *utv,
			    uint64_t *deadline)
{
	struct __kernel_old_timeval tv;
	struct __kernel_timespec ts;
	uint64_t ns;
	int err;

	*deadline = FOREVER;
	if (!utv)
		return 0;
	if (get_user(tv, utv))
		return -EFAULT;
	ts.tv_sec = tv.tv_sec + tv.tv_usec / 1000000;
	ts.tv_nsec = tv.tv_usec % 1000000 * (long)NSEC_PER_USEC;
	err = timespec_to_ns(&ts, &ns);
	if (!err)
		*deadline = deadline_in(ns);
	return err;
}

static uint64_t time_left(uint64_t deadline)
{
	uint64_t now = ktime_get_ns();

	return deadline > now ? deadline - now : 0;
}

/*
 * Writes the time left back. A failure is no error, but then the call cannot
 * be restarted.
 */
static long put_left_timespec(struct __kernel_timespec *uts, uint64_t deadline,
			      long result)
{
	if (uts && put_timespec(time_left(deadline), uts) &&
	    result == -ERESTARTNOHAND)
		return -EINTR;
	return result;
}

static long put_left_timeval(struct __kernel_old_timeval *utv,
			     uint64_t deadline, long result)
{
	uint64_t left = time_left(deadline);
	struct __kernel_old_timeval tv = {
		.tv_sec = left / NSEC_PER_SEC,
		.tv_usec = left % NSEC_PER_SEC / NSEC_PER_USEC,
	};

	if (utv && copy_to_user(utv, &tv, sizeof(tv)) &&
	    result == -ERESTARTNOHAND)
		return -EINTR;
	return result;
}

/* The signal mask of ppoll(2) and friends: -EINVAL, -EFAULT. */
static int set_user_sigmask(const uint64_t *umask, size_t size)
{
	uint64_t mask;

	if (!umask)
		return 0;
	if (size != sizeof(mask))
		return -EINVAL;
	if (get_user(mask, umask))
		return -EFAULT;
	sigmask_set(mask);
	return 0;
}

static long restore_sigmask(const uint64_t *umask, long result)
{
	if (umask)
		sigmask_restore_unless(result == -ERESTARTNOHAND ||
				       result == -EINTR);
	return result;
}

/* ---- epoll --------------------------------------------------------------- */

static long sys_epoll_create1(int flags)
{
	struct file *file;

	if (flags & ~EPOLL_CLOEXEC)
		return -EINVAL;
	file = eventpoll_create();
	return sys_fd_install(file ? file : ERR_PTR(file_alloc_error()), flags);
}

static long sys_epoll_create(int size)
{
	return size <= 0 ? -EINVAL : sys_epoll_create1(0);
}

static long sys_epoll_ctl(int epfd, int op, int fd,
			  const struct epoll_event *uevent)
{
	struct epoll_event event;
	struct file *epfile, *tfile;

	if (op != EPOLL_CTL_DEL && get_user(event, uevent))
		return -EFAULT;
	epfile = sys_file(epfd);
	tfile = sys_file(fd);
	if (!epfile || !tfile)
		return -EBADF;
	return eventpoll_ctl(epfile, op, tfile, fd,
			     op == EPOLL_CTL_DEL ? NULL : &event);
}

static inline long do_epoll_wait(int epfd, struct epoll_event *events,
				 int maxevents, uint64_t deadline)
{
	struct file *file = sys_file(epfd);
	long n;

	if (!file)
		return -EBADF;
	if (maxevents <= 0 || maxevents > EP_MAX_EVENTS)
		return -EINVAL;
	if (!access_ok(events, maxevents * sizeof(*events)))
		return -EFAULT;
	if (!is_file_epoll(file))
		return -EINVAL;
	get_file(file);
	n = eventpoll_wait(file, events, maxevents, deadline);
	fput(file);
	return n;
}

static long sys_epoll_wait(int epfd, struct epoll_event *events, int maxevents,
			   int timeout)
{
	return do_epoll_wait(epfd, events, maxevents, deadline_ms(timeout));
}

static noinline long epoll_wait_masked(int epfd, struct epoll_event *events,
				       int maxevents, int timeout,
				       const uint64_t *mask, size_t size)
{
	int err = set_user_sigmask(mask, size);

	if (err)
		return err;
	return restore_sigmask(mask, sys_epoll_wait(epfd, events, maxevents,
						    timeout));
}

/* Without a mask it is epoll_wait(2), which C libraries call this way. */
static long sys_epoll_pwait(int epfd, struct epoll_event *events, int maxevents,
			    int timeout, const uint64_t *mask, size_t size)
{
	if (mask)
		return epoll_wait_masked(epfd, events, maxevents, timeout, mask,
					 size);
	return sys_epoll_wait(epfd, events, maxevents, timeout);
}

static long sys_epoll_pwait2(int epfd, struct epoll_event *events,
			     int maxevents,
			     const struct __kernel_timespec *timeout,
			     const uint64_t *mask, size_t size)
{
	uint64_t deadline;
	int err = deadline_timespec(timeout, &deadline);

	if (!err)
		err = set_user_sigmask(mask, size);
	if (err)
		return err;
	return restore_sigmask(mask, do_epoll_wait(epfd, events, maxevents,
						   deadline));
}

/* ---- poll ---------------------------------------------------------------- */

static long restart_poll(const struct restart_block *block);

static long poll_until(struct pollfd *fds, unsigned int nfds, uint64_t deadline)
{
	long n = do_sys_poll(sys_files(), fds, nfds, sys_nofile(), deadline);

	if (n != -ERESTARTNOHAND)
		return n;
	current->restart = (struct restart_block){
		.fn = restart_poll,
		.deadline = deadline,
		.poll = { fds, nfds },
	};
	return -ERESTART_RESTARTBLOCK;
}

static long restart_poll(const struct restart_block *block)
{
	return poll_until(block->poll.ufds, block->poll.nfds, block->deadline);
}

static long sys_poll(struct pollfd *fds, unsigned int nfds, int timeout)
{
	return poll_until(fds, nfds, deadline_ms(timeout));
}

static long sys_ppoll(struct pollfd *fds, unsigned int nfds,
		      struct __kernel_timespec *timeout, const uint64_t *mask,
		      size_t size)
{
	uint64_t deadline;
	long n = deadline_timespec(timeout, &deadline);

	if (!n)
		n = set_user_sigmask(mask, size);
	if (n)
		return n;
	n = do_sys_poll(sys_files(), fds, nfds, sys_nofile(), deadline);
	n = put_left_timespec(timeout, deadline, n);
	return restore_sigmask(mask, n);
}

/* ---- select -------------------------------------------------------------- */

static long sys_select(int n, void *in, void *out, void *ex,
		       struct __kernel_old_timeval *timeout)
{
	uint64_t deadline;
	long result = deadline_timeval(timeout, &deadline);

	if (result)
		return result;
	result = do_sys_select(sys_files(), n, in, out, ex, deadline);
	return put_left_timeval(timeout, deadline, result);
}

/* The sixth argument of pselect6(2) points to this. */
struct sigset_argpack {
	const uint64_t *mask;
	size_t size;
};

static long sys_pselect6(int n, void *in, void *out, void *ex,
			 struct __kernel_timespec *timeout,
			 const struct sigset_argpack *usig)
{
	struct sigset_argpack sig = { NULL, 0 };
	uint64_t deadline;
	long result;

	if (usig && get_user(sig, usig))
		return -EFAULT;
	result = deadline_timespec(timeout, &deadline);
	if (!result)
		result = set_user_sigmask(sig.mask, sig.size);
	if (result)
		return result;
	result = do_sys_select(sys_files(), n, in, out, ex, deadline);
	result = put_left_timespec(timeout, deadline, result);
	return restore_sigmask(sig.mask, result);
}

const struct syscall_entry syscalls_poll[] = {
	SYSCALL(epoll_create), SYSCALL(epoll_create1),
	SYSCALL(epoll_ctl),    SYSCALL(epoll_wait),
	SYSCALL(epoll_pwait),  SYSCALL(epoll_pwait2),
	SYSCALL(poll),	       SYSCALL(ppoll),
	SYSCALL(select),       SYSCALL(pselect6),
	{ 0, NULL },
};
