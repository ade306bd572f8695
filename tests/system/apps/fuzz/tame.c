/* SPDX-License-Identifier: MIT */
/*
 * What the fuzzer must not do to itself: signals that end it, waits that
 * nothing ends, memory that is not its own, a console that somebody else
 * writes to.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "fuzz.h"

static bool is_console(long fd)
{
	return (int)fd >= 0 && (int)fd <= 2;
}

static long gentle_signal(void)
{
	return below(3) ? 0 : SIGUSR1;
}

static void tame_signals(long *a)
{
	static const uint64_t no_signal, usr2 = 1UL << (SIGUSR2 - 1);

	switch (a[0]) {
	case SYS_kill:
	case SYS_tkill:
	case SYS_rt_sigqueueinfo:
		a[2] = gentle_signal();
		break;
	case SYS_tgkill:
	case SYS_rt_tgsigqueueinfo:
		a[3] = gentle_signal();
		break;
	case SYS_rt_sigsuspend: /* a mask that lets the timer's signal in */
		a[1] = (long)&no_signal;
		break;
	case SYS_rt_sigtimedwait: /* and these would swallow it */
		a[1] = (long)&usr2;
		break;
	case SYS_signalfd:
	case SYS_signalfd4:
		a[2] = (long)&usr2;
		break;
	}
}

static long in_arena(void)
{
	return (long)me->arena + (long)below(ARENA_SIZE / 4096) * 4096;
}

/* Memory calls may do what they like, but within the arena or nowhere. */
static void tame_memory(long *a)
{
	bool wild = !below(4);

	a[1] = wild ? (long)(USER_MAX + below(1 << 20) * 4096) : in_arena();
	a[2] = wild ? number() : (long)below(8192);
	if (a[0] == SYS_mremap && !below(2)) {
		a[3] = below(8192);
		a[4] = MREMAP_MAYMOVE;
	} else if (a[0] == SYS_mremap) {
		a[3] = below(8192);
		a[4] = MREMAP_MAYMOVE | MREMAP_FIXED;
		a[5] = in_arena();
	} else if (a[0] == SYS_mmap) {
		a[3] = below(8);
		a[4] = MAP_FIXED | below(64);
		a[5] = descriptor();
		a[6] = below(4) * 4096;
	} else if (a[0] == SYS_mprotect) {
		a[3] = below(10);
	} else if (a[0] == SYS_madvise) {
		a[3] = below(30);
	}
}

/* False: not this one. */
bool tame(long *a)
{
	tame_signals(a);
	switch (a[0]) {
	case SYS_exit:
	case SYS_exit_group:
	case SYS_rt_sigreturn:
	case SYS_fork:
	case SYS_vfork:
	case SYS_clone:
	case SYS_clone3:
	case SYS_execve:
	case SYS_execveat:
	case SYS_setitimer:
	case SYS_alarm:
	case SYS_reboot:
	case SYS_prlimit64:
	case SYS_setrlimit:
	case SYS_brk:
	case SYS_sigaltstack:
		return false;
	case SYS_set_tid_address: /* by which the C library knows its threads */
		return !threaded;
	case SYS_arch_prctl:
		return a[1] != 0x1002; /* ARCH_SET_FS */
	case SYS_rt_sigaction:
	case SYS_rt_sigprocmask:
		a[2] = below(2) ? 0 : (long)USER_MAX + number() % 4096;
		return a[2] != 0 || a[1] != 0;
	case SYS_epoll_pwait:
	case SYS_ppoll:
	case SYS_epoll_pwait2:
		a[a[0] == SYS_ppoll ? 4 : 5] = 0;
		return true;
	case SYS_pselect6:
		a[6] = 0;
		return true;
	case SYS_write: /* the console is for what this program has to say */
	case SYS_writev:
	case SYS_pwrite64:
	case SYS_pwritev:
	case SYS_pwritev2:
	case SYS_close:
	case SYS_dup:
	case SYS_fcntl:
	case SYS_ioctl:
		return !is_console(a[1]);
	case SYS_dup2:
	case SYS_dup3:
		return !is_console(a[1]) && !is_console(a[2]);
	case SYS_close_range:
		a[1] = FIRST_FD + (long)below(END_FD);
		return !below(16);
	case SYS_mmap:
	case SYS_munmap:
	case SYS_mremap:
	case SYS_mprotect:
	case SYS_madvise:
		tame_memory(a);
		me->torn = true;
		return true;
	}
	return true;
}
