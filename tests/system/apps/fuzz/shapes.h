/* SPDX-License-Identifier: MIT */
/*
 * The system calls that calls.c gives arguments of the right kind.
 */
#ifndef TESTS_SYSTEM_APPS_FUZZ_SHAPES_H
#define TESTS_SYSTEM_APPS_FUZZ_SHAPES_H

#include <sys/syscall.h>

/*
 * What a call takes, so that half of them come to where they do something:
 * f descriptor, p pointer, n small number, l length, s flag or option.
 */
static const struct shape {
	short nr;
	char args[7];
} shapes[] = {
	{ SYS_read, "fpl" },
	{ SYS_write, "fpl" },
	{ SYS_open, "psn" },
	{ SYS_close, "f" },
	{ SYS_stat, "pp" },
	{ SYS_fstat, "fp" },
	{ SYS_poll, "pnn" },
	{ SYS_lseek, "fnn" },
	{ SYS_mmap, "pplnfl" },
	{ SYS_mprotect, "pln" },
	{ SYS_munmap, "pl" },
	{ SYS_mremap, "plln" },
	{ SYS_madvise, "pln" },
	{ SYS_mincore, "plp" },
	{ SYS_ioctl, "fsp" },
	{ SYS_pread64, "fpln" },
	{ SYS_readv, "fpn" },
	{ SYS_writev, "fpn" },
	{ SYS_select, "npppp" },
	{ SYS_dup, "f" },
	{ SYS_dup2, "ff" },
	{ SYS_dup3, "ffs" },
	{ SYS_nanosleep, "pp" },
	{ SYS_socket, "nnn" },
	{ SYS_connect, "fpl" },
	{ SYS_accept, "fpp" },
	{ SYS_accept4, "fpps" },
	{ SYS_sendto, "fplspl" },
	{ SYS_recvfrom, "fplspp" },
	{ SYS_sendmsg, "fps" },
	{ SYS_recvmsg, "fps" },
	{ SYS_sendmmsg, "fpns" },
	{ SYS_recvmmsg, "fpnsp" },
	{ SYS_shutdown, "fn" },
	{ SYS_bind, "fpl" },
	{ SYS_listen, "fn" },
	{ SYS_getsockname, "fpp" },
	{ SYS_getpeername, "fpp" },
	{ SYS_setsockopt, "fnspl" },
	{ SYS_getsockopt, "fnspp" },
	{ SYS_fcntl, "fnn" },
	{ SYS_getdents64, "fpl" },
	{ SYS_futex, "pnnppn" },
	{ SYS_epoll_create1, "s" },
	{ SYS_epoll_ctl, "fnfp" },
	{ SYS_epoll_wait, "fpnn" },
	{ SYS_epoll_pwait, "fpnnp" },
	{ SYS_epoll_pwait2, "fpnpp" },
	{ SYS_eventfd2, "ns" },
	{ SYS_timerfd_create, "ns" },
	{ SYS_timerfd_settime, "fnpp" },
	{ SYS_timerfd_gettime, "fp" },
	{ SYS_pipe2, "ps" },
	{ SYS_preadv2, "fpnnns" },
	{ SYS_pwritev2, "fpnnns" },
	{ SYS_ppoll, "pnppn" },
	{ SYS_pselect6, "nppppp" },
	{ SYS_openat, "fpsn" },
	{ SYS_newfstatat, "fpps" },
	{ SYS_statx, "fpssp" },
	{ SYS_readlinkat, "fppl" },
	{ SYS_getcwd, "pl" },
	{ SYS_chdir, "p" },
	{ SYS_fchdir, "f" },
	{ SYS_clock_nanosleep, "nnpp" },
	{ SYS_clock_gettime, "np" },
	{ SYS_getrandom, "pls" },
	{ SYS_close_range, "fff" },
	{ SYS_rt_sigtimedwait, "pppn" },
	{ SYS_rt_sigsuspend, "pn" },
	{ SYS_rt_sigpending, "pn" },
	{ SYS_socketpair, "nnnp" },
	{ SYS_signalfd4, "fpnn" },
	{ SYS_mlock, "pl" },
	{ SYS_prctl, "nppp" },
	{ SYS_uname, "p" },
	{ SYS_sysinfo, "p" },
	{ SYS_getrusage, "np" },
	{ SYS_capget, "pp" },
	{ SYS_sched_getaffinity, "nlp" },
	{ SYS_get_robust_list, "npp" },
	{ SYS_getitimer, "np" },
	{ SYS_msync, "pln" },
};

#endif
