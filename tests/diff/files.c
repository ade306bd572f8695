/* SPDX-License-Identifier: MIT */
/*
 * Operations on descriptors: making files, duplicating and closing them,
 * moving bytes, flags.
 */
#define _GNU_SOURCE
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

/* ---- Making -------------------------------------------------------------- */

static void op_pipe(void)
{
	static const int flags[] = { 0,		 O_NONBLOCK,
				     O_NONBLOCK, O_CLOEXEC,
				     O_DIRECT,	 O_DIRECT | O_NONBLOCK };
	int flag = chance(96) ? PICK(flags) : O_APPEND;
	int fds[2] = { -1, -1 };
	long result;

	say("pipe2(%#x)", flag);
	result = say_result(pipe2(fds, flag));
	if (result)
		return;
	say(" %d %d", fds[0], fds[1]);
	kind_of[fds[0]] = PIPE_R;
	kind_of[fds[1]] = PIPE_W;
}

static void op_pipe_fault(void)
{
	say("pipe2(bad)");
	say_result(syscall(SYS_pipe2, 8, 0));
}

static void op_eventfd(void)
{
	static const int flags[] = { 0,
				     EFD_NONBLOCK,
				     EFD_NONBLOCK,
				     EFD_SEMAPHORE,
				     EFD_CLOEXEC,
				     EFD_SEMAPHORE | EFD_NONBLOCK,
				     O_APPEND };
	static const unsigned int counts[] = { 0, 0, 0, 1, 2, 0xffffffff };
	int flag = chance(96) ? PICK(flags) : O_APPEND;
	unsigned int count = PICK(counts);

	say("eventfd(%u, %#x)", count, flag);
	say_opened(eventfd(count, flag), EVENTFD);
}

static void op_timerfd(void)
{
	static const int clocks[] = { CLOCK_MONOTONIC, CLOCK_MONOTONIC,
				      CLOCK_REALTIME, CLOCK_BOOTTIME };
	static const int flags[] = { 0, TFD_NONBLOCK, TFD_CLOEXEC };
	int clock = chance(96) ? PICK(clocks) : CLOCK_PROCESS_CPUTIME_ID;
	int flag = chance(96) ? PICK(flags) : 1;

	say("timerfd_create(%d, %#x)", clock, flag);
	say_opened(timerfd_create(clock, flag), TIMERFD);
}

static void op_epoll(void)
{
	int flag = chance(96) ? rnd(2) * EPOLL_CLOEXEC : 1;

	say("epoll_create1(%#x)", flag);
	say_opened(epoll_create1(flag), EPOLL);
}

/* ---- Numbers ------------------------------------------------------------- */

static enum kind kind_at(int fd)
{
	return fd >= 0 && fd < FD_MAX ? kind_of[fd] : NONE;
}

static void op_dup(void)
{
	static const int froms[] = { 0, 3, 5, 10, 20, 62, 63, 64, 100, -1 };
	int fd = pick_any(), from = PICK(froms);

	switch (rnd(3)) {
	case 0:
		say("dup(%d)", fd);
		say_opened(dup(fd), kind_at(fd));
		break;
	case 1:
		say("F_DUPFD(%d, %d)", fd, from);
		say_opened(fcntl(fd, F_DUPFD, from), kind_at(fd));
		break;
	default:
		say("F_DUPFD_CLOEXEC(%d, %d)", fd, from);
		say_opened(fcntl(fd, F_DUPFD_CLOEXEC, from), kind_at(fd));
	}
}

static int pick_target(void)
{
	static const int odd[] = { -1, 62, 63, 64, 1000000 };

	return chance(90) ? FD_FIRST + (int)rnd(fd_limit - FD_FIRST) :
			    PICK(odd);
}

static void op_dup2(void)
{
	static const int flags[] = { 0, O_CLOEXEC, O_NONBLOCK };
	int fd = pick_any(), to = pick_target(), flag = PICK(flags);

	if (chance(60)) {
		say("dup2(%d, %d)", fd, to);
		say_opened(syscall(SYS_dup2, fd, to), kind_at(fd));
	} else {
		say("dup3(%d, %d, %#x)", fd, to, flag);
		say_opened(syscall(SYS_dup3, fd, to, flag), kind_at(fd));
	}
}

static void op_close(void)
{
	int fd = pick_any();

	say("close(%d)", fd);
	if (!say_result(close(fd)))
		kind_of[fd] = NONE;
}

static void op_close_range(void)
{
	unsigned int first = FD_FIRST + rnd(FD_MAX), n = rnd(3);
	unsigned int last = first + n;
	unsigned int flags = chance(30) ? 4 : chance(10) ? 1 : 0;

	say("close_range(%u, %u, %#x)", first, last, flags);
	if (say_result(syscall(SYS_close_range, first, last, flags)) || flags)
		return;
	for (; first <= last && first < FD_MAX; first++)
		kind_of[first] = NONE;
}

/* ---- Moving bytes -------------------------------------------------------- */

