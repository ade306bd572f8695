/* SPDX-License-Identifier: MIT */
/*
 * System calls of time: clocks, sleeping, the interval timer. Decodes, calls
 * the clocks and timers of kernel/task/, returns -errno.
 */
#include <asm/unistd_64.h>
#include <errno.h>
#include <linux/time.h>

#include "kernel/mm/uaccess.h"
#include "kernel/sys/syscall.h"
#include "kernel/sys/timespec.h"
#include "kernel/task/itimer.h"
#include "kernel/task/process.h"
#include "kernel/task/thread.h"
#include "kernel/task/tid.h"
#include "kernel/task/wait.h"

/*
 * clock_getcpuclockid(3): the upper bits of a negative id are the complement
 * of a pid or tid; of the three lowest bits two are the kind of clock, and one
 * says that it is a thread's.
 */
static int cpu_clock_get(int id, uint64_t *ns)
{
	bool per_thread = id & 4;
	struct thread *thread;
	int tid = (int)(~(unsigned int)id >> 3);

	if ((id & 3) == 3)
		return -EINVAL;
	if (!per_thread) {
		if (tid != 0 && tid != APP_PID)
			return -EINVAL;
		*ns = process_cpu_ns(current->process);
		return 0;
	}
	thread = tid ? thread_find(tid) : current;
	if (!thread)
		return -EINVAL;
	*ns = thread_cpu_ns(thread);
	return 0;
}

static int clock_get(int id, uint64_t *ns)
{
	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_TAI:
		*ns = ktime_get_real_ns();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		*ns = ktime_get_ns();
		return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
		*ns = process_cpu_ns(current->process);
		return 0;
	case CLOCK_THREAD_CPUTIME_ID:
		*ns = thread_cpu_ns(current);
		return 0;
	}
	return id < 0 ? cpu_clock_get(id, ns) : -EINVAL;
}

static long sys_clock_gettime(int id, struct __kernel_timespec *uts)
{
	uint64_t ns;
	int err = clock_get(id, &ns);

	return err ? err : put_timespec(ns, uts);
}

/* All clocks count nanoseconds of the time stamp counter. */
static long sys_clock_getres(int id, struct __kernel_timespec *uts)
{
	uint64_t ns;
	int err = clock_get(id, &ns);

	return err || !uts ? err : put_timespec(1, uts);
}

/* Linux's TIME_SETTOD_SEC_MAX: 30 years before the nanoseconds end. */
#define SETTOD_SECONDS_MAX 8277292036LL

/* -EINVAL if it is no valid time, else -EPERM: needs CAP_SYS_TIME. */
static long set_time(long long sec, long long nsec)
{
	if (sec < 0 || sec >= SETTOD_SECONDS_MAX || nsec < 0 ||
	    nsec >= (long long)NSEC_PER_SEC)
		return -EINVAL;
	return -EPERM;
}

static long sys_clock_settime(int id, const struct __kernel_timespec *uts)
{
	struct __kernel_timespec ts;
	uint64_t ns;
	int err;

	if (id > 0)
		return -EINVAL;
	if (get_user(ts, uts))
		return -EFAULT;
	if (id == CLOCK_REALTIME)
		return set_time(ts.tv_sec, ts.tv_nsec);
	err = cpu_clock_get(id, &ns);
	return err ? err : -EPERM;
}

static long sys_gettimeofday(struct timeval *utv, struct timezone *utz)
{
	uint64_t now = ktime_get_real_ns();
	struct timeval tv = {
		.tv_sec = now / NSEC_PER_SEC,
		.tv_usec = now % NSEC_PER_SEC / NSEC_PER_USEC,
	};
	struct timezone tz = { 0 };

	if (utv && put_user(tv, utv))
		return -EFAULT;
	if (utz && put_user(tz, utz))
		return -EFAULT;
	return 0;
}

static long sys_settimeofday(const struct timeval *utv,
			     const struct timezone *utz)
{
	struct timeval tv = { 0 };
	struct timezone tz;

	if (utv && get_user(tv, utv))
		return -EFAULT;
	if (tv.tv_usec < 0 || tv.tv_usec >= 1000000)
		return -EINVAL;
	if (utz && get_user(tz, utz))
		return -EFAULT;
	return set_time(tv.tv_sec, tv.tv_usec * (long long)NSEC_PER_USEC);
}

static long sys_time(long *ut)
{
	long now = ktime_get_real_ns() / NSEC_PER_SEC;

	if (ut && put_user(now, ut))
		return -EFAULT;
	return now;
}

static long sleep_until(uint64_t deadline)
{
	struct wait_queue_head nobody;
	int err;

	init_waitqueue_head(&nobody);
	err = wait_event_until(&nobody, false, deadline);
	return err == -ETIMEDOUT ? 0 : err;
}

static long restart_sleep(const struct restart_block *block);

