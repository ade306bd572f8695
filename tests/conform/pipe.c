/* SPDX-License-Identifier: MIT */
/*
 * pipe(2) and pipe(7): capacity, atomic writes, packets, the ends' states,
 * and waiting.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "settle.h"

#define CAPACITY 65536
static char bytes[2 * CAPACITY];

static int queued(int fd)
{
	int n = -1;

	ioctl(fd, FIONREAD, &n);
	return n;
}

static void test_create(void)
{
	struct stat st;
	int ends[2];

	fails(pipe2(ends, 1), EINVAL, "pipe2: unknown flags: EINVAL");
	fails(pipe2(BAD_POINTER, 0), EFAULT, "pipe2: a bad pointer: EFAULT");
	is(dup(0), 3, "pipe2: which left no number behind");
	close(3);
	MUST(pipe(ends));
	is(ends[0], 3, "pipe: the reader has the lower number");
	is(ends[1], 4, "pipe: the writer the next");
	is(fcntl(ends[0], F_GETFL), O_RDONLY, "pipe: the reader's flags");
	is(fcntl(ends[1], F_GETFL), O_WRONLY, "pipe: the writer's flags");
	is(fcntl(ends[0], F_GETFD), 0, "pipe: no close-on-exec");
	MUST(fstat(ends[0], &st));
	ok(S_ISFIFO(st.st_mode), "pipe: is a FIFO");
	is(st.st_mode & 07777, 0600, "pipe: for its owner");
	fails(write(ends[0], "x", 1), EBADF, "pipe: write to the reader");
	fails(read(ends[1], bytes, 1), EBADF, "pipe: read from the writer");
	fails(lseek(ends[0], 0, SEEK_CUR), ESPIPE, "pipe: lseek(): ESPIPE");
	fails(pread(ends[0], bytes, 1, 0), ESPIPE, "pipe: pread(): ESPIPE");
	fails(pwrite(ends[1], bytes, 1, 0), ESPIPE, "pipe: pwrite(): ESPIPE");
	close_pipe(ends);
	MUST(pipe2(ends, O_CLOEXEC | O_NONBLOCK));
	is(fcntl(ends[0], F_GETFD), FD_CLOEXEC, "pipe2: O_CLOEXEC");
	is(fcntl(ends[1], F_GETFL), O_WRONLY | O_NONBLOCK,
	   "pipe2: O_NONBLOCK of the writer");
	is(fcntl(ends[0], F_GETFL), O_RDONLY | O_NONBLOCK,
	   "pipe2: O_NONBLOCK of the reader");
	close_pipe(ends);
}

static void test_transfer(void)
{
	int ends[2];

	new_pipe(ends);
	fails(read(ends[0], bytes, 1), EAGAIN, "read: nothing there: EAGAIN");
	is(read(ends[0], bytes, 0), 0, "read: of no bytes: 0");
	is(write(ends[1], "abc", 3), 3, "write: three bytes");
	is(write(ends[1], "def", 3), 3, "write: three more");
	is(queued(ends[0]), 6, "FIONREAD: six");
	is(queued(ends[1]), 6, "FIONREAD: of the writer too");
	is(read(ends[0], bytes, 2), 2, "read: two of them");
	ok(!memcmp(bytes, "ab", 2), "read: in order");
	is(read(ends[0], bytes, 100), 4, "read: the rest");
	ok(!memcmp(bytes, "cdef", 4), "read: across two writes");
	fails(write(ends[1], BAD_POINTER, 1), EFAULT, "write: EFAULT");
	is(queued(ends[0]), 0, "write: nothing was stored");
	put(ends[1], "xyz");
	fails(read(ends[0], BAD_POINTER, 1), EFAULT, "read: EFAULT");
	is(queued(ends[0]), 3, "read: nothing was lost");
	is(write(ends[1], bytes, 0), 0, "write: of no bytes: 0");
	fails(ioctl(ends[0], FIONREAD, BAD_POINTER), EFAULT,
	      "FIONREAD: EFAULT");
	fails(ioctl(ends[0], 0x1234, 0), ENOTTY, "ioctl: unknown: ENOTTY");
	close_pipe(ends);
}

static void test_capacity(void)
{
	int ends[2], n = 0;

	new_pipe(ends);
	is(fcntl(ends[1], F_GETPIPE_SZ), CAPACITY, "capacity: 64 KiB");
	is(write(ends[1], bytes, sizeof(bytes)), CAPACITY,
	   "capacity: a larger write stores what fits");
	fails(write(ends[1], bytes, 1), EAGAIN, "capacity: full: EAGAIN");
	is(queued(ends[0]), CAPACITY, "capacity: all is there");
	is(read(ends[0], bytes, 4095), 4095, "capacity: 4095 bytes read");
	fails(write(ends[1], bytes, 1), EAGAIN, "capacity: frees no page");
	is(read(ends[0], bytes, 1), 1, "capacity: one more");
	is(write(ends[1], bytes, 5000), 4096, "capacity: does");
	drain(ends[0]);
	while (write(ends[1], "x", 1) == 1)
		n++;
	is(n, CAPACITY, "capacity: single bytes are put together");
	drain(ends[0]);
	for (n = 0; write(ends[1], bytes, 4095) == 4095;)
		n++;
	is(n, 16, "capacity: 4095 bytes take a page");
	close_pipe(ends);
}

static void test_atomic(void)
{
	int ends[2];

	new_pipe(ends);
	MUST(write(ends[1], bytes, CAPACITY));
	MUST(read(ends[0], bytes, 4096));
	MUST(write(ends[1], bytes, 10));
	fails(write(ends[1], bytes, PIPE_BUF), EAGAIN,
	      "atomic: PIPE_BUF bytes that do not fit: EAGAIN");
	is(queued(ends[0]), CAPACITY - 4096 + 10, "atomic: none is stored");
	is(write(ends[1], bytes, PIPE_BUF - 10), PIPE_BUF - 10,
	   "atomic: what fits is stored");
	MUST(read(ends[0], bytes, 4096));
	is(write(ends[1], bytes, PIPE_BUF + 1), PIPE_BUF,
	   "atomic: a larger write stores a part");
	close_pipe(ends);
}

static void test_size(void)
{
	int ends[2];

	new_pipe(ends);
	is(fcntl(ends[0], F_SETPIPE_SZ, 1), 4096, "size: at least a page");
	is(fcntl(ends[1], F_GETPIPE_SZ), 4096, "size: of both ends");
	is(write(ends[1], bytes, 5000), 4096, "size: one page fits");
	is(fcntl(ends[0], F_SETPIPE_SZ, 4097), 8192, "size: rounded up");
	is(fcntl(ends[0], F_SETPIPE_SZ, 8193), 16384,
	   "size: to a power of two");
	is(write(ends[1], bytes, 100000), 12288, "size: the rest fits");
	fails(fcntl(ends[0], F_SETPIPE_SZ, 4096), EBUSY,
	      "size: less than what is in it: EBUSY");
	is(queued(ends[0]), 16384, "size: nothing was lost");
	fails(fcntl(ends[0], F_SETPIPE_SZ, 0x80000001u), EINVAL,
	      "size: absurd: EINVAL");
	is(fcntl(ends[0], F_SETPIPE_SZ, 1 << 20), 1 << 20, "size: 1 MiB");
	drain(ends[0]);
	close_pipe(ends);
	fails(fcntl(0, F_GETPIPE_SZ), EBADF, "size: of what is no pipe: EBADF");
}

static void test_packets(void)
{
	struct iovec iov[2] = { { bytes, 3 }, { bytes + 3, 4 } };
	int ends[2];

	MUST(pipe2(ends, O_DIRECT | O_NONBLOCK));
	is(fcntl(ends[1], F_GETFL), O_WRONLY | O_NONBLOCK | O_DIRECT,
	   "packets: O_DIRECT is told");
	put(ends[1], "one");
	put(ends[1], "three");
	is(read(ends[0], bytes, 100), 3, "packets: one read, one packet");
	is(read(ends[0], bytes, 2), 2, "packets: a short read");
	ok(!memcmp(bytes, "th", 2), "packets: has the beginning");
	fails(read(ends[0], bytes, 100), EAGAIN, "packets: the rest is lost");
	is(writev(ends[1], iov, 2), 7, "packets: writev()");
	is(read(ends[0], bytes, 100), 7, "packets: is one packet");
	is(write(ends[1], bytes, 5000), 5000, "packets: more than PIPE_BUF");
	is(read(ends[0], bytes, 8192), 4096, "packets: is split");
	is(read(ends[0], bytes, 8192), 904, "packets: into two");
	for (int i = 0; i < 16; i++)
		put(ends[1], "x");
	fails(write(ends[1], "x", 1), EAGAIN, "packets: sixteen fit");
	close_pipe(ends);
}

static short revents(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP };

	MUST(poll(&p, 1, 0));
	return p.revents;
}

static void test_ends(void)
{
	int ends[2];

	new_pipe(ends);
	is(revents(ends[0]), 0, "ends: empty: the reader");
	is(revents(ends[1]), POLLOUT, "ends: empty: the writer");
	put(ends[1], "x");
	is(revents(ends[0]), POLLIN, "ends: not empty: the reader");
	close(ends[1]);
	is(revents(ends[0]), POLLIN | POLLHUP, "ends: the last byte");
	is(read(ends[0], bytes, 10), 1, "ends: can be read");
	is(revents(ends[0]), POLLHUP, "ends: the end");
	is(read(ends[0], bytes, 10), 0, "ends: is 0");
	is(read(ends[0], bytes, 10), 0, "ends: again");
	close(ends[0]);
	new_pipe(ends);
	close(ends[0]);
	is(revents(ends[1]), POLLOUT | POLLERR, "ends: no reader");
	close(ends[1]);
}

static volatile sig_atomic_t handled;

static void handle(int sig)
{
	handled = sig;
}

static void test_no_reader(void)
{
	int ends[2];

	new_pipe(ends);
	close(ends[0]);
	signal(SIGPIPE, handle);
	fails(write(ends[1], "x", 1), EPIPE, "no reader: EPIPE");
	is(handled, SIGPIPE, "no reader: SIGPIPE");
	handled = 0;
	is(write(ends[1], "x", 0), 0, "no reader: no bytes: 0");
	is(handled, 0, "no reader: and no signal");
	fails(write(ends[1], BAD_POINTER, 1), EPIPE,
	      "no reader: EPIPE before EFAULT");
	signal(SIGPIPE, SIG_IGN);
	fails(write(ends[1], "x", 1), EPIPE, "no reader: SIGPIPE ignored");
	close(ends[1]);
}

static void *write_all(void *fd)
{
	return (void *)write(*(int *)fd, bytes, sizeof(bytes));
}

static void *read_one(void *fd)
{
	static char byte;

	return (void *)read(*(int *)fd, &byte, 1);
}

static void test_blocking(void)
{
	static char in[4 * CAPACITY];
	pthread_t thread;
	int ends[2], n = 0;

	MUST(pipe(ends));
	thread = start_thread(read_one, &ends[0]);
	put(ends[1], "x");
	is(join(thread), 1, "blocking: a read waits for a byte");
	thread = start_thread(read_one, &ends[0]);
	close(ends[1]);
	is(join(thread), 0, "blocking: or for the end");
	close(ends[0]);
	MUST(pipe(ends));
	thread = start_thread(write_all, &ends[1]);
	is(queued(ends[0]), CAPACITY, "blocking: a write fills the pipe");
	while (n < (int)sizeof(bytes))
		n += (int)read(ends[0], in, sizeof(in));
	is(n, sizeof(bytes), "blocking: and waits until all is read");
	is(join(thread), sizeof(bytes), "blocking: it wrote all");
	thread = start_thread(write_all, &ends[1]);
	close(ends[0]);
	is(join(thread), CAPACITY,
	   "blocking: the reader goes: what was written counts");
	close(ends[1]);
	MUST(pipe(ends));
	MUST(write(ends[1], bytes, CAPACITY));
	thread = start_thread(write_all, &ends[1]);
	close(ends[0]);
	is(join(thread), -1, "blocking: when nothing was: EPIPE");
	close(ends[1]);
}

static void test_interrupted(void)
{
	struct sigaction action = { .sa_handler = handle };
	int ends[2];

	MUST(pipe(ends));
	sigaction(SIGALRM, &action, NULL);
	ualarm(20000, 20000);
	fails(read(ends[0], bytes, 1), EINTR, "interrupted: a read: EINTR");
	MUST(write(ends[1], bytes, CAPACITY));
	ualarm(20000, 20000);
	fails(write(ends[1], bytes, 1), EINTR, "interrupted: a write: EINTR");
	MUST(read(ends[0], bytes, 4096));
	ualarm(20000, 20000);
	is(write(ends[1], bytes, 8192), 4096,
	   "interrupted: what was written counts");
	deadline(30);
	action.sa_handler = SIG_DFL;
	sigaction(SIGALRM, &action, NULL);
	close_pipe(ends);
}

int main(void)
{
	deadline(30);
	test_create();
	test_transfer();
	test_capacity();
	test_atomic();
	test_size();
	test_packets();
	test_ends();
	test_no_reader();
	test_blocking();
	test_interrupted();
	return done_testing();
}
