/* SPDX-License-Identifier: MIT */
/*
 * System calls of threads: beginning, end, scheduling, futexes, the thread
 * pointer. Decodes, calls kernel/task/, returns -errno.
 */
#include <asm/prctl.h>
#include <asm/unistd_64.h>
#include <errno.h>
#include <linux/futex.h>
#include <linux/resource.h>
#include <linux/sched.h>

#include "kernel/mm/mm.h"
#include "kernel/mm/uaccess.h"
#include "kernel/sys/syscall.h"
#include "kernel/sys/timespec.h"
#include "kernel/task/clone.h"
#include "kernel/task/futex.h"
#include "kernel/task/process.h"
#include "kernel/task/thread.h"
#include "kernel/task/tid.h"
#include "kernel/x86/cpu.h"

#define CLONE_EXIT_SIGNAL 0xff
#define SCHED_ISO 4 /* reserved by Linux */
#define RT_PRIORITY_MAX 99
#define CPU_MASK_SIZE 8 /* bytes of a mask of one CPU: one long */

static long sys_exit(int status)
{
	/* The last thread's status is the process's. */
	if (current->process->nr_threads == 1)
		do_exit_group((status & 0xff));
	thread_exit();
}

static long sys_exit_group(int status)
{
	do_exit_group(status & 0xff);
}

static long sys_gettid(void)
{
	return current->tid;
}

static long sys_set_tid_address(uintptr_t tidptr)
{
	current->clear_child_tid = tidptr;
	return current->tid;
}

static long sys_set_robust_list(uintptr_t head, size_t len)
{
	if (len != sizeof(struct robust_list_head))
		return -EINVAL;
	current->robust_list = head;
	return 0;
}

static long sys_get_robust_list(int tid, uintptr_t *head, size_t *len)
{
	struct thread *thread = tid ? thread_find(tid) : current;

	if (!thread)
		return -ESRCH;
	if (put_user(sizeof(struct robust_list_head), len) ||
	    put_user(thread->robust_list, head))
		return -EFAULT;
	return 0;
}

static long sys_clone(uint64_t flags, uintptr_t stack, int *parent_tid,
		      int *child_tid, uintptr_t tls)
{
	struct clone_request args = {
		.flags = flags & ~(uint64_t)CLONE_EXIT_SIGNAL,
		.stack = stack,
		.parent_tid = parent_tid,
		.child_tid = child_tid,
		.tls = tls,
	};

	return thread_clone(&args);
}

/* Tried by libraries at every start, which go on without: not logged. */
static long sys_not_here(void)
{
	return -ENOSYS;
}

static long get_base(uintptr_t base, uintptr_t *to)
{
	return put_user(base, to);
}

static long sys_arch_prctl(int code, uintptr_t addr)
{
	switch (code) {
	case ARCH_SET_FS:
		if (addr >= USER_MAX)
			return -EPERM;
		cpu_set_fs_base(addr);
		return 0;
	case ARCH_SET_GS:
		if (addr >= USER_MAX)
			return -EPERM;
		cpu_set_user_gs_base(addr);
		return 0;
	case ARCH_GET_FS:
		return get_base(cpu_get_fs_base(), (uintptr_t *)addr);
	case ARCH_GET_GS:
		return get_base(cpu_get_user_gs_base(), (uintptr_t *)addr);
	}
	return -EINVAL;
}

static long sys_sched_yield(void)
{
	yield();
	return 0;
}

static bool is_thread(int tid)
{
	return !tid || thread_find(tid);
}

static long sys_sched_getaffinity(int tid, unsigned int len, uint64_t *umask)
{
	uint64_t mask = 1;

	if (len < CPU_MASK_SIZE || len % CPU_MASK_SIZE)
		return -EINVAL;
	if (!is_thread(tid))
		return -ESRCH;
	return put_user(mask, umask) ? -EFAULT : CPU_MASK_SIZE;
}

static long sys_sched_setaffinity(int tid, unsigned int len,
				  const uint64_t *umask)
{
	uint64_t mask = 0;

	if (copy_from_user(&mask, umask, MIN(len, sizeof(mask))))
		return -EFAULT;
	if (!is_thread(tid))
		return -ESRCH;
	return mask & 1 ? 0 : -EINVAL;
}

/*
 * One program has the CPU to itself, so there is only the ordinary policy. A
 * nice value is stored and has no effect.
 */
static long sys_sched_getscheduler(int tid)
{
	return is_thread(tid) ? SCHED_NORMAL : -ESRCH;
}

static long sys_sched_getparam(int tid, int *upriority)
{
	int priority = 0;

	if (!upriority || tid < 0)
		return -EINVAL;
	if (!is_thread(tid))
		return -ESRCH;
	return put_user(priority, upriority);
}

static long sys_sched_setscheduler(int tid, int policy, const int *upriority)
{
	int priority;

	if (!upriority || tid < 0 || policy < 0)
		return -EINVAL;
	if (get_user(priority, upriority))
		return -EFAULT;
	if (!is_thread(tid))
		return -ESRCH;
	if (policy == SCHED_FIFO || policy == SCHED_RR)
		return priority >= 1 && priority <= RT_PRIORITY_MAX ? -EPERM :
								      -EINVAL;
	if (policy != SCHED_NORMAL && policy != SCHED_BATCH &&
	    policy != SCHED_IDLE)
		return -EINVAL;
	return priority ? -EINVAL : 0;
}

