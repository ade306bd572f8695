/* SPDX-License-Identifier: MIT */
/*
 * System calls of signals. Decodes, calls kernel/task/signal.c, returns
 * -errno. Masks are 64 bits wide here; sigsetsize must say so.
 */
#include <asm/unistd_64.h>
#include <errno.h>
#include <linux/signal.h>
#include <string.h>

#include "kernel/mm/uaccess.h"
#include "kernel/sys/syscall.h"
#include "kernel/sys/timespec.h"
#include "kernel/task/process.h"
#include "kernel/task/sigframe.h"
#include "kernel/task/signal.h"
#include "kernel/task/thread.h"
#include "kernel/task/tid.h"
#include "kernel/task/wait.h"
#include "kernel/x86/regs.h"

#define SIGSET_SIZE 8

static long sys_rt_sigaction(int sig, const struct k_sigaction *uact,
			     struct k_sigaction *uold, size_t size)
{
	struct k_sigaction act, old;
	int err;

	if (size != SIGSET_SIZE)
		return -EINVAL;
	if (uact && get_user(act, uact))
		return -EFAULT;
	err = signal_action(sig, uact ? &act : NULL, &old);
	if (!err && uold)
		err = put_user(old, uold);
	return err;
}

static long sys_rt_sigprocmask(int how, const uint64_t *uset, uint64_t *uold,
			       size_t size)
{
	uint64_t old = current->blocked, set;
	int err = 0;

	if (size != SIGSET_SIZE)
		return -EINVAL;
	if (uset) {
		if (get_user(set, uset))
			return -EFAULT;
		err = signal_procmask(how, set);
	}
	if (!err && uold)
		err = put_user(old, uold);
	return err;
}

static long sys_rt_sigpending(uint64_t *uset, size_t size)
{
	uint64_t set = signals_pending_blocked();

	if (size > SIGSET_SIZE)
		return -EINVAL;
	return copy_to_user(uset, &set, size) ? -EFAULT : 0;
}

/* Sleeps until a signal is handled. */
static long wait_for_signal(void)
{
	struct wait_queue_head nobody;

	init_waitqueue_head(&nobody);
	wait_event_until(&nobody, false, FOREVER);
	return -ERESTARTNOHAND;
}

static long sys_pause(void)
{
	return wait_for_signal();
}

static long sys_rt_sigsuspend(const uint64_t *umask, size_t size)
{
	uint64_t mask;
	long err;

	if (size != SIGSET_SIZE)
		return -EINVAL;
	if (get_user(mask, umask))
		return -EFAULT;
	sigmask_set(mask);
	err = wait_for_signal();
	sigmask_restore_unless(true);
	return err;
}

/* The set's signals are usually blocked; sigwait lets them end the sleep. */
static int wait_for_set(uint64_t set, uint64_t deadline,
			struct signal_info *info)
{
	struct wait_queue_head nobody;
	int ret = 0;

	init_waitqueue_head(&nobody);
	if (!signal_take(set, info)) {
		current->sigwait = set;
		ret = wait_event_until(&nobody, false, deadline);
		current->sigwait = 0;
		if (!signal_take(set, info))
			return ret == -ETIMEDOUT ? -EAGAIN : -EINTR;
	}
	return info->sig;
}

static long sys_rt_sigtimedwait(const uint64_t *uset, struct siginfo *uinfo,
				const struct __kernel_timespec *utime,
				size_t size)
{
	uint64_t set, ns, deadline = FOREVER;
	struct signal_info info;
	struct siginfo user_info;
	int ret;

	if (size != SIGSET_SIZE)
		return -EINVAL;
	if (get_user(set, uset))
		return -EFAULT;
	if (utime) {
		ret = get_timespec(utime, &ns);
		if (ret)
			return ret;
		deadline = deadline_after(ns);
	}
	ret = wait_for_set(set & ~signals_unblockable(), deadline, &info);
	if (ret < 0 || !uinfo)
		return ret;
	siginfo_fill(&user_info, &info);
	return put_user(user_info, uinfo) ? -EFAULT : ret;
}

static bool on_stack_now(void)
{
	return on_sigaltstack(current, current->regs->rsp);
}

static int altstack_set(const stack_t *ss)
{
	struct thread *self = current;
	int mode = ss->ss_flags & ~(int)SS_FLAG_BITS;

	if (on_stack_now())
		return -EPERM;
	if (mode != 0 && mode != SS_DISABLE && mode != SS_ONSTACK)
		return -EINVAL;
	memset(&self->altstack, 0, sizeof(self->altstack));
	if (mode == SS_DISABLE)
		return 0;
	if (ss->ss_size < MINSIGSTKSZ)
		return -ENOMEM;
	self->altstack.sp = (uintptr_t)ss->ss_sp;
	self->altstack.size = ss->ss_size;
	self->altstack.flags = ss->ss_flags & (int)SS_FLAG_BITS;
	return 0;
}

