/* SPDX-License-Identifier: MIT */
/*
 * System calls about the process and the machine: identity, limits, use of
 * resources. Decodes, calls the part that knows, returns -errno.
 */
#include <asm/unistd_64.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/random.h>
#include <linux/resource.h>
#include <linux/sysinfo.h>
#include <linux/times.h>
#include <linux/utsname.h>
#include <string.h>

#include "kernel/fs/dev.h"
#include "kernel/mm/mm.h"
#include "kernel/mm/page.h"
#include "kernel/mm/uaccess.h"
#include "kernel/sys/syscall.h"
#include "kernel/task/clock.h"
#include "kernel/task/process.h"
#include "kernel/task/thread.h"
#include "kernel/task/tid.h"
#include "kernel/utsname.h"

#define RANDOM_MAX 33554431 /* most bytes of one call, as on Linux */
#define CLOCK_TICK_NS (NSEC_PER_SEC / 100) /* AT_CLKTCK */
#define TIMER_SLACK_NS 50000 /* Linux's initial value */

static long sys_getpid(void)
{
	return APP_PID;
}

static long sys_getppid(void)
{
	return 0;
}

static long sys_getuid(void)
{
	return APP_UID;
}

static long sys_getgid(void)
{
	return APP_GID;
}

/*
 * Setting an identity succeeds without effect: there is no other user whose
 * rights a program could lose or gain, so dropping privileges must not fail.
 */
static long sys_set_id(void)
{
	return 0;
}

static long get_ids(uint32_t id, uint32_t *a, uint32_t *b, uint32_t *c)
{
	if (put_user(id, a) || put_user(id, b) || put_user(id, c))
		return -EFAULT;
	return 0;
}

static long sys_getresuid(uint32_t *r, uint32_t *e, uint32_t *s)
{
	return get_ids(APP_UID, r, e, s);
}

static long sys_getresgid(uint32_t *r, uint32_t *e, uint32_t *s)
{
	return get_ids(APP_GID, r, e, s);
}

static long sys_getgroups(int size, uint32_t *list)
{
	return size < 0 ? -EINVAL : 0;
}

static bool is_self(int pid)
{
	return pid == 0 || pid == APP_PID;
}

/* One process group and one session, both led by the process. */
static long sys_getpgrp(void)
{
	return APP_PID;
}

static long sys_getpgid(int pid)
{
	return is_self(pid) ? APP_PID : -ESRCH;
}

static long sys_setpgid(int pid, int pgid)
{
	if (pgid < 0)
		return -EINVAL;
	return is_self(pid) ? -EPERM : -ESRCH; /* a session leader */
}

static long sys_setsid(void)
{
	return -EPERM;
}

static long sys_wait4(void)
{
	return -ECHILD;
}

static long sys_umask(uint32_t mask)
{
	struct process *process = current->process;
	uint32_t old = process->umask;

	process->umask = mask & 0777;
	return old;
}

static long sys_personality(uint32_t persona)
{
	return 0; /* PER_LINUX, whatever was requested */
}

static long do_prlimit(unsigned int resource, const struct rlimit64 *unew,
		       struct rlimit64 *uold)
{
	struct rlimit_pair new, old;
	int err;

	if (unew && copy_from_user(&new, unew, sizeof(new)))
		return -EFAULT;
	err = process_rlimit(current->process, resource, unew ? &new : NULL,
			     &old);
	if (!err && uold && copy_to_user(uold, &old, sizeof(old)))
		return -EFAULT;
	return err;
}

static long sys_prlimit64(int pid, unsigned int resource,
			  const struct rlimit64 *unew, struct rlimit64 *uold)
{
	_Static_assert(sizeof(struct rlimit64) == sizeof(struct rlimit_pair),
		       "copied as a whole");
	if (!is_self(pid) && !thread_find(pid))
		return -ESRCH;
	return do_prlimit(resource, unew, uold);
}

