/* SPDX-License-Identifier: MIT */
/*
 * splice(2) and tee(2) over pipes, files and devices: arguments, what moves,
 * what is counted, who is woken.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

#include "splice.h"

/* ---- Arguments ----------------------------------------------------------- */

static void test_arguments(void)
{
	int a[2], b[2], file = open_self();
	loff_t off = 0;

	new_pipe(a);
	new_pipe(b);
	is(splice(-1, NULL, -1, NULL, 0, 64), 0, "splice: no bytes: 0");
	fails(splice(-1, NULL, -1, NULL, 1, 64), EINVAL,
	      "splice: unknown flags before bad descriptors");
	fails(splice(-1, NULL, b[1], NULL, 1, 0), EBADF, "splice: bad input");
	fails(splice(a[0], NULL, -1, NULL, 1, 0), EBADF, "splice: bad output");
	fails(splice(a[1], NULL, b[1], NULL, 1, 0), EBADF,
	      "splice: from the writing end");
	fails(splice(a[0], NULL, b[0], NULL, 1, 0), EBADF,
	      "splice: to the reading end");
	fails(splice(a[0], NULL, a[1], NULL, 1, 0), EINVAL,
	      "splice: both ends of one pipe");
	fails(splice(file, NULL, file, NULL, 1, 0), EBADF,
	      "splice: to what is open for reading");
	fails(splice(a[0], &off, b[1], NULL, 1, 0), ESPIPE,
	      "splice: an offset of the input pipe");
	fails(splice(a[0], NULL, b[1], &off, 1, 0), ESPIPE,
	      "splice: an offset of the output pipe");
	fails(splice(a[1], BAD_POINTER, b[1], NULL, 1, 0), ESPIPE,
	      "splice: even a bad one, of the wrong end");
	fails(splice(file, BAD_POINTER, a[1], NULL, 1, 0), EFAULT,
	      "splice: a bad pointer to an offset");
	off = -1;
	fails(splice(file, &off, a[1], NULL, 1, 0), EINVAL,
	      "splice: a negative offset");
	fails(splice(file, NULL, a[1], NULL, -1, 0), EINVAL,
	      "splice: a negative length");
	off = 1L << 62;
	fails(splice(file, &off, a[1], NULL, 1L << 62, 0), EINVAL,
	      "splice: an end that no file can have");
	is(splice(file, &off, a[1], NULL, 1, 0), 0,
	   "splice: behind the end of the file: 0");
	fails(splice(a[0], NULL, b[1], NULL, 1, 0), EAGAIN,
	      "splice: empty pipe, O_NONBLOCK");
	close_pipe(a);
	close_pipe(b);
	close(file);
}

static void test_no_pipe(void)
{
	int file = open_self(), null = MUST(open("/dev/null", O_RDWR));
	int path = MUST(open("/proc/self/exe", O_PATH)), a[2];

	new_pipe(a);
	fails(splice(file, NULL, null, NULL, 1, 0), EINVAL,
	      "splice: without a pipe");
	fails(splice(path, NULL, a[1], NULL, 1, 0), EBADF, "splice: O_PATH");
	close(path);
	close(null);
	close(file);
	close_pipe(a);
}

/* ---- What can be spliced from and to ------------------------------------- */

static void from(const char *path, long want, const char *name)
{
	int fd = MUST(open(path, O_RDONLY)), a[2];

	new_pipe(a);
	if (want < 0)
		fails(splice(fd, NULL, a[1], NULL, 4, 0), -want, name);
	else
		is(splice(fd, NULL, a[1], NULL, 4, 0), want, name);
	close(fd);
	close_pipe(a);
}

static void to(const char *path, int flags, long want, const char *name)
{
	int fd = MUST(open(path, flags)), a[2];

	new_pipe(a);
	put(a[1], "abcdef");
	if (want < 0)
		fails(splice(a[0], NULL, fd, NULL, 4, 0), -want, name);
	else
		is(splice(a[0], NULL, fd, NULL, 4, 0), want, name);
	is(queued(a[0]), want < 0 ? 6 : 6 - want, "and takes as much");
	close(fd);
	close_pipe(a);
}

