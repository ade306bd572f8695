/* SPDX-License-Identifier: MIT */
/*
 * setrlimit(2): how many descriptors, how much address space, how deep a
 * stack.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tap.h"

#define MIB (1UL << 20)

static bool failed_with(long result, int error)
{
	return result == -1 && errno == error;
}

static int set_soft(int resource, rlim_t soft)
{
	struct rlimit limit;

	getrlimit(resource, &limit);
	limit.rlim_cur = soft;
	return setrlimit(resource, &limit);
}

static void test_calls(void)
{
	struct rlimit old, limit, again;

	ok(!getrlimit(RLIMIT_NOFILE, &old) && old.rlim_cur <= old.rlim_max,
	   "rlimit: soft is at most hard");
	limit = (struct rlimit){ 100, 99 };
	ok(failed_with(setrlimit(RLIMIT_NOFILE, &limit), EINVAL),
	   "rlimit: soft above hard: EINVAL");
	ok(failed_with(getrlimit(99, &limit), EINVAL),
	   "rlimit: unknown: EINVAL");
	ok(failed_with(syscall(SYS_prlimit64, 0, 99, NULL, NULL), EINVAL),
	   "rlimit: unknown, prlimit: EINVAL");
	ok(failed_with(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, 8L, NULL),
		       EFAULT),
	   "rlimit: a bad new one: EFAULT");
	ok(failed_with(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, 8L),
		       EFAULT),
	   "rlimit: a bad old one: EFAULT");
	ok(failed_with(syscall(SYS_prlimit64, 999999, RLIMIT_NOFILE, NULL,
			       &limit),
		       ESRCH),
	   "rlimit: nobody's: ESRCH");
	ok(!prlimit(getpid(), RLIMIT_NOFILE, NULL, &limit) &&
		   !memcmp(&limit, &old, sizeof(old)),
	   "rlimit: prlimit of oneself");
	limit.rlim_cur = 77;
	ok(!prlimit(0, RLIMIT_NOFILE, &limit, &again) &&
		   !memcmp(&again, &old, sizeof(old)),
	   "rlimit: prlimit sets and tells what was");
	ok(!getrlimit(RLIMIT_NOFILE, &again) && again.rlim_cur == 77 &&
		   again.rlim_max == old.rlim_max,
	   "rlimit: it is set");
	setrlimit(RLIMIT_NOFILE, &old);
}

static void test_low(void)
{
	int fds[2], high = fcntl(1, F_DUPFD, 50);
	struct pollfd polls[40];
	struct rlimit old;

	getrlimit(RLIMIT_NOFILE, &old);
	ok(high == 50, "nofile: F_DUPFD gives the lowest from 50 on");
	ok(!set_soft(RLIMIT_NOFILE, 20), "nofile: 20");
	ok(fcntl(high, F_GETFD) == 0, "nofile: 50 stays open");
	ok(write(high, "", 0) == 0, "nofile: and usable");
	ok(failed_with(fcntl(1, F_DUPFD, 20), EINVAL),
	   "nofile: F_DUPFD 20: EINVAL");
	ok(failed_with(dup2(1, 20), EBADF), "nofile: dup2 to 20: EBADF");
	ok(failed_with(dup3(1, 20, 0), EBADF), "nofile: dup3 to 20: EBADF");
	ok(dup2(high, high) == high, "nofile: dup2 of 50 to itself is nothing");
	ok(dup2(1, 19) == 19, "nofile: dup2 to 19");
	ok(failed_with(fcntl(1, F_DUPFD, 19), EMFILE),
	   "nofile: F_DUPFD from 19 on: EMFILE");
	while (dup(1) >= 0)
		;
	ok(errno == EMFILE, "nofile: dup until there is none: EMFILE");
	ok(failed_with(dup(high), EMFILE), "nofile: dup of 50: EMFILE");
	ok(failed_with(dup(60), EBADF), "nofile: dup of nothing: EBADF");
	ok(failed_with(open("/dev/null", O_RDONLY), EMFILE),
	   "nofile: open: EMFILE");
	ok(failed_with(pipe(fds), EMFILE), "nofile: pipe: EMFILE");
	ok(failed_with(epoll_create1(0), EMFILE),
	   "nofile: epoll_create1: EMFILE");
	ok(failed_with(eventfd(0, 0), EMFILE), "nofile: eventfd: EMFILE");
	ok(failed_with(socket(AF_INET, SOCK_STREAM, 0), EMFILE),
	   "nofile: socket: EMFILE");
	close(7);
	ok(failed_with(pipe(fds), EMFILE),
	   "nofile: pipe with room for one: EMFILE");
	ok(dup(1) == 7, "nofile: which is still free");
	close(9);
	close(8);
	ok(dup(1) == 8 && dup(1) == 9, "nofile: the lowest is taken first");
	memset(polls, 0xff, sizeof(polls));
	ok(poll(polls, 20, 0) == 0, "nofile: poll of 20");
	ok(failed_with(poll(polls, 21, 0), EINVAL),
	   "nofile: poll of 21: EINVAL");
	ok(!set_soft(RLIMIT_NOFILE, 0) && failed_with(dup(1), EMFILE),
	   "nofile: 0: EMFILE");
	ok(failed_with(fcntl(1, F_DUPFD, 0), EINVAL),
	   "nofile: 0: F_DUPFD: EINVAL");
	setrlimit(RLIMIT_NOFILE, &old);
	ok(!syscall(SYS_close_range, 3, ~0U, 0), "nofile: all are closed");
	ok(dup(1) == 3 && !close(3), "nofile: 3 comes first again");
}

/* As many descriptors as may be had: here 1,048,576. */
static void test_high(void)
{
	struct rlimit old;
	int fd, last = 2;
	rlim_t max;

	getrlimit(RLIMIT_NOFILE, &old);
	max = old.rlim_max;
	set_soft(RLIMIT_NOFILE, max);
	ok((rlim_t)fcntl(1, F_DUPFD, max - 1) == max - 1,
	   "many: the last number");
	ok(!close(max - 1), "many: is closed");
	while ((fd = dup(1)) >= 0) {
		if (fd != last + 1)
			break;
		last = fd;
	}
	ok(fd == -1 && errno == EMFILE && (rlim_t)last == max - 1,
	   "many: all in order, then EMFILE");
	ok(write(last, "", 0) == 0 && write(last / 2, "", 0) == 0,
	   "many: they are usable");
	ok(!close(last / 3) && dup(1) == last / 3, "many: a gap is filled");
	ok(!syscall(SYS_close_range, 3, ~0U, 0), "many: all are closed");
	ok(dup(1) == 3 && !close(3), "many: 3 comes first again");
	setrlimit(RLIMIT_NOFILE, &old);
}

