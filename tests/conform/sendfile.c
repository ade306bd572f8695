/* SPDX-License-Identifier: MIT */
/*
 * sendfile(2): what from and what to, positions, partial results; and what is
 * left of copy_file_range(2) where no file can be written.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include "sockets.h"
#include "splice.h"

static void tcp_pair(int ends[2])
{
	pair(ends);
	nonblock(ends[0]);
	nonblock(ends[1]);
}

/* Reads n bytes: what came before the end of the stream. */
static size_t read_all(int fd, char *to, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t part = read(fd, to + done, n - done);

		if (part > 0)
			done += part;
		else if (part < 0 && errno == EAGAIN)
			wait_mask(fd, POLLIN);
		else
			break;
	}
	return done;
}

static void test_arguments(void)
{
	int file = open_self(), ends[2], a[2];
	loff_t off = -5;

	tcp_pair(ends);
	new_pipe(a);
	fails(sendfile(-1, -1, NULL, 10), EBADF, "arguments: bad input");
	fails(sendfile(-1, file, NULL, 10), EBADF, "arguments: bad output");
	fails(sendfile(-1, file, &off, 10), EINVAL,
	      "arguments: a negative offset, before the output");
	fails(sendfile(ends[0], file, BAD_POINTER, 10), EFAULT,
	      "arguments: a bad pointer");
	fails(sendfile(-1, -1, BAD_POINTER, 10), EFAULT,
	      "arguments: before any descriptor");
	off = 0;
	fails(sendfile(-1, a[0], &off, 10), ESPIPE,
	      "arguments: an offset in a pipe");
	fails(sendfile(ends[0], ends[1], &off, 10), ESPIPE,
	      "arguments: in a socket");
	fails(sendfile(ends[0], file, NULL, -1), EINVAL,
	      "arguments: a negative length");
	fails(sendfile(file, file, NULL, 10), EBADF,
	      "arguments: to what is open for reading");
	fails(sendfile(ends[0], a[1], NULL, 10), EBADF,
	      "arguments: from what is open for writing");
	is(sendfile(ends[0], file, NULL, 0), 0, "arguments: no bytes: 0");
	off = 1 << 30;
	is(sendfile(ends[0], file, &off, 10), 0, "arguments: behind the end");
	off = 1L << 62;
	fails(sendfile(ends[0], file, &off, 1L << 62), EINVAL,
	      "arguments: an end that no file can have");
	close(file);
	close_pipe(ends);
	close_pipe(a);
}

static void test_sources(void)
{
	int zero = MUST(open("/dev/zero", O_RDONLY)), file = open_self();
	int null = MUST(open("/dev/null", O_RDWR)), dir, ends[2], a[2];

	tcp_pair(ends);
	new_pipe(a);
	dir = MUST(open("/", O_RDONLY));
	fails(sendfile(ends[0], ends[0], NULL, 10), EINVAL,
	      "sources: no socket to a socket");
	fails(sendfile(ends[0], a[0], NULL, 10), EINVAL, "sources: no pipe");
	put(ends[1], "hello");
	wait_mask(ends[0], POLLIN);
	is(sendfile(a[1], ends[0], NULL, 10), 5, "sources: a socket to a pipe");
	is_str(text(a[0]), "hello", "sources: its bytes");
	fails(sendfile(ends[0], dir, NULL, 10), EINVAL,
	      "sources: no directory");
	fails(sendfile(ends[0], null, NULL, 10), EINVAL,
	      "sources: not /dev/null");
	is(sendfile(ends[0], zero, NULL, 100000), 100000,
	   "sources: /dev/zero without end");
	is(sendfile(null, file, NULL, 100), 100, "sources: to /dev/null");
	is(sendfile(a[1], file, NULL, 100), 100, "sources: to a pipe");
	is(queued(a[0]), 100, "sources: which has it");
	is(lseek(file, 0, SEEK_CUR), 200, "sources: the position moves");
	fcntl(null, F_SETFL, O_APPEND);
	fails(sendfile(null, file, NULL, 100), EINVAL, "sources: O_APPEND");
	close(zero);
	close(null);
	close(dir);
	close(file);
	close_pipe(ends);
	close_pipe(a);
}

static void test_positions(int ends[2])
{
	static char want[2 * CAPACITY], got[2 * CAPACITY];
	int file = open_self();
	loff_t off = 1000;

	MUST(pread(file, want, sizeof(want), 0));
	is(sendfile(ends[0], file, &off, 500), 500, "positions: at an offset");
	is(off, 1500, "positions: which moves on");
	is(lseek(file, 0, SEEK_CUR), 0, "positions: not the file's own");
	is(sendfile(ends[0], file, NULL, 700), 700, "positions: its own");
	is(lseek(file, 0, SEEK_CUR), 700, "positions: moves");
	is(sendfile(ends[0], file, NULL, 50000), 50000,
	   "positions: over many pages");
	is(read_all(ends[1], got, 51200), 51200, "positions: all arrives");
	ok(!memcmp(got, want + 1000, 500), "positions: the first part");
	ok(!memcmp(got + 500, want, 50700), "positions: the others");
	off = lseek(file, 0, SEEK_END) - 100;
	is(sendfile(ends[0], file, &off, 5000), 100,
	   "positions: up to the end of the file");
	is(read_all(ends[1], got, 100), 100,
	   "positions: leaves without waiting for more");
	is(sendfile(ends[0], file, NULL, 100), 0, "positions: at the end: 0");
	close(file);
}

