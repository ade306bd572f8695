/* SPDX-License-Identifier: MIT */
/*
 * Clocks, sleeping, and what a program can ask of its surroundings.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static void test_clocks(void)
{
	static const clockid_t ids[] = {
		CLOCK_REALTIME,		  CLOCK_MONOTONIC,
		CLOCK_MONOTONIC_RAW,	  CLOCK_REALTIME_COARSE,
		CLOCK_MONOTONIC_COARSE,	  CLOCK_BOOTTIME,
		CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID,
	};
	struct timespec a, b;
	struct timeval tv;
	bool all = true;

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		all &= !clock_gettime(ids[i], &a) && !clock_getres(ids[i], &b);
	ok(all, "clocks: all of them tell the time and their resolution");
	ok(clock_gettime(99, &a) == -1 && errno == EINVAL,
	   "clocks: an unknown one: EINVAL");
	ok(syscall(SYS_clock_gettime, CLOCK_REALTIME, 8) == -1 &&
		   errno == EFAULT,
	   "clocks: a bad pointer: EFAULT");
	ok(!gettimeofday(&tv, NULL) && tv.tv_sec > 1600000000,
	   "clocks: gettimeofday() tells the year");
	ok(labs(time(NULL) - tv.tv_sec) < 2, "clocks: time() agrees");
}

static struct timespec from_now(clockid_t id, long ms)
{
	struct timespec t;

	clock_gettime(id, &t);
	t.tv_nsec += ms * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

static void test_sleep(void)
{
	struct timespec t = { 0, 1000000000 };
	double start;

	ok(nanosleep(&t, NULL) == -1 && errno == EINVAL,
	   "sleep: 10^9 nanoseconds: EINVAL");
	t = (struct timespec){ -1, 0 };
	ok(nanosleep(&t, NULL) == -1 && errno == EINVAL,
	   "sleep: a negative time: EINVAL");
	start = now();
	usleep(30000);
	ok(now() - start >= 0.03, "sleep: relative");
	start = now();
	t = from_now(CLOCK_MONOTONIC, 20);
	ok(!clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) &&
		   now() - start >= 0.02,
	   "sleep: absolute, monotonic");
	ok(!clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL),
	   "sleep: absolute, in the past");
	start = now();
	t = from_now(CLOCK_REALTIME, 20);
	ok(!clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL) &&
		   now() - start >= 0.019,
	   "sleep: absolute, real time");
	ok(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &t, NULL) == EINVAL,
	   "sleep: on a thread's CPU time: EINVAL");
	ok(clock_nanosleep(CLOCK_MONOTONIC_RAW, 0, &t, NULL) == EOPNOTSUPP,
	   "sleep: on the raw clock: EOPNOTSUPP");
}

static void test_cpu_time(void)
{
	struct timespec t;
	struct rusage usage;
	volatile double work = 1;

	/* On a busy machine that may take a while. */
	ok(COMES_TRUE_BUSY(({
		   work *= 1.00001;
		   clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
		   t.tv_sec > 0 || t.tv_nsec > 50000000;
	   })),
	   "cpu time: of the thread");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	ok(t.tv_sec > 0 || t.tv_nsec > 10000000, "cpu time: of the process");
	ok(!getrusage(RUSAGE_SELF, &usage) && usage.ru_maxrss > 0 &&
		   usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec +
				   usage.ru_stime.tv_usec >
			   10000,
	   "cpu time: getrusage()");
}

static void test_auxv(void)
{
	const char *platform = (const char *)getauxval(AT_PLATFORM);
	const unsigned char *seed = (const void *)getauxval(AT_RANDOM);
	int sum = 0;

	ok(getauxval(AT_PAGESZ) == 4096, "auxv: AT_PAGESZ");
	ok(getauxval(AT_CLKTCK) == 100, "auxv: AT_CLKTCK");
	ok(getauxval(AT_PHDR) && getauxval(AT_PHENT) == 56 &&
		   getauxval(AT_PHNUM) > 1 && getauxval(AT_ENTRY),
	   "auxv: the program's headers and entry");
	ok(platform && !strcmp(platform, "x86_64"), "auxv: AT_PLATFORM");
	for (int i = 0; seed && i < 16; i++)
		sum |= seed[i];
	ok(sum, "auxv: AT_RANDOM");
	ok(getauxval(AT_UID) == getuid() && getauxval(AT_EGID) == getegid() &&
		   !getauxval(AT_SECURE),
	   "auxv: identity");
	ok(getauxval(AT_EXECFN), "auxv: AT_EXECFN");
}