static void test_devices(void)
{
	from("/dev/zero", 4, "from /dev/zero");
	from("/dev/full", 4, "from /dev/full");
	from("/dev/random", 4, "from /dev/random");
	from("/dev/urandom", 4, "from /dev/urandom");
	from("/dev/null", -EINVAL, "from /dev/null: EINVAL");
	from("/", -EINVAL, "from a directory: EINVAL");
	from("/proc/meminfo", 4, "from /proc/meminfo");
	from("/proc/self/status", -EINVAL, "from /proc/self/status: EINVAL");
	to("/dev/null", O_WRONLY, 4, "to /dev/null");
	to("/dev/zero", O_WRONLY, 4, "to /dev/zero");
	to("/dev/urandom", O_WRONLY, 4, "to /dev/urandom");
	to("/dev/full", O_WRONLY, -EINVAL, "to /dev/full: EINVAL");
	to("/dev/null", O_WRONLY | O_APPEND, -EINVAL, "with O_APPEND: EINVAL");
}

static void test_event_files(void)
{
	int event = MUST(eventfd(1, EFD_NONBLOCK)), ep = new_epoll(), a[2];
	int timer = MUST(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));

	new_pipe(a);
	put(a[1], "12345678");
	fails(splice(a[0], NULL, event, NULL, 8, 0), EINVAL, "to an eventfd");
	fails(splice(event, NULL, a[1], NULL, 8, 0), EINVAL, "from an eventfd");
	fails(splice(timer, NULL, a[1], NULL, 8, 0), EINVAL, "from a timerfd");
	fails(splice(a[0], NULL, timer, NULL, 8, 0), EINVAL, "to a timerfd");
	fails(splice(ep, NULL, a[1], NULL, 8, 0), EINVAL, "from an epoll");
	is(queued(a[0]), 8, "and nothing is lost");
	close(event);
	close(timer);
	close(ep);
	close_pipe(a);
}

static void test_offsets(void)
{
	int null = MUST(open("/dev/null", O_WRONLY)), a[2];
	loff_t off = 3;

	new_pipe(a);
	put(a[1], "abc");
	is(splice(a[0], NULL, null, &off, 2, 0), 2,
	   "an offset in /dev/null is taken");
	is(off, 3, "and stays");
	close(null);
	close_pipe(a);
}

/* ---- From a file --------------------------------------------------------- */

static void test_file(void)
{
	int file = open_self(), a[2];
	static char want[CAPACITY];
	loff_t off = 100;

	new_pipe(a);
	MUST(pread(file, want, sizeof(want), 100));
	is(splice(file, &off, a[1], NULL, 200, 0), 200, "file: at an offset");
	is(off, 300, "file: which moves on");
	is(lseek(file, 0, SEEK_CUR), 0, "file: and not the position");
	is(queued(a[0]), 200, "file: as many in the pipe");
	is(read(a[0], bytes, 500), 200, "file: and out again");
	ok(!memcmp(bytes, want, 200), "file: the same bytes");
	MUST(lseek(file, 100, SEEK_SET));
	is(splice(file, NULL, a[1], NULL, 2 * CAPACITY, 0), CAPACITY - 100,
	   "file: a slot for each page, the first one cut");
	is(lseek(file, 0, SEEK_CUR), CAPACITY, "file: the position moves");
	fails(splice(file, NULL, a[1], NULL, 1, 0), EAGAIN, "file: full");
	is(read(a[0], bytes, CAPACITY), CAPACITY - 100, "file: all of it");
	ok(!memcmp(bytes, want, CAPACITY - 100), "file: in order");
	off = lseek(file, 0, SEEK_END) - 10;
	is(splice(file, &off, a[1], NULL, 100, 0), 10, "file: up to its end");
	is(splice(file, &off, a[1], NULL, 100, 0), 0, "file: and not beyond");
	close_pipe(a);
	close(file);
}