static size_t pick_size(void)
{
	static const size_t sizes[] = { 0,     1,     2,     7,	    8,
					8,     9,     16,    100,   1000,
					4095,  4096,  4097,  5000,  8192,
					12288, 32768, 61440, 65535, 65536,
					65537, 70000 };

	return chance(20) ? rnd(10000) : PICK(sizes);
}

/* A place of so many bytes, or one that is bad from some byte on. */
static unsigned char *pick_place(unsigned char *good, size_t size)
{
	if (chance(96))
		return good;
	if (chance(30)) {
		say(" bad");
		return (unsigned char *)8;
	}
	size = rnd(size + 1);
	say(" bad from %zu", size);
	memcpy(fenced, pattern, DATA_MAX - 4096);
	return fenced + DATA_MAX - 4096 - size;
}

/*
 * A call on a description that would block gets O_NONBLOCK for its time. That
 * one flag apart, it is the same call.
 */
static int guard(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0 && !(flags & O_NONBLOCK))
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	return flags;
}

static void unguard(int fd, int flags)
{
	if (flags >= 0 && !(flags & O_NONBLOCK))
		fcntl(fd, F_SETFL, flags);
}

static int pick_readable(void)
{
	static const enum kind kinds[] = { PIPE_R, PIPE_R, PIPE_R, EVENTFD,
					   TIMERFD };

	return chance(90) ? pick_fd(PICK(kinds)) : pick_any();
}

static void say_data(long n)
{
	if (say_result(n) > 0)
		say(" %08x", checksum(buffer, n));
}

static void op_read(void)
{
	int fd = pick_readable();
	size_t size = pick_size();
	unsigned char *to;
	int flags, bytes;
	long n;

	say("read(%d, %zu)", fd, size);
	to = pick_place(buffer, size);
	if (kind_at(fd) == PIPE_R && !ioctl(fd, FIONREAD, &bytes) && bytes) {
		n = read(fd, to, size);
	} else {
		flags = guard(fd);
		n = read(fd, to, size);
		unguard(fd, flags);
	}
	if (to == buffer)
		say_data(n);
	else
		say_result(n);
}

/* Cuts size bytes at base into a few buffers, some of them empty. */
static int cut(struct iovec vec[5], unsigned char *base, size_t size)
{
	int n = 1 + rnd(5);

	for (int i = 0; i < n; i++) {
		size_t len = i == n - 1 ? size : rnd(size + 1);

		vec[i] = (struct iovec){ base, len };
		base += len;
		size -= len;
		say(" %zu", len);
	}
	return n;
}

static void op_readv(void)
{
	int fd = pick_readable(), flags, n;
	struct iovec vec[5];
	long result;

	say("readv(%d", fd);
	n = cut(vec, buffer, pick_size());
	say(")");
	flags = guard(fd);
	result = readv(fd, vec, n);
	unguard(fd, flags);
	say_data(result);
}

static long guarded_write(int fd, const struct iovec *vec, int n)
{
	int flags = guard(fd);
	long result = n > 1 ? writev(fd, vec, n) :
			      write(fd, vec->iov_base, vec->iov_len);

	unguard(fd, flags);
	return result;
}

static void op_write_pipe(void)
{
	int fd = pick_fd(PIPE_W);
	size_t size = inet_room(fd, pick_size());
	unsigned char *from = pattern + rnd(sizeof(pattern) - 70000);
	struct iovec vec[5] = { { from, size } };
	int n = 1;

	say("write(%d, %zu", fd, size);
	if (chance(20))
		n = cut(vec, from, size);
	else
		vec[0].iov_base = pick_place(from, size);
	say(")");
	say_result(guarded_write(fd, vec, n));
}

static void op_write_count(void)
{
	static const uint64_t counts[] = { 0,	       1,
					   1,	       2,
					   100,	       UINT64_MAX - 1,
					   1ULL << 63, UINT64_MAX - 2,
					   UINT64_MAX };
	int fd = chance(90) ? pick_fd(EVENTFD) : pick_any();
	uint64_t count = chance(70) ? rnd(3) : PICK(counts);
	struct iovec vec = { &count, chance(90) ? 8 : 1 + rnd(16) };
	uint64_t two[2] = { count, 5 };

	if (vec.iov_len > 8)
		vec.iov_base = two;
	say("write(%d, count %llu, %zu)", fd, (unsigned long long)count,
	    vec.iov_len);
	say_result(guarded_write(fd, &vec, 1));
}

static void op_position(void)
{
	int fd = pick_any();

	switch (rnd(3)) {
	case 0:
		say("lseek(%d)", fd);
		say_result(lseek(fd, 0, SEEK_CUR));
		break;
	case 1:
		say("pread(%d)", fd);
		say_result(pread(fd, buffer, 8, 0));
		break;
	default:
		say("pwrite(%d)", fd);
		say_result(pwrite(fd, pattern, 8, 0));
	}
}

/* ---- Timers -------------------------------------------------------------- */

#define FAR 1000000