static long sys_getrlimit(unsigned int resource, struct rlimit64 *uold)
{
	struct rlimit_pair old;
	int err = process_rlimit(current->process, resource, NULL, &old);

	if (err)
		return err;
	return copy_to_user(uold, &old, sizeof(old)) ? -EFAULT : 0;
}

static long sys_setrlimit(unsigned int resource, const struct rlimit64 *unew)
{
	if (!unew)
		return -EFAULT;
	return do_prlimit(resource, unew, NULL);
}

static long sys_getrandom(char *ubuf, size_t len, unsigned int flags)
{
	struct iovec iov = { ubuf, MIN(len, (size_t)RANDOM_MAX) };
	struct iov_iter to;

	if ((flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE)) ||
	    (flags & (GRND_RANDOM | GRND_INSECURE)) ==
		    (GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	if (!access_ok(ubuf, iov.iov_len))
		return -EFAULT;
	iov_iter_init(&to, &iov, 1, iov.iov_len, true);
	return random_read_iter(&to);
}

static long sys_uname(struct new_utsname *uname)
{
	static const struct new_utsname names = {
		.sysname = "Linux", /* the ABI's system */
		.nodename = UTS_NODENAME,
		.release = "6.1.0-pollux",
		.version = "#1 Pollux",
		.machine = "x86_64",
		.domainname = UTS_DOMAINNAME,
	};

	return copy_to_user(uname, &names, sizeof(names)) ? -EFAULT : 0;
}

static long sys_sysinfo(struct sysinfo *uinfo)
{
	struct sysinfo info;

	memset(&info, 0, sizeof(info)); /* the holes too */
	info.uptime = ktime_get_ns() / NSEC_PER_SEC;
	info.totalram = nr_total_pages() * PAGE_SIZE;
	info.freeram = nr_free_pages() * PAGE_SIZE;
	info.procs = current->process->nr_threads;
	info.mem_unit = 1;
	return copy_to_user(uinfo, &info, sizeof(info)) ? -EFAULT : 0;
}

static struct __kernel_old_timeval to_timeval(uint64_t ns)
{
	return (struct __kernel_old_timeval){
		.tv_sec = ns / NSEC_PER_SEC,
		.tv_usec = ns % NSEC_PER_SEC / NSEC_PER_USEC,
	};
}

/* All CPU time counts as the program's: the kernel works on its behalf. */
static long sys_getrusage(int who, struct rusage *uusage)
{
	struct process *process = current->process;
	struct rusage usage = { 0 };

	if (who == RUSAGE_SELF)
		usage.ru_utime = to_timeval(process_cpu_ns(process));
	else if (who == RUSAGE_THREAD)
		usage.ru_utime = to_timeval(thread_cpu_ns(current));
	else if (who != RUSAGE_CHILDREN)
		return -EINVAL;
	if (who != RUSAGE_CHILDREN)
		usage.ru_maxrss = process->mm->resident * (PAGE_SIZE / KiB);
	return copy_to_user(uusage, &usage, sizeof(usage)) ? -EFAULT : 0;
}

static long sys_times(struct tms *utms)
{
	struct tms tms = {
		.tms_utime = process_cpu_ns(current->process) / CLOCK_TICK_NS,
	};

	if (utms && put_user(tms, utms))
		return -EFAULT;
	return ktime_get_ns() / CLOCK_TICK_NS;
}

/* No capabilities, as in an ordinary user's process. */
static long sys_capget(struct __user_cap_header_struct *uheader,
		       struct __user_cap_data_struct *udata)
{
	static const struct __user_cap_data_struct
		none[_LINUX_CAPABILITY_U32S_3];
	struct __user_cap_header_struct header;
	size_t n = _LINUX_CAPABILITY_U32S_3;

	if (get_user(header, uheader))
		return -EFAULT;
	if (header.version == _LINUX_CAPABILITY_VERSION_1)
		n = _LINUX_CAPABILITY_U32S_1;
	else if (header.version != _LINUX_CAPABILITY_VERSION_2 &&
		 header.version != _LINUX_CAPABILITY_VERSION_3) {
		header.version = _LINUX_CAPABILITY_VERSION_3;
		if (put_user(header, uheader))
			return -EFAULT;
		return udata ? -EINVAL : 0;
	}
	if (header.pid < 0)
		return -EINVAL;
	if (!is_self(header.pid) && !thread_find(header.pid))
		return -ESRCH;
	if (!udata)
		return 0;
	return copy_to_user(udata, none, n * sizeof(*none)) ? -EFAULT : 0;
}

static long prctl_set_name(const char *uname)
{
	char name[sizeof(current->comm)] = { 0 };
	long len = strncpy_from_user(name, uname, sizeof(name) - 1);

	if (len < 0)
		return -EFAULT;
	memcpy(current->comm, name, sizeof(name));
	return 0;
}

static long prctl_get_name(char *uname)
{
	return copy_to_user(uname, current->comm, sizeof(current->comm)) ?
		       -EFAULT :
		       0;
}

static long sys_prctl(int option, uintptr_t arg)
{
	switch (option) {
	case PR_SET_NAME:
		return prctl_set_name((const char *)arg);
	case PR_GET_NAME:
		return prctl_get_name((char *)arg);
	case PR_GET_DUMPABLE:
		return 1;
	case PR_GET_TIMERSLACK:
		return TIMER_SLACK_NS;
	case PR_SET_DUMPABLE:
		return arg > 1 ? -EINVAL : 0;
	case PR_SET_KEEPCAPS:
		return arg > 1 ? -EINVAL : 0;
	case PR_SET_NO_NEW_PRIVS:
		return arg != 1 ? -EINVAL : 0;
	case PR_CAPBSET_READ:
		return arg > CAP_LAST_CAP ? -EINVAL : 0;
	case PR_SET_PDEATHSIG:
		return arg > NR_SIGNALS ? -EINVAL : 0;
	case PR_GET_KEEPCAPS:
	case PR_GET_NO_NEW_PRIVS:
	case PR_SET_TIMERSLACK:
	case PR_SET_THP_DISABLE:
	case PR_GET_THP_DISABLE:
		return 0;
	}
	return -EINVAL;
}

#define SYSCALL_AS(name, function)                                  \
	{                                                           \
		__NR_##name, (syscall_fn)(void (*)(void))(function) \
	}

const struct syscall_entry syscalls_task[] = {
	SYSCALL(getpid),
	SYSCALL(getppid),
	SYSCALL(getuid),
	SYSCALL_AS(geteuid, sys_getuid),
	SYSCALL(getgid),
	SYSCALL_AS(getegid, sys_getgid),
	SYSCALL(getresuid),
	SYSCALL(getresgid),
	SYSCALL(getgroups),
	SYSCALL_AS(setuid, sys_set_id),
	SYSCALL_AS(setgid, sys_set_id),
	SYSCALL_AS(setreuid, sys_set_id),
	SYSCALL_AS(setregid, sys_set_id),
	SYSCALL_AS(setresuid, sys_set_id),
	SYSCALL_AS(setresgid, sys_set_id),
	SYSCALL_AS(setfsuid, sys_getuid),
	SYSCALL_AS(setfsgid, sys_getgid),
	SYSCALL_AS(setgroups, sys_set_id),
	SYSCALL(getpgrp),
	SYSCALL(getpgid),
	SYSCALL(setpgid),
	SYSCALL_AS(getsid, sys_getpgid),
	SYSCALL(setsid),
	SYSCALL(wait4),
	SYSCALL_AS(waitid, sys_wait4),
	SYSCALL(umask),
	SYSCALL(personality),
	SYSCALL(prlimit64),
	SYSCALL(getrlimit),
	SYSCALL(setrlimit),
	SYSCALL(getrandom),
	SYSCALL(uname),
	SYSCALL(sysinfo),
	SYSCALL(getrusage),
	SYSCALL(times),
	SYSCALL(capget),
	SYSCALL(prctl),
	{ 0, NULL },
};