static void test_limits(void)
{
	struct rlimit limit, other;

	ok(!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur >= 256,
	   "limits: descriptors");
	other = (struct rlimit){ .rlim_cur = 2000, .rlim_max = 1000 };
	ok(setrlimit(RLIMIT_NOFILE, &other) == -1 && errno == EINVAL,
	   "limits: soft above hard: EINVAL");
	other = (struct rlimit){ .rlim_cur = 300, .rlim_max = limit.rlim_max };
	ok(!setrlimit(RLIMIT_NOFILE, &other) &&
		   !getrlimit(RLIMIT_NOFILE, &other) && other.rlim_cur == 300,
	   "limits: lowered");
	ok(getrlimit(99, &other) == -1 && errno == EINVAL,
	   "limits: an unknown one: EINVAL");
}

static void test_surroundings(void)
{
	char buf[40] = { 0 };
	struct utsname uts;
	struct sysinfo info;
	cpu_set_t cpus;

	ok(!uname(&uts) && !strcmp(uts.sysname, "Linux") &&
		   !strcmp(uts.machine, "x86_64"),
	   "uname: Linux, x86_64");
	ok(getrandom(buf, 40, 0) == 40, "getrandom: bytes");
	ok(getrandom(buf, 8, 0x100) == -1 && errno == EINVAL,
	   "getrandom: unknown flags: EINVAL");
	ok(!prctl(PR_SET_NAME, "a-name-that-is-too-long") &&
		   !prctl(PR_GET_NAME, buf) && !strcmp(buf, "a-name-that-is-"),
	   "prctl: a name, cut to 15 letters");
	ok(prctl(9999) == -1 && errno == EINVAL, "prctl: unknown: EINVAL");
	ok(!sched_getaffinity(0, sizeof(cpus), &cpus) && CPU_COUNT(&cpus) >= 1,
	   "affinity: one CPU at least");
	ok(!sysinfo(&info) && info.totalram > info.freeram, "sysinfo: memory");
	ok(wait(NULL) == -1 && errno == ECHILD, "wait: no child: ECHILD");
	umask(022);
	ok(umask(027) == 022 && umask(022) == 027, "umask: gives the old one");
	ok(syscall(SYS_arch_prctl, 0x1002, 0xffff800000000000) == -1 &&
		   errno == EPERM,
	   "arch_prctl: a kernel address: EPERM");
	ok(syscall(9999) == -1 && errno == ENOSYS, "syscall 9999: ENOSYS");
	ok(syscall(-1) == -1 && errno == ENOSYS, "syscall -1: ENOSYS");
}

/* By number: musl's own functions say ENOSYS whatever the kernel does. */
static void test_scheduling(void)
{
	int priority = 0;

	ok(syscall(SYS_getpriority, PRIO_PROCESS, 0) == 20,
	   "nice: 0 at the start");
	ok(!setpriority(PRIO_PROCESS, 0, 5) &&
		   syscall(SYS_getpriority, PRIO_PROCESS, 0) == 15,
	   "nice: raised");
	ok(!setpriority(PRIO_PROCESS, 0, 100) &&
		   syscall(SYS_getpriority, PRIO_PROCESS, 0) == 1,
	   "nice: no higher than 19");
	ok(syscall(SYS_getpriority, 3, 0) == -1 && errno == EINVAL,
	   "nice: of whom: EINVAL");
	ok(syscall(SYS_sched_getscheduler, 0) == SCHED_OTHER,
	   "scheduler: the ordinary one");
	ok(!syscall(SYS_sched_getparam, 0, &priority) && priority == 0,
	   "scheduler: without a priority");
	ok(!syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &priority),
	   "scheduler: set to what it is");
	ok(syscall(SYS_sched_setscheduler, 0, 99, &priority) == -1 &&
		   errno == EINVAL,
	   "scheduler: an unknown one: EINVAL");
	ok(syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &priority) == -1 &&
		   errno == EINVAL,
	   "scheduler: FIFO without a priority: EINVAL");
	ok(syscall(SYS_sched_get_priority_max, SCHED_FIFO) == 99 &&
		   syscall(SYS_sched_get_priority_min, SCHED_FIFO) == 1 &&
		   syscall(SYS_sched_get_priority_max, SCHED_OTHER) == 0 &&
		   syscall(SYS_sched_get_priority_max, 99) == -1,
	   "scheduler: the range of priorities");
}

int main(void)
{
	test_clocks();
	test_sleep();
	test_cpu_time();
	test_auxv();
	test_limits();
	test_surroundings();
	test_scheduling();
	return done_testing();
}