/* One that is set to be over at once is waited for: states, not times. */
static void op_timerfd_set(void)
{
	static const long values[] = { 0, 1, 1, 1, FAR, -1 };
	struct itimerspec new = { { 0, 0 }, { 0, 0 } }, old;
	long value = PICK(values);
	bool repeat = chance(40);
	int flags = chance(10) ? TFD_TIMER_ABSTIME : chance(5) ? 8 : 0;
	int fd = chance(95) ? pick_fd(TIMERFD) : pick_any();
	struct pollfd p = { fd, POLLIN, 0 };

	if (value == 1)
		new.it_value.tv_nsec = 1;
	else
		new.it_value.tv_sec = value;
	if (repeat)
		new.it_interval.tv_sec = flags ? FAR * 4000L : FAR;
	if (flags && value == FAR)
		new.it_value.tv_sec = FAR * 4000L;
	say("timerfd_settime(%d, %#x, %ld%s)", fd, flags, value,
	    repeat ? " again" : "");
	if (say_result(timerfd_settime(fd, flags, &new, &old)))
		return;
	say(" was %d %d", old.it_value.tv_sec || old.it_value.tv_nsec,
	    old.it_interval.tv_sec || old.it_interval.tv_nsec);
	if (value == 1)
		say(" poll %d", poll(&p, 1, 10000));
}

static void op_timerfd_get(void)
{
	int fd = chance(95) ? pick_fd(TIMERFD) : pick_any();
	struct itimerspec now;

	say("timerfd_gettime(%d)", fd);
	if (!say_result(timerfd_gettime(fd, &now)))
		say(" %d %d", now.it_value.tv_sec || now.it_value.tv_nsec,
		    now.it_interval.tv_sec || now.it_interval.tv_nsec);
}

/* ---- Flags --------------------------------------------------------------- */

static void op_setfl(void)
{
	static const int flags[] = { 0,	       O_NONBLOCK, O_NONBLOCK,
				     O_APPEND, O_DIRECT,   O_RDWR | O_NONBLOCK };
	int fd = pick_any(), flag = PICK(flags);

	say("F_SETFL(%d, %#x)", fd, flag);
	say_result(fcntl(fd, F_SETFL, flag));
}

static void op_fcntl(void)
{
	int fd = pick_any();
	int flag = rnd(3);

	switch (rnd(4)) {
	case 0:
		say("F_GETFL(%d)", fd);
		say_result(fcntl(fd, F_GETFL));
		break;
	case 1:
		say("F_GETFD(%d)", fd);
		say_result(fcntl(fd, F_GETFD));
		break;
	case 2:
		say("F_SETFD(%d, %d)", fd, flag);
		say_result(fcntl(fd, F_SETFD, flag));
		break;
	default:
		say("fcntl(%d, bad)", fd);
		say_result(fcntl(fd, 4711, 0));
	}
}

static void op_pipe_size(void)
{
	static const long sizes[] = { 0,     1,	    4096,   4097, 8192,
				      16384, 65536, 131072, -1,	  40960 };
	static const enum kind ends[] = { PIPE_R, PIPE_W };
	int fd = chance(90) ? pick_fd(PICK(ends)) : pick_any();
	long size = PICK(sizes);

	if (chance(30)) {
		say("F_GETPIPE_SZ(%d)", fd);
		say_result(fcntl(fd, F_GETPIPE_SZ));
	} else {
		say("F_SETPIPE_SZ(%d, %ld)", fd, size);
		say_result(fcntl(fd, F_SETPIPE_SZ, size));
	}
}

static void op_ioctl(void)
{
	int fd = pick_any(), value = -1;

	switch (rnd(4)) {
	case 0:
	case 1:
		say("FIONREAD(%d)", fd);
		if (!say_result(ioctl(fd, FIONREAD, &value)))
			say(" %d", value);
		break;
	case 2:
		value = rnd(2);
		say("FIONBIO(%d, %d)", fd, value);
		say_result(ioctl(fd, FIONBIO, &value));
		break;
	default:
		say("ioctl(%d, bad)", fd);
		say_result(ioctl(fd, 0x4711, &value));
	}
}

static void op_fstat(void)
{
	int fd = pick_any();
	struct stat st;

	say("fstat(%d)", fd);
	if (!say_result(fstat(fd, &st)))
		say(" %o %lld", st.st_mode, (long long)st.st_size);
}

/* The first eight make files: main.c. */
const struct operation file_operations[] = {
	{ op_epoll, 10 },	{ op_pipe, 14 },
	{ op_eventfd, 12 },	{ op_pipe, 0 },
	{ op_epoll, 0 },	{ op_timerfd, 8 },
	{ op_eventfd, 0 },	{ op_epoll, 0 },
	{ op_pipe_fault, 1 },	{ op_dup, 10 },
	{ op_dup2, 8 },		{ op_close, 14 },
	{ op_close_range, 1 },	{ op_read, 50 },
	{ op_readv, 6 },	{ op_write_pipe, 50 },
	{ op_write_count, 40 }, { op_position, 3 },
	{ op_timerfd_set, 30 }, { op_timerfd_get, 5 },
	{ op_setfl, 6 },	{ op_fcntl, 6 },
	{ op_pipe_size, 6 },	{ op_ioctl, 8 },
	{ op_fstat, 2 },	{ NULL, 0 },
};