/* What a pipe refers to is not what later writes append to. */
static void test_file_append(void)
{
	int file = open_self(), a[2];
	char want[20];
	loff_t off = 0;

	new_pipe(a);
	MUST(pread(file, want, 20, 0));
	MUST(splice(file, &off, a[1], NULL, 10, 0));
	put(a[1], "0123456789");
	is(queued(a[0]), 20, "append: behind a file's bytes");
	MUST(read(a[0], bytes, 20));
	ok(!memcmp(bytes, want, 10) && !memcmp(bytes + 10, "0123456789", 10),
	   "append: both are there");
	is(pread(file, bytes, 20, 0), 20, "append: the file is read again");
	ok(!memcmp(bytes, want, 20), "append: and is as it was");
	close_pipe(a);
	close(file);
}

/* ---- From pipe to pipe --------------------------------------------------- */

static void test_move(void)
{
	int a[2], b[2];

	new_pipe(a);
	new_pipe(b);
	put(a[1], "hello, world");
	is(splice(a[0], NULL, b[1], NULL, 5, 0), 5, "move: a part of a slot");
	is(queued(a[0]), 7, "move: the rest stays");
	put(a[1], "!");
	put(b[1], ";");
	is_str(text(b[0]), "hello;", "move: what was moved");
	is(splice(a[0], NULL, b[1], NULL, 100, 0), 8, "move: all there is");
	put(b[1], "?");
	put(a[1], "again");
	is_str(text(b[0]), ", world!?", "move: can be appended to");
	is_str(text(a[0]), "again", "move: and left nothing behind");
	close_pipe(a);
	close_pipe(b);
}

static void test_move_space(void)
{
	int a[2], b[2], n;

	new_pipe(a);
	new_pipe(b);
	fill(b[1]);
	put(a[1], "x");
	fails(splice(a[0], NULL, b[1], NULL, 1, 0), EAGAIN, "move: no room");
	MUST(read(b[0], bytes, 2 * PAGE));
	drain(a[0]);
	fill(a[1]);
	is(splice(a[0], NULL, b[1], NULL, CAPACITY, 0), 2 * PAGE,
	   "move: as much as there is room for");
	is(queued(a[0]), CAPACITY - 2 * PAGE, "move: the rest waits");
	drain(b[0]);
	MUST(read(a[0], bytes, PAGE - 1));
	is(splice(a[0], NULL, b[1], NULL, 1, 0), 1, "move: one byte");
	for (n = 0; splice(a[0], NULL, b[1], NULL, 1, 0) == 1;)
		n++;
	is(n, 15, "move: each piece of a slot takes a slot");
	close_pipe(a);
	close_pipe(b);
}

static void test_ends(void)
{
	int a[2], b[2];

	signal(SIGPIPE, SIG_IGN);
	new_pipe(a);
	new_pipe(b);
	put(a[1], "abc");
	close(b[0]);
	fails(splice(a[0], NULL, b[1], NULL, 3, 0), EPIPE,
	      "ends: nobody reads the output");
	is(queued(a[0]), 3, "ends: nothing is lost");
	close(b[1]);
	new_pipe(b);
	close(a[1]);
	is(splice(a[0], NULL, b[1], NULL, 9, 0), 3, "ends: no writer any more");
	is(splice(a[0], NULL, b[1], NULL, 9, 0), 0, "ends: then the end");
	is(tee(a[0], b[1], 9, 0), 0, "ends: of tee too");
	close(a[0]);
	close_pipe(b);
	new_pipe(b);
	close(b[0]);
	a[0] = open_self();
	fails(splice(a[0], NULL, b[1], NULL, 9, 0), EPIPE,
	      "ends: from a file: EPIPE");
	is(lseek(a[0], 0, SEEK_CUR), 0, "ends: whose position stays");
	close(a[0]);
	close(b[1]);
}

/* ---- tee ----------------------------------------------------------------- */