static size_t address_space(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f && fscanf(f, "%lu", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return pages * 4096;
}

static void *map(size_t len, int flags, void *at)
{
	return mmap(at, len, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

static void test_address_space(void)
{
	char *area, *other, *top;
	struct rlimit old;
	void *brk;

	getrlimit(RLIMIT_AS, &old);
	area = map(8 * MIB, 0, NULL);
	other = map(MIB, 0, NULL);
	set_soft(RLIMIT_AS, address_space() + 4 * MIB);
	brk = (void *)syscall(SYS_brk, NULL);
	ok(map(5 * MIB, 0, NULL) == MAP_FAILED && errno == ENOMEM,
	   "as: 5 of 4 MiB: ENOMEM");
	ok(map(5 * MIB, MAP_NORESERVE, NULL) == MAP_FAILED && errno == ENOMEM,
	   "as: nor unreserved: ENOMEM");
	ok(mmap(NULL, 5 * MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
			   MAP_FAILED &&
		   errno == ENOMEM,
	   "as: nor without access: ENOMEM");
	ok(map(6 * MIB, MAP_FIXED, area) == area,
	   "as: over what is there already");
	top = map(2 * MIB, 0, NULL);
	ok(top != MAP_FAILED, "as: 2 MiB");
	ok(mremap(other, MIB, 4 * MIB, MREMAP_MAYMOVE) == MAP_FAILED &&
		   errno == ENOMEM,
	   "as: mremap by 3 MiB more: ENOMEM");
	ok((void *)syscall(SYS_brk, (char *)brk + 3 * MIB) == brk,
	   "as: brk by 3 MiB more: stays");
	ok(!munmap(top, 2 * MIB), "as: 2 MiB go");
	other = mremap(other, MIB, 4 * MIB, MREMAP_MAYMOVE);
	ok(other != MAP_FAILED, "as: now mremap has room");
	ok(!mprotect(area, MIB, PROT_NONE), "as: protecting costs none");
	setrlimit(RLIMIT_AS, &old);
	munmap(area, 8 * MIB);
	munmap(other, 4 * MIB);
}

/* ---- RLIMIT_STACK: on the first thread's stack. -------------------------- */

static sigjmp_buf out;

static void on_fault(int signal)
{
	siglongjmp(out, 1);
}

static __attribute__((noinline)) int deep(int kib)
{
	volatile char frame[1024];

	frame[0] = (char)kib;
	return kib ? deep(kib - 1) + frame[0] : 0;
}

static bool reaches(int kib)
{
	if (sigsetjmp(out, 1))
		return false;
	deep(kib);
	return true;
}

static void test_stack(void)
{
	static char alternate[65536];
	stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
	struct sigaction act = { .sa_handler = on_fault,
				 .sa_flags = SA_ONSTACK };
	struct rlimit old;

	getrlimit(RLIMIT_STACK, &old);
	sigaltstack(&stack, NULL);
	sigaction(SIGSEGV, &act, NULL);
	ok(!set_soft(RLIMIT_STACK, MIB), "stack: at most 1 MiB");
	ok(reaches(600), "stack: 600 KiB can be used");
	ok(!reaches(2000), "stack: 2000 KiB cannot: SIGSEGV");
	ok(!set_soft(RLIMIT_STACK, 4 * MIB) && reaches(2000),
	   "stack: until it may be 4 MiB");
	ok(!set_soft(RLIMIT_STACK, MIB) && reaches(1500),
	   "stack: what is there stays when the limit falls");
	setrlimit(RLIMIT_STACK, &old);
}

int main(void)
{
	test_calls();
	test_low();
	test_high();
	test_address_space();
	test_stack();
	return done_testing();
}
