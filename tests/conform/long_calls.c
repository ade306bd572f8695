/* SPDX-License-Identifier: MIT */
/*
 * Calls that take long: what a signal makes of them, poll() of as many
 * descriptors as there may be, and another thread that meanwhile takes away
 * what they work on. A thread is still in such a call when the process ends.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "tap.h"

#define PAGE 4096UL
#define MIB (1UL << 20)
#define LEN (8 * MIB)

static char buf[LEN];
static int urandom, zero;

/* ---- Signals ------------------------------------------------------------- */

static void on_alarm(int sig)
{
}

static void alarm_every(int us)
{
	const struct itimerval it = { { 0, us }, { 0, us } };

	setitimer(ITIMER_REAL, &it, NULL);
}

static bool is_cut(long n)
{
	return n >= (long)PAGE && n < (long)LEN && n % PAGE == 0;
}

static void test_signals(void)
{
	struct sigaction act = { .sa_handler = on_alarm };

	sigaction(SIGALRM, &act, NULL);
	alarm_every(700);
	ok(COMES_TRUE(is_cut(read(urandom, buf, LEN))),
	   "a signal ends a read of /dev/urandom, behind a page");
	ok(COMES_TRUE(is_cut(getrandom(buf, LEN, 0))), "and getrandom()");
	alarm_every(211);
	ok(COMES_TRUE(is_cut(read(zero, buf, LEN))), "and one of /dev/zero");
	alarm_every(0);
	is(read(urandom, buf, LEN), LEN, "without a signal it is whole");
	is(getrandom(buf, LEN, 0), LEN, "getrandom(), too");
	signal(SIGALRM, SIG_DFL);
}

/* ---- poll() -------------------------------------------------------------- */

static struct pollfd fds[1 << 20];

static void test_poll(void)
{
	struct rlimit limit;
	unsigned int n, i;
	int fd = eventfd(0, 0);

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	n = limit.rlim_cur < 1 << 20 ? limit.rlim_cur : 1 << 20;
	for (i = 0; i < n; i++)
		fds[i] = (struct pollfd){ fd, POLLIN, 1 };
	is(poll(fds, n, 0), 0, "poll: as many as RLIMIT_NOFILE allows");
	is(fds[n - 1].revents, 0, "poll: the last one was looked at");
	is(poll(fds, n, 1), 0, "poll: and waited for");
	fds[n - 1].events = POLLOUT;
	is(poll(fds, n, -1), 1, "poll: it has news");
	is(fds[n - 1].revents, POLLOUT, "poll: which are told");
	eventfd_write(fd, 1);
	is(poll(fds, n, -1), n, "poll: all have");
	close(fd);
}

/* ---- What goes meanwhile ------------------------------------------------- */

static volatile bool is_over;
static char *area; /* LEN bytes and as many behind them, mapped or not */

static void map_area(void)
{
	mmap(area, LEN, PROT_READ | PROT_WRITE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void *change_area(void *arg)
{
	while (!is_over) {
		map_area();
		madvise(area, LEN, MADV_DONTNEED);
		mprotect(area + MIB, MIB, PROT_NONE);
		munmap(area + 3 * MIB, MIB);
		mremap(area + 5 * MIB, MIB, MIB, MREMAP_MAYMOVE | MREMAP_FIXED,
		       area + 6 * MIB);
		munmap(area, LEN);
	}
	return arg;
}

#define FILES 3000

static void *change_files(void *arg)
{
	int fd = eventfd(0, 0);

	while (!is_over) {
		for (int i = 100; i < FILES; i += 3)
			dup2(fd, i);
		syscall(SYS_close_range, 500, FILES - 500, 0);
		for (int i = 100; i < FILES; i += 7)
			close(i);
	}
	close(fd);
	return arg;
}

/* Calls do() for a while beside other; whether its answers were possible. */
static bool beside(void *(*other)(void *), bool (*call)(void))
{
	double until = now() + 0.25;
	bool good = true;
	pthread_t t;

	is_over = false;
	map_area(); /* or the thread's stack would find room there */
	pthread_create(&t, NULL, other, NULL);
	while (good && now() < until)
		good = call();
	is_over = true;
	pthread_join(t, NULL);
	return good;
}

/* A length, or an error that says that something was not there. */
static bool is_possible(long n)
{
	return n >= 0 || errno == EFAULT || errno == ENOMEM || errno == EAGAIN;
}

static bool call_mincore(void)
{
	static unsigned char vec[LEN / PAGE];

	return is_possible(mincore(area, LEN, vec));
}

static bool call_read(void)
{
	return is_possible(read(urandom, area, LEN)) &&
	       is_possible(read(zero, area, LEN)) &&
	       is_possible(getrandom(area, LEN, 0));
}

static bool call_protect(void)
{
	return is_possible(mprotect(area, LEN, PROT_READ)) &&
	       is_possible(mprotect(area, LEN, PROT_READ | PROT_WRITE)) &&
	       is_possible(madvise(area, LEN, MADV_DONTNEED));
}

static bool call_map(void)
{
	char *there = area + LEN;

	map_area();
	mlock(area, LEN);
	mremap(area, LEN, LEN, MREMAP_MAYMOVE | MREMAP_FIXED, there);
	mremap(there, LEN, LEN, MREMAP_MAYMOVE | MREMAP_FIXED, area);
	munlock(area, LEN);
	return munmap(there, LEN) == 0;
}

static bool call_poll(void)
{
	for (int i = 0; i < FILES; i++)
		fds[i] = (struct pollfd){ i, POLLIN, 0 };
	return poll(fds, FILES, 0) >= 0 && poll(fds, FILES, 1) >= 0;
}

static bool call_close(void)
{
	return syscall(SYS_close_range, 100, FILES, 0) == 0;
}

static void test_races(void)
{
	area = mmap(NULL, 2 * LEN, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
	ok(beside(change_area, call_mincore), "mincore() of what goes away");
	ok(beside(change_area, call_read), "a long read to there");
	ok(beside(change_area, call_protect), "mprotect(), madvise()");
	ok(beside(change_area, call_map), "mmap(), mlock(), mremap()");
	ok(beside(change_files, call_poll), "poll() of what is closed");
	ok(beside(change_files, call_close), "close_range() of what is opened");
	map_area();
	memset(area, 1, LEN);
	is(area[LEN - 1], 1, "memory is as ever");
}

static void *read_for_ever(void *arg)
{
	for (;;)
		getrandom(buf, LEN, 0);
	return arg;
}

int main(void)
{
	pthread_t t;

	urandom = open("/dev/urandom", O_RDONLY);
	zero = open("/dev/zero", O_RDONLY);
	test_signals();
	test_poll();
	test_races();
	pthread_create(&t, NULL, read_for_ever, NULL);
	usleep(20000);
	return done_testing();
}
