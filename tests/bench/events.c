/* SPDX-License-Identifier: MIT */
/*
 * What files, events and threads cost: one ordinary program for Linux and for
 * Pollux. Prints "NAME VALUE UNIT" a line and at the end "done".
 * usage: events [tsc|none]
 *
 * Without an argument the values are nanoseconds. With tsc they are steps of
 * the time stamp counter (measure.h), and "loop" shows that these are
 * instructions (200,000 and the reading itself). none only ends.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "measure.h"

#define CALLS 200
#define SPARES CALLS
#define MOST_WATCHED 100000

static int fds[MOST_WATCHED + SPARES];
static int nr_fds;
static int epfd;

/* ---- Calls --------------------------------------------------------------- */

/* Two instructions a round. */
static void call_loop(int i)
{
	uint64_t rounds = 100000;

	__asm__ volatile("1: dec %0; jnz 1b" : "+r"(rounds));
}

static void call_getppid(int i)
{
	syscall(SYS_getppid);
}

static int event, ends[2], back[2];

static void call_eventfd(int i)
{
	uint64_t n = 1;

	check(write(event, &n, sizeof(n)) == sizeof(n), "eventfd write");
	check(read(event, &n, sizeof(n)) == sizeof(n), "eventfd read");
}

static void call_pipe(int i)
{
	char byte = 0;

	check(write(ends[1], &byte, 1) == 1, "pipe write");
	check(read(ends[0], &byte, 1) == 1, "pipe read");
}

static void call_poll(int i)
{
	struct pollfd pfd = { .fd = ends[1], .events = POLLOUT };

	check(poll(&pfd, 1, 0) == 1, "poll");
}

static void *echo(void *unused)
{
	char byte;

	while (read(ends[0], &byte, 1) == 1)
		check(write(back[1], &byte, 1) == 1, "echo");
	return NULL;
}

static void call_ping_pong(int i)
{
	char byte = 0;

	check(write(ends[1], &byte, 1) == 1, "ping");
	check(read(back[0], &byte, 1) == 1, "pong");
}

static void call_epoll_wait(int i)
{
	struct epoll_event events[16];

	check(epoll_wait(epfd, events, 16, 0) == 1, "epoll_wait");
}

static void call_add(int i)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = i };

	check(!epoll_ctl(epfd, EPOLL_CTL_ADD, fds[nr_fds + i], &e),
	      "EPOLL_CTL_ADD");
}

static void call_del(int i)
{
	check(!epoll_ctl(epfd, EPOLL_CTL_DEL, fds[nr_fds + i], NULL),
	      "EPOLL_CTL_DEL");
}

/* ---- The measurements ---------------------------------------------------- */

static void measure_calls(void)
{
	pthread_t thread;

	event = eventfd(0, 0);
	check(event >= 0 && !pipe(ends) && !pipe(back), "files");
	if (use_tsc)
		measure("loop", call_loop, 1);
	measure("getppid", call_getppid, CALLS);
	measure("eventfd", call_eventfd, CALLS);
	measure("pipe", call_pipe, CALLS);
	measure("poll", call_poll, CALLS);
	check(!pthread_create(&thread, NULL, echo, NULL), "thread");
	measure("ping_pong", call_ping_pong, CALLS);
	close(ends[1]);
	pthread_join(thread, NULL);
}

/* Adding the spare files and removing them again takes turns. */
static void measure_ctl(int n)
{
	uint64_t added[BATCHES], removed[BATCHES];
	char name[40];

	for (int batch = -1; batch < BATCHES; batch++) {
		uint64_t start = now(), middle;

		for (int i = 0; i < SPARES; i++)
			call_add(i);
		middle = now();
		for (int i = 0; i < SPARES; i++)
			call_del(i);
		if (batch < 0)
			continue;
		removed[batch] = now() - middle;
		added[batch] = middle - start;
	}
	snprintf(name, sizeof(name), "epoll_add/%d", n);
	report(name, added, SPARES);
	snprintf(name, sizeof(name), "epoll_del/%d", n);
	report(name, removed, SPARES);
}

/* The set grows to n; its first file is the one that is ready. */
static void measure_set(int n)
{
	char name[40];

	for (int i = nr_fds; i < n + SPARES; i++) {
		if (fds[i])
			continue;
		fds[i] = eventfd(i == 0, 0);
		check(fds[i] >= 0, "eventfd");
	}
	for (; nr_fds < n; nr_fds++)
		call_add(0);
	snprintf(name, sizeof(name), "epoll_wait/%d", n);
	measure(name, call_epoll_wait, CALLS);
	measure_ctl(n);
}

/*
 * A Linux guest of 512 MiB allows fewer watches than the largest set has;
 * nobody else is there to mount /proc. Where this fails the set says so.
 */
static void raise_limits(void)
{
	struct rlimit files = { MOST_WATCHED + SPARES + 64,
				MOST_WATCHED + SPARES + 64 };
	int fd;

	check(!setrlimit(RLIMIT_NOFILE, &files), "RLIMIT_NOFILE");
	if (access("/proc/self", F_OK)) {
		mkdir("/proc", 0555);
		mount("proc", "/proc", "proc", 0, NULL);
	}
	fd = open("/proc/sys/fs/epoll/max_user_watches", O_WRONLY);
	if (fd >= 0) {
		dprintf(fd, "%d\n", 2 * MOST_WATCHED);
		close(fd);
	}
}

int main(int argc, char **argv)
{
	use_tsc = argc > 1 && !strcmp(argv[1], "tsc");
	if (argc > 1 && !use_tsc) {
		puts("done");
		return 0;
	}
	raise_limits();
	measure_calls();
	epfd = epoll_create1(0);
	check(epfd >= 0, "epoll_create1");
	for (int n = 10; n <= MOST_WATCHED; n = n == 10 ? 1000 : n * 10)
		measure_set(n);
	puts("done");
	return 0;
}