static long sys_sigaltstack(const stack_t *uss, stack_t *uold)
{
	struct thread *self = current;
	stack_t ss, old;
	int err = 0;

	memset(&old, 0, sizeof(old)); /* the hole behind ss_flags too */
	old.ss_sp = (void *)self->altstack.sp;
	old.ss_size = self->altstack.size;
	old.ss_flags = sigaltstack_flags(self, self->regs->rsp);
	if (uss) {
		if (get_user(ss, uss))
			return -EFAULT;
		err = altstack_set(&ss);
	}
	if (!err && uold && copy_to_user(uold, &old, sizeof(old)))
		err = -EFAULT;
	return err;
}

/* A bad frame ends the program, as on Linux. */
static long sys_rt_sigreturn(void)
{
	long ret = sigframe_return(current->regs);

	if (ret == -EFAULT && current->regs->orig_rax == __NR_rt_sigreturn)
		die_by_signal(SIGSEGV);
	return ret;
}

/* Continues the call that was interrupted by a signal without a handler. */
static long sys_restart_syscall(void)
{
	struct restart_block block = current->restart;

	current->restart.fn = NULL;
	return block.fn ? block.fn(&block) : -EINTR;
}

static struct signal_info info_from_us(int sig, int code)
{
	return (struct signal_info){
		.sig = sig,
		.code = code,
		.pid = APP_PID,
		.uid = APP_UID,
	};
}

static bool is_signal(int sig)
{
	return sig >= 0 && sig <= NR_SIGNALS;
}

/* One process: pid 1 or its group. -1, all others, finds none. */
static long sys_kill(int pid, int sig)
{
	struct signal_info info = info_from_us(sig, SI_USER);

	if (!is_signal(sig))
		return -EINVAL;
	if (pid != APP_PID && pid != 0)
		return -ESRCH;
	if (sig)
		send_process_signal(current->process, &info);
	return 0;
}

static long send_to_thread(int tid, int sig)
{
	struct signal_info info = info_from_us(sig, SI_TKILL);
	struct thread *thread;

	if (!is_signal(sig))
		return -EINVAL;
	thread = thread_find(tid);
	if (!thread)
		return -ESRCH;
	if (sig)
		send_signal_info(thread, &info);
	return 0;
}

static long sys_tkill(int tid, int sig)
{
	return tid <= 0 ? -EINVAL : send_to_thread(tid, sig);
}

static long sys_tgkill(int pid, int tid, int sig)
{
	if (pid <= 0 || tid <= 0)
		return -EINVAL;
	return pid != APP_PID ? -ESRCH : send_to_thread(tid, sig);
}

/* sigqueue(3): a program may send itself any code. */
static int get_info(int sig, const struct siginfo *uinfo,
		    struct signal_info *info)
{
	struct siginfo user_info;

	if (get_user(user_info, uinfo))
		return -EFAULT;
	*info = (struct signal_info){
		.sig = sig,
		.code = user_info.si_code,
		.error = user_info.si_errno,
		.pid = user_info.si_pid,
		.uid = user_info.si_uid,
		.addr = (uintptr_t)user_info.si_ptr,
	};
	return is_signal(sig) ? 0 : -EINVAL;
}

static long sys_rt_sigqueueinfo(int pid, int sig, const struct siginfo *uinfo)
{
	struct signal_info info;
	int err = get_info(sig, uinfo, &info);

	if (err)
		return err;
	if (pid != APP_PID)
		return -ESRCH;
	if (sig)
		send_process_signal(current->process, &info);
	return 0;
}

static long sys_rt_tgsigqueueinfo(int pid, int tid, int sig,
				  const struct siginfo *uinfo)
{
	struct signal_info info;
	struct thread *thread;
	int err = get_info(sig, uinfo, &info);

	if (err)
		return err;
	if (pid <= 0 || tid <= 0)
		return -EINVAL;
	thread = thread_find(tid);
	if (pid != APP_PID || !thread)
		return -ESRCH;
	if (sig)
		send_signal_info(thread, &info);
	return 0;
}

const struct syscall_entry syscalls_signal[] = {
	SYSCALL(rt_sigaction),
	SYSCALL(rt_sigprocmask),
	SYSCALL(rt_sigpending),
	SYSCALL(rt_sigsuspend),
	SYSCALL(rt_sigtimedwait),
	SYSCALL(rt_sigreturn),
	SYSCALL(restart_syscall),
	SYSCALL(sigaltstack),
	SYSCALL(pause),
	SYSCALL(kill),
	SYSCALL(tkill),
	SYSCALL(tgkill),
	SYSCALL(rt_sigqueueinfo),
	SYSCALL(rt_tgsigqueueinfo),
	{ 0, NULL },
};