static long sys_sched_setparam(int tid, const int *upriority)
{
	return sys_sched_setscheduler(tid, SCHED_NORMAL, upriority);
}

static long sys_sched_get_priority_max(int policy)
{
	if (policy == SCHED_FIFO || policy == SCHED_RR)
		return RT_PRIORITY_MAX;
	return policy < 0 || policy > SCHED_DEADLINE || policy == SCHED_ISO ?
		       -EINVAL :
		       0;
}

static long sys_sched_get_priority_min(int policy)
{
	return MIN(sys_sched_get_priority_max(policy), 1L);
}

static bool is_who(int which, int who)
{
	if (which == PRIO_USER)
		return who == 0 || who == APP_UID;
	return who == 0 || who == APP_PID ||
	       (which == PRIO_PROCESS && thread_find(who));
}

/* The raw call returns 20 minus the nice value: getpriority(2). */
static long sys_getpriority(int which, int who)
{
	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	return is_who(which, who) ? 20 - current->process->nice : -ESRCH;
}

static long sys_setpriority(int which, int who, int nice)
{
	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	if (!is_who(which, who))
		return -ESRCH;
	nice = MAX(MIN(nice, 19), -20);
	if (nice < current->process->nice)
		return -EACCES;
	current->process->nice = nice;
	return 0;
}

static long sys_getcpu(unsigned int *ucpu, unsigned int *unode)
{
	unsigned int zero = 0;

	if (ucpu && put_user(zero, ucpu))
		return -EFAULT;
	if (unode && put_user(zero, unode))
		return -EFAULT;
	return 0;
}

/* Relative for FUTEX_WAIT, absolute for FUTEX_WAIT_BITSET: futex(2). */
static int futex_deadline(int op, const struct __kernel_timespec *utime,
			  uint64_t *deadline)
{
	uint64_t ns;
	int err;

	*deadline = FOREVER;
	if (!utime)
		return 0;
	err = get_timespec(utime, &ns);
	if (err)
		return err;
	if ((op & FUTEX_CMD_MASK) == FUTEX_WAIT)
		*deadline = deadline_after(ns);
	else if (op & FUTEX_CLOCK_REALTIME)
		*deadline = deadline_realtime(ns);
	else
		*deadline = ns;
	return 0;
}

static long futex_sleep(uintptr_t uaddr, int op, uint32_t val,
			const struct __kernel_timespec *utime, uint32_t bitset)
{
	uint64_t deadline;
	int err = futex_deadline(op, utime, &deadline);

	return err ? err :
		     futex_wait(uaddr, !(op & FUTEX_PRIVATE_FLAG), val, bitset,
				deadline);
}

static long sys_futex(uintptr_t uaddr, int op, uint32_t val, uintptr_t arg4,
		      uintptr_t uaddr2, uint32_t val3)
{
	bool shared = !(op & FUTEX_PRIVATE_FLAG);
	int cmd = op & FUTEX_CMD_MASK;

	if ((op & FUTEX_CLOCK_REALTIME) && cmd != FUTEX_WAIT_BITSET &&
	    cmd != FUTEX_WAIT)
		return -ENOSYS;
	switch (cmd) {
	case FUTEX_WAIT:
		return futex_sleep(uaddr, op, val, (void *)arg4, FUTEX_ANY);
	case FUTEX_WAIT_BITSET:
		return futex_sleep(uaddr, op, val, (void *)arg4, val3);
	case FUTEX_WAKE:
		return futex_wake(uaddr, shared, val, FUTEX_ANY);
	case FUTEX_WAKE_BITSET:
		return futex_wake(uaddr, shared, val, val3);
	case FUTEX_REQUEUE:
		return futex_requeue(uaddr, shared, val, arg4, uaddr2, NULL);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(uaddr, shared, val, arg4, uaddr2, &val3);
	case FUTEX_WAKE_OP:
		return futex_wake_op(uaddr, shared, val, arg4, uaddr2, val3);
	}
	return -ENOSYS;
}

const struct syscall_entry syscalls_thread[] = {
	SYSCALL(exit),
	SYSCALL(exit_group),
	SYSCALL(gettid),
	SYSCALL(set_tid_address),
	SYSCALL(set_robust_list),
	SYSCALL(get_robust_list),
	SYSCALL(clone),
	{ __NR_clone3, (syscall_fn)(void (*)(void))sys_not_here },
	{ __NR_rseq, (syscall_fn)(void (*)(void))sys_not_here },
	{ __NR_membarrier, (syscall_fn)(void (*)(void))sys_not_here },
	SYSCALL(arch_prctl),
	SYSCALL(sched_yield),
	SYSCALL(sched_getaffinity),
	SYSCALL(sched_setaffinity),
	SYSCALL(sched_getscheduler),
	SYSCALL(sched_setscheduler),
	SYSCALL(sched_getparam),
	SYSCALL(sched_setparam),
	SYSCALL(sched_get_priority_max),
	SYSCALL(sched_get_priority_min),
	SYSCALL(getpriority),
	SYSCALL(setpriority),
	SYSCALL(getcpu),
	SYSCALL(futex),
	{ 0, NULL },
};