static void test_tee_arguments(void)
{
	int a[2], b[2], file = open_self();

	new_pipe(a);
	new_pipe(b);
	fails(tee(-1, -1, 0, 64), EINVAL, "tee: unknown flags");
	is(tee(-1, -1, 0, 0), 0, "tee: no bytes: 0");
	fails(tee(-1, b[1], 1, 0), EBADF, "tee: bad input");
	fails(tee(a[0], -1, 1, 0), EBADF, "tee: bad output");
	fails(tee(a[1], b[1], 1, 0), EBADF, "tee: from the writing end");
	fails(tee(a[0], file, 1, 0), EBADF, "tee: to what cannot be written");
	fails(tee(file, b[1], 1, 0), EINVAL, "tee: from a file");
	fails(tee(a[0], a[1], 1, 0), EINVAL, "tee: both ends of one pipe");
	fails(tee(a[0], b[1], 1, 0), EAGAIN, "tee: empty");
	close(file);
	close_pipe(a);
	close_pipe(b);
}

static void test_tee(void)
{
	int a[2], b[2];

	new_pipe(a);
	new_pipe(b);
	put(a[1], "hello");
	is(tee(a[0], b[1], 100, 0), 5, "tee: all there is");
	is(queued(a[0]), 5, "tee: takes nothing");
	put(a[1], ", you");
	put(b[1], ", me");
	is_str(text(a[0]), "hello, you", "tee: one goes on so");
	is_str(text(b[0]), "hello, me", "tee: the other so");
	put(a[1], "abcdef");
	is(tee(a[0], b[1], 2, 0), 2, "tee: a part");
	is(tee(a[0], b[1], 3, 0), 3, "tee: from the start again");
	is_str(text(b[0]), "ababc", "tee: each is there");
	drain(a[0]);
	fill(a[1]);
	put(b[1], "x");
	is(tee(a[0], b[1], CAPACITY, 0), CAPACITY - PAGE,
	   "tee: as much as there is room for");
	fails(tee(a[0], b[1], 1, 0), EAGAIN, "tee: full");
	drain(a[0]);
	is(read(b[0], bytes, CAPACITY), CAPACITY - PAGE + 1,
	   "tee: outlives what it was made from");
	close_pipe(a);
	close_pipe(b);
}

/* O_DIRECT's packets keep their ends on the way. */
static void test_packets(void)
{
	int a[2], b[2];

	MUST(pipe2(a, O_DIRECT | O_NONBLOCK));
	new_pipe(b);
	put(a[1], "one");
	put(a[1], "two");
	is(tee(a[0], b[1], 100, 0), 6, "packets: both");
	is_str(text(b[0]), "one", "packets: read one");
	is_str(text(b[0]), "two", "packets: by one");
	is(splice(a[0], NULL, b[1], NULL, 2, 0), 2, "packets: cut");
	is(splice(a[0], NULL, b[1], NULL, 9, 0), 4, "packets: and the rest");
	is_str(text(b[0]), "on", "packets: the first part");
	is_str(text(b[0]), "e", "packets: the second");
	is_str(text(b[0]), "two", "packets: and the next");
	close_pipe(a);
	close_pipe(b);
}

/* ---- Blocking ------------------------------------------------------------ */

static void test_nonblock(void)
{
	int a[2], b[2];

	MUST(pipe(a));
	MUST(pipe(b));
	fails(splice(a[0], NULL, b[1], NULL, 1, SPLICE_F_NONBLOCK), EAGAIN,
	      "nonblock: the flag");
	set_flags(b[1], O_NONBLOCK);
	fails(splice(a[0], NULL, b[1], NULL, 1, 0), EAGAIN,
	      "nonblock: of the output counts for the input");
	fails(tee(a[0], b[1], 1, 0), EAGAIN, "nonblock: for tee too");
	close_pipe(a);
	close_pipe(b);
}

struct job {
	int in;
	int out;
	size_t len;
};

static void *run_splice(void *arg)
{
	const struct job *job = arg;
	long n = splice(job->in, NULL, job->out, NULL, job->len, 0);

	return (void *)(n < 0 ? (long)-errno : n);
}

static void *run_tee(void *arg)
{
	const struct job *job = arg;
	long n = tee(job->in, job->out, job->len, 0);

	return (void *)(n < 0 ? (long)-errno : n);
}