/*
 * Sleeps until a monotonic time; an interrupted sleep stores the time left in
 * *urem, which may be NULL.
 */
static long sleep_rest(uint64_t deadline, struct __kernel_timespec *urem)
{
	uint64_t now;
	long err = sleep_until(deadline);

	if (err != -ERESTARTSYS)
		return err;
	now = ktime_get_ns();
	if (urem && put_timespec(deadline > now ? deadline - now : 0, urem))
		return -EFAULT;
	current->restart = (struct restart_block){
		.fn = restart_sleep,
		.deadline = deadline,
		.sleep = { urem },
	};
	return -ERESTART_RESTARTBLOCK;
}

static long restart_sleep(const struct restart_block *block)
{
	return sleep_rest(block->deadline, block->sleep.urem);
}

static long sys_nanosleep(const struct __kernel_timespec *ureq,
			  struct __kernel_timespec *urem)
{
	uint64_t ns;
	int err = get_timespec(ureq, &ns);

	return err ? err : sleep_rest(deadline_after(ns), urem);
}

static bool is_realtime(int id)
{
	return id == CLOCK_REALTIME || id == CLOCK_REALTIME_ALARM ||
	       id == CLOCK_TAI;
}

/* The error for clocks that cannot be slept on: EINVAL or EOPNOTSUPP. */
static int check_sleep_clock(int id)
{
	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI:
		return 0;
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_PROCESS_CPUTIME_ID:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_BOOTTIME_ALARM:
		return -EOPNOTSUPP;
	}
	return -EINVAL;
}

static long sys_clock_nanosleep(int id, int flags,
				const struct __kernel_timespec *ureq,
				struct __kernel_timespec *urem)
{
	uint64_t ns;
	int err = check_sleep_clock(id);

	if (!err)
		err = get_timespec(ureq, &ns);
	if (err)
		return err;
	if (!(flags & TIMER_ABSTIME))
		return sleep_rest(deadline_after(ns), urem);
	err = sleep_until(is_realtime(id) ? deadline_realtime(ns) : ns);
	return err == -ERESTARTSYS ? -ERESTARTNOHAND : err;
}

static struct itimerval to_itimerval(const struct itimer_setting *setting)
{
	return (struct itimerval){
		.it_interval.tv_sec = setting->interval / NSEC_PER_SEC,
		.it_interval.tv_usec = setting->interval % NSEC_PER_SEC /
				       NSEC_PER_USEC,
		.it_value.tv_sec = setting->value / NSEC_PER_SEC,
		.it_value.tv_usec = setting->value % NSEC_PER_SEC /
				    NSEC_PER_USEC,
	};
}

static int timeval_to_ns(const struct timeval *tv, uint64_t *ns)
{
	struct __kernel_timespec ts = {
		.tv_sec = tv->tv_sec,
		.tv_nsec = tv->tv_usec * NSEC_PER_USEC,
	};

	if (tv->tv_usec < 0 || tv->tv_usec >= 1000000)
		return -EINVAL;
	return timespec_to_ns(&ts, ns);
}

static long sys_getitimer(int which, struct itimerval *uold)
{
	struct itimer_setting old;
	int err = itimer_set(which, NULL, &old);

	return err ? err : put_user(to_itimerval(&old), uold);
}

/* As on Linux, a NULL new value disarms the timer. */
static long sys_setitimer(int which, const struct itimerval *unew,
			  struct itimerval *uold)
{
	struct itimer_setting setting = { 0 }, old;
	struct itimerval new;
	int err;

	if (unew) {
		if (get_user(new, unew))
			return -EFAULT;
		if (timeval_to_ns(&new.it_value, &setting.value) ||
		    timeval_to_ns(&new.it_interval, &setting.interval))
			return -EINVAL;
	}
	err = itimer_set(which, &setting, &old);
	if (err || !uold)
		return err;
	return put_user(to_itimerval(&old), uold);
}

/* alarm(2): the seconds left of the old one, rounded, at least 1. */
static long sys_alarm(unsigned int seconds)
{
	struct itimer_setting old, new = { .value = seconds * NSEC_PER_SEC };

	itimer_set(ITIMER_REAL, &new, &old);
	if (old.value && old.value < NSEC_PER_SEC)
		return 1;
	return (old.value + NSEC_PER_SEC / 2) / NSEC_PER_SEC;
}

const struct syscall_entry syscalls_time[] = {
	SYSCALL(clock_gettime), SYSCALL(clock_getres),
	SYSCALL(clock_settime), SYSCALL(gettimeofday),
	SYSCALL(settimeofday),	SYSCALL(time),
	SYSCALL(nanosleep),	SYSCALL(clock_nanosleep),
	SYSCALL(getitimer),	SYSCALL(setitimer),
	SYSCALL(alarm),		{ 0, NULL },
};
