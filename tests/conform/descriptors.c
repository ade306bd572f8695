/* SPDX-License-Identifier: MIT */
/*
 * dup(2), fcntl(2), close(2), range_close(2), and the limit on descriptors.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "events.h"
#include "kernel.h"

#define CLOSED 900

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void test_dup(void)
{
	int fd = MUST(eventfd(0, EFD_CLOEXEC)), copy;

	is(fd, 3, "dup: the first free number");
	copy = dup(fd);
	is(copy, 4, "dup: the lowest free one");
	is(fcntl(fd, F_GETFD), FD_CLOEXEC, "dup: the original's flag");
	is(fcntl(copy, F_GETFD), 0, "dup: the copy has no close-on-exec");
	is(dup(fd), 5, "dup: the next");
	close(4);
	is(dup(fd), 4, "dup: a gap is filled");
	close(4);
	close(5);
	fails(dup(CLOSED), EBADF, "dup: a closed one: EBADF");
	fails(dup(-1), EBADF, "dup: -1: EBADF");
	is(dup2(fd, 10), 10, "dup2: to a number");
	is(dup(fd), 4, "dup2: the lowest is still free");
	is(dup2(fd, fd), fd, "dup2: onto itself");
	is(fcntl(fd, F_GETFD), FD_CLOEXEC, "dup2: which changes nothing");
	fails(dup2(CLOSED, CLOSED), EBADF, "dup2: closed onto itself: EBADF");
	fails(dup2(CLOSED, 10), EBADF, "dup2: a closed one: EBADF");
	ok(is_open(10), "dup2: the target stays open then");
	fails(dup2(fd, -1), EBADF, "dup2: to -1: EBADF");
	fails(dup2(fd, 1 << 30), EBADF, "dup2: beyond the limit: EBADF");
	fails(dup3(fd, fd, 0), EINVAL, "dup3: onto itself: EINVAL");
	fails(dup3(CLOSED, CLOSED, 0), EINVAL,
	      "dup3: EINVAL comes before EBADF");
	fails(syscall(SYS_dup3, fd, 11, O_NONBLOCK), EINVAL,
	      "dup3: unknown flags: EINVAL");
	is(dup3(fd, 11, O_CLOEXEC), 11, "dup3: O_CLOEXEC");
	is(fcntl(11, F_GETFD), FD_CLOEXEC, "dup3: it has close-on-exec");
	is(range_close(3, ~0u, 0), 0, "close_range: all");
	is(dup(0), 3, "close_range: the first is free");
	close(3);
}

static void test_shared_flags(void)
{
	int fd = MUST(eventfd(0, 0)), copy = MUST(dup(fd));
	int on = 1;

	is(fcntl(fd, F_SETFL, O_NONBLOCK), 0, "flags: F_SETFL");
	is(fcntl(copy, F_GETFL), O_RDWR | O_NONBLOCK,
	   "flags: are shared by duplicates");
	is(fcntl(copy, F_SETFL, O_RDONLY | O_CREAT | O_TRUNC), 0,
	   "flags: access mode and creation flags are ignored");
	is(fcntl(fd, F_GETFL), O_RDWR, "flags: unchanged but for O_NONBLOCK");
	is(ioctl(fd, FIONBIO, &on), 0, "flags: FIONBIO");
	is(fcntl(copy, F_GETFL), O_RDWR | O_NONBLOCK, "flags: is the same");
	on = 0;
	ioctl(copy, FIONBIO, &on);
	is(fcntl(fd, F_GETFL), O_RDWR, "flags: and off");
	fails(ioctl(fd, FIONBIO, BAD_POINTER), EFAULT, "flags: EFAULT");
	is(fcntl(fd, F_SETFL, O_APPEND), 0, "flags: O_APPEND");
	is(fcntl(fd, F_GETFL), O_RDWR | O_APPEND, "flags: O_APPEND is kept");
	is(fcntl(fd, F_SETFD, FD_CLOEXEC), 0, "flags: F_SETFD");
	is(fcntl(copy, F_GETFD), 0, "flags: close-on-exec is not shared");
	is(fcntl(fd, F_SETFD, ~FD_CLOEXEC), 0, "flags: unknown ones");
	is(fcntl(fd, F_GETFD), 0, "flags: are ignored");
	is(ioctl(fd, FIOCLEX), 0, "flags: FIOCLEX");
	is(fcntl(fd, F_GETFD), FD_CLOEXEC, "flags: sets close-on-exec");
	is(ioctl(fd, FIONCLEX), 0, "flags: FIONCLEX");
	is(fcntl(fd, F_GETFD), 0, "flags: clears it");
	close(fd);
	close(copy);
}

static void test_fcntl(void)
{
	int fd = MUST(eventfd(0, 0)), path = MUST(open("/", O_PATH));

	is(fcntl(fd, F_DUPFD, 20), 20, "fcntl: F_DUPFD from 20 on");
	is(fcntl(fd, F_DUPFD, 20), 21, "fcntl: the next");
	is(fcntl(fd, F_DUPFD, 0), 5, "fcntl: from 0 on");
	is(fcntl(fd, F_DUPFD_CLOEXEC, 20), 22, "fcntl: F_DUPFD_CLOEXEC");
	is(fcntl(22, F_GETFD), FD_CLOEXEC, "fcntl: has close-on-exec");
	is(fcntl(21, F_GETFD), 0, "fcntl: F_DUPFD has not");
	fails(fcntl(fd, F_DUPFD, -1), EINVAL, "fcntl: from -1 on: EINVAL");
	fails(fcntl(fd, F_DUPFD, 1 << 30), EINVAL,
	      "fcntl: beyond the limit: EINVAL");
	fails(fcntl(CLOSED, F_DUPFD, -1), EBADF, "fcntl: EBADF first");
	fails(fcntl(fd, 9999), EINVAL, "fcntl: unknown: EINVAL");
	fails(fcntl(CLOSED, 9999), EBADF, "fcntl: unknown, closed: EBADF");
	fails(fcntl(CLOSED, F_GETFL), EBADF, "fcntl: F_GETFL: EBADF");
	fails(fcntl(-1, F_SETFD, 0), EBADF, "fcntl: F_SETFD: EBADF");
	fails(fcntl(fd, F_GETPIPE_SZ), EBADF, "fcntl: no pipe: EBADF");
	fails(fcntl(path, F_SETFL, 0), EBADF, "fcntl: O_PATH: EBADF");
	is(fcntl(path, F_GETFD), 0, "fcntl: O_PATH: F_GETFD");
	is(fcntl(path, F_GETFL), O_PATH, "fcntl: O_PATH: F_GETFL");
	range_close(3, ~0u, 0);
}

static void test_close(void)
{
	int fd = MUST(eventfd(0, 0));
	char byte;

	is(close(fd), 0, "close: once");
	fails(close(fd), EBADF, "close: twice: EBADF");
	fails(close(-1), EBADF, "close: -1: EBADF");
	fails(close(1 << 30), EBADF, "close: a large number: EBADF");
	fails(read(fd, &byte, 1), EBADF, "close: read(): EBADF");
	fails(write(fd, &byte, 1), EBADF, "close: write(): EBADF");
	fails(read(-1, BAD_POINTER, 1), EBADF, "close: EBADF before EFAULT");
	fails(lseek(fd, 0, 0), EBADF, "close: lseek(): EBADF");
	fails(ioctl(fd, FIONREAD, &byte), EBADF, "close: ioctl(): EBADF");
}

static void test_close_range(void)
{
	for (int i = 3; i < 13; i++)
		MUST(dup(0));
	is(range_close(5, 7, 0), 0, "close_range: 5 to 7");
	ok(is_open(4) && !is_open(5) && !is_open(7) && is_open(8),
	   "close_range: those and no others");
	is(range_close(5, 7, 0), 0, "close_range: nothing is open there");
	fails(range_close(9, 8, 0), EINVAL, "close_range: empty: EINVAL");
	fails(range_close(8, 9, 64), EINVAL,
	      "close_range: unknown flags: EINVAL");
	is(range_close(9, 10, RANGE_CLOEXEC), 0, "close_range: CLOEXEC");
	is(fcntl(9, F_GETFD), FD_CLOEXEC, "close_range: only marks");
	is(fcntl(8, F_GETFD), 0, "close_range: those");
	is(range_close(8, ~0u, RANGE_UNSHARE), 0, "close_range: UNSHARE");
	ok(!is_open(8) && !is_open(12) && is_open(4), "close_range: the rest");
	range_close(3, ~0u, 0);
	is(dup(0), 3, "close_range: all are free");
	close(3);
}

static void test_limit(void)
{
	struct rlimit was, limit;
	int pair[2], high = MUST(dup2(0, 30));

	MUST(getrlimit(RLIMIT_NOFILE, &was));
	limit = was;
	limit.rlim_cur = 5;
	MUST(setrlimit(RLIMIT_NOFILE, &limit));
	is(dup(0), 3, "limit: 3");
	fails(pipe(pair), EMFILE, "limit: a pipe needs two: EMFILE");
	is(dup(0), 4, "limit: 4: the pipe took none");
	fails(dup(0), EMFILE, "limit: EMFILE");
	fails(eventfd(0, 0), EMFILE, "limit: eventfd: EMFILE");
	fails(open("/", O_RDONLY), EMFILE, "limit: open: EMFILE");
	fails(open("/nowhere", O_RDONLY), EMFILE,
	      "limit: EMFILE before ENOENT");
	fails(fcntl(0, F_DUPFD, 0), EMFILE, "limit: F_DUPFD: EMFILE");
	fails(fcntl(0, F_DUPFD, 5), EINVAL, "limit: F_DUPFD from it: EINVAL");
	fails(dup2(0, 5), EBADF, "limit: dup2 to it: EBADF");
	is(dup2(0, 4), 4, "limit: dup2 below it");
	fails(dup(CLOSED), EBADF, "limit: EBADF before EMFILE");
	ok(is_open(high), "limit: one above it stays open");
	is(close(high), 0, "limit: and can be closed");
	MUST(setrlimit(RLIMIT_NOFILE, &was));
	close(3);
	close(4);
}

static void test_high_numbers(void)
{
	struct rlimit was;
	int top;

	MUST(getrlimit(RLIMIT_NOFILE, &was));
	top = was.rlim_cur > 4000 ? 4000 : (int)was.rlim_cur - 1;
	is(dup2(0, top), top, "high: a number far up");
	ok(is_open(top), "high: it is open");
	ok(!is_open(top - 1), "high: the one below is not");
	is(dup(0), 3, "high: low ones are free");
	close(3);
	close(top);
	fails(close(top), EBADF, "high: closed");
}

int main(void)
{
	deadline(30);
	test_dup();
	test_shared_flags();
	test_fcntl();
	test_close();
	test_close_range();
	test_limit();
	test_high_numbers();
	return done_testing();
}