static void test_wait(void)
{
	int a[2], b[2], file = open_self();
	struct job job = { .len = 100 };
	pthread_t thread;

	MUST(pipe(a));
	MUST(pipe(b));
	job.in = a[0];
	job.out = b[1];
	thread = start_thread(run_splice, &job);
	put(a[1], "abc");
	is(join(thread), 3, "wait: for input");
	thread = start_thread(run_tee, &job);
	put(a[1], "de");
	is(join(thread), 2, "wait: tee for input");
	MUST(read(a[0], bytes, 2));
	MUST(read(b[0], bytes, 5));
	thread = start_thread(run_splice, &job);
	close(a[1]);
	is(join(thread), 0, "wait: for the end");
	close(a[0]);
	job.in = file;
	set_flags(b[1], O_NONBLOCK);
	fill(b[1]);
	set_flags(b[1], 0);
	thread = start_thread(run_splice, &job);
	MUST(read(b[0], bytes, PAGE));
	is(join(thread), 100, "wait: for room");
	set_flags(b[1], O_NONBLOCK);
	fill(b[1]);
	set_flags(b[1], 0);
	thread = start_thread(run_splice, &job);
	close(b[0]);
	is(join(thread), -EPIPE, "wait: nobody reads any more");
	close(b[1]);
	close(file);
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void catch (int flags)
{
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = flags };

	MUST(sigaction(SIGUSR1, &action, NULL));
}

static void test_signal(void)
{
	struct job job = { .len = 100 };
	pthread_t thread;
	int a[2], b[2];

	MUST(pipe(a));
	MUST(pipe(b));
	job.in = a[0];
	job.out = b[1];
	catch (0);
	thread = start_thread(run_splice, &job);
	pthread_kill(thread, SIGUSR1);
	is(join(thread), -EINTR, "signal: EINTR");
	catch (SA_RESTART);
	thread = start_thread(run_splice, &job);
	pthread_kill(thread, SIGUSR1);
	usleep(SETTLE);
	put(a[1], "abc");
	is(join(thread), 3, "signal: SA_RESTART goes on");
	MUST(read(b[0], bytes, 3));
	thread = start_thread(run_tee, &job);
	pthread_kill(thread, SIGUSR1);
	usleep(SETTLE);
	put(a[1], "ab");
	is(join(thread), 2, "signal: tee too");
	close_pipe(a);
	close_pipe(b);
}

/* ---- Events -------------------------------------------------------------- */

static void test_edges(void)
{
	int a[2], b[2], ep = new_epoll(), file = open_self();

	new_pipe(a);
	new_pipe(b);
	MUST(add(ep, b[0], EPOLLIN | EPOLLET, 'r'));
	MUST(add(ep, a[1], EPOLLOUT | EPOLLET, 'w'));
	sees(ep, "w:OUT", "edges: at first");
	put(a[1], "abcdef");
	sees(ep, "", "edges: a write is nothing to the writer");
	MUST(splice(a[0], NULL, b[1], NULL, 3, 0));
	sees(ep, "r:IN", "edges: bytes arrive, no slot is free");
	MUST(splice(a[0], NULL, b[1], NULL, 3, 0));
	sees(ep, "r:IN w:OUT", "edges: more arrive, one is");
	put(a[1], "x");
	MUST(tee(a[0], b[1], 1, 0));
	sees(ep, "r:IN", "edges: tee takes nothing");
	MUST(splice(file, NULL, b[1], NULL, 5, 0));
	sees(ep, "r:IN", "edges: from a file");
	MUST(vmsplice(b[1], &(struct iovec){ bytes, 5 }, 1, 0));
	sees(ep, "r:IN", "edges: from memory");
	MUST(vmsplice(a[0], &(struct iovec){ bytes, 5 }, 1, 0));
	sees(ep, "w:OUT", "edges: to memory");
	close(file);
	close(ep);
	close_pipe(a);
	close_pipe(b);
}

int main(void)
{
	deadline(50);
	test_arguments();
	test_no_pipe();
	test_devices();
	test_event_files();
	test_offsets();
	test_file();
	test_file_append();
	test_move();
	test_move_space();
	test_ends();
	test_tee_arguments();
	test_tee();
	test_packets();
	test_nonblock();
	test_wait();
	test_signal();
	test_edges();
	return done_testing();
}