/* A socket that is full takes what fits, and the position says how much. */
static void test_full(int ends[2])
{
	int zero = MUST(open("/dev/zero", O_RDONLY)), file = open_self();
	loff_t off = 0;
	long sent = 0, n;

	do {
		while ((n = sendfile(ends[0], zero, NULL, 1 << 20)) > 0)
			sent += n;
	} while (errno == EAGAIN && !stands_still(ends[0]));
	fails(sendfile(ends[0], zero, NULL, 1 << 20), EAGAIN, "full: EAGAIN");
	ok(sent > 100000, "full: after some");
	fails(sendfile(ends[0], file, &off, 100000), EAGAIN,
	      "full: nothing of a file");
	is(off, 0, "full: its offset stays");
	while (sent > 0 && (n = read(ends[1], bytes, sizeof(bytes))) > 0)
		sent -= n;
	close(zero);
	close(file);
}

struct job {
	int out;
	int in;
};

static void *run_sendfile(void *arg)
{
	const struct job *job = arg;
	loff_t off = 0;
	long n = sendfile(job->out, job->in, &off, 16 << 20);

	return (void *)(n < 0 ? (long)-errno : n);
}

/* One call sends it all, and waits for room as often as it must. */
static void test_waits(int ends[2])
{
	struct job job = { ends[0], MUST(open("/dev/zero", O_RDONLY)) };
	pthread_t thread;
	size_t got;
	char end;

	set_flags(ends[0], 0);
	set_flags(ends[1], 0);
	thread = start_thread(run_sendfile, &job);
	for (got = 0; got < 16 << 20;) {
		ssize_t n = read(ends[1], bytes, sizeof(bytes));

		if (n <= 0)
			break;
		got += n;
	}
	is(join(thread), 16 << 20, "waits: for room");
	is(got, 16 << 20, "waits: and every byte arrives");
	thread = start_thread(run_sendfile, &job);
	MUST(read(ends[1], &end, 1));
	close(ends[1]);
	ok(join(thread) > 0, "waits: what went before the peer was gone");
	usleep(SETTLE);
	is(sendfile(ends[0], job.in, NULL, 10), -1, "waits: then an error");
	fails(sendfile(ends[0], job.in, NULL, 10), EPIPE, "waits: then EPIPE");
	close(job.in);
	close(ends[0]);
}

static void test_pipe(void)
{
	int file = open_self(), a[2];
	loff_t off = 100;

	new_pipe(a);
	is(sendfile(a[1], file, &off, 1 << 20), CAPACITY - 100,
	   "pipe: as much as has room");
	is(off, CAPACITY, "pipe: which the offset says");
	fails(sendfile(a[1], file, &off, 1), EAGAIN, "pipe: full");
	drain(a[0]);
	close(a[0]);
	fails(sendfile(a[1], file, &off, 1), EPIPE, "pipe: nobody reads");
	close(a[1]);
	close(file);
}

static void test_copy_file_range(void)
{
	int file = open_self(), dir = MUST(open("/", O_RDONLY)), a[2];
	int null = MUST(open("/dev/null", O_RDWR));

	new_pipe(a);
	fails(copy_file_range(-1, NULL, file, NULL, 3, 1), EBADF,
	      "copy_file_range: bad input");
	fails(copy_file_range(file, NULL, -1, NULL, 3, 1), EBADF,
	      "copy_file_range: bad output");
	fails(copy_file_range(file, BAD_POINTER, file, NULL, 3, 1), EFAULT,
	      "copy_file_range: a bad pointer");
	fails(copy_file_range(file, NULL, file, NULL, 3, 1), EINVAL,
	      "copy_file_range: unknown flags");
	fails(copy_file_range(dir, NULL, file, NULL, 3, 0), EISDIR,
	      "copy_file_range: a directory");
	fails(copy_file_range(file, NULL, a[1], NULL, 3, 0), EINVAL,
	      "copy_file_range: a pipe");
	fails(copy_file_range(null, NULL, file, NULL, 3, 0), EINVAL,
	      "copy_file_range: a device");
	fails(copy_file_range(file, NULL, file, NULL, 0, 0), EBADF,
	      "copy_file_range: to what is open for reading");
	close(file);
	close(dir);
	close(null);
	close_pipe(a);
}

int main(void)
{
	int ends[2];

	deadline(50);
	signal(SIGPIPE, SIG_IGN);
	test_arguments();
	test_sources();
	tcp_pair(ends);
	test_positions(ends);
	test_full(ends);
	close_pipe(ends);
	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends));
	test_positions(ends);
	test_full(ends);
	close_pipe(ends);
	tcp_pair(ends);
	test_waits(ends);
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	test_waits(ends);
	test_pipe();
	test_copy_file_range();
	return done_testing();
}
