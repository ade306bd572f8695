/* SPDX-License-Identifier: MIT */
/*
 * What is an edge, and what is a state, for each kind of file that an epoll
 * watches.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include "events.h"

#define PAGE 4096
#define ALL (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI)

static char page[PAGE];

/* Writes whole pages until the pipe is full. */
static void fill(int fd)
{
	while (write(fd, page, PAGE) == PAGE)
		;
}

static void test_pipe_reader(void)
{
	int ep = new_epoll();
	int ends[2];

	new_pipe(ends);
	put(ends[1], "x");
	add(ep, ends[0], ALL | EPOLLET, 'r');
	sees(ep, "r:IN", "pipe: filled before ADD");
	put(ends[1], "x");
	sees(ep, "r:IN", "pipe: each write is an edge of IN");
	is(write(ends[1], page, 0), 0, "pipe: a write of nothing");
	sees(ep, "", "pipe: is no edge");
	fill(ends[1]);
	sees(ep, "r:IN", "pipe: many writes, one event");
	fails(write(ends[1], page, 1), EAGAIN, "pipe: full");
	sees(ep, "r:IN", "pipe: a write that does not fit is an edge too");
	close(ends[1]);
	sees(ep, "r:IN|HUP", "pipe: the last writer's close is an edge");
	drain(ends[0]);
	sees(ep, "", "pipe: reading to the end is none");
	is(read(ends[0], page, 1), 0, "pipe: the end");
	close(ends[0]);
	close(ep);
}

static void test_pipe_writer(void)
{
	int ep = new_epoll();
	int ends[2];

	new_pipe(ends);
	add(ep, ends[1], ALL | EPOLLET, 'w');
	sees(ep, "w:OUT", "pipe: writable at first");
	put(ends[1], "x");
	sees(ep, "", "pipe: a write is no edge for the writer");
	drain(ends[0]);
	sees(ep, "", "pipe: nor a read when it was not full");
	fill(ends[1]);
	sees(ep, "", "pipe: full");
	MUST(read(ends[0], page, PAGE - 1));
	sees(ep, "", "pipe: 4095 bytes read of a full one: no page is free");
	fails(write(ends[1], page, 1), EAGAIN, "pipe: and no byte fits");
	MUST(read(ends[0], page, 1));
	sees(ep, "w:OUT", "pipe: the first free page is an edge of OUT");
	MUST(read(ends[0], page, PAGE));
	sees(ep, "", "pipe: the second is none");
	close(ends[0]);
	sees(ep, "w:OUT|ERR", "pipe: the last reader's close is an edge");
	MUST(epoll_ctl(ep, EPOLL_CTL_DEL, ends[1], NULL));
	add(ep, ends[1], EPOLLIN | EPOLLET, 'e');
	sees(ep, "e:ERR", "pipe: an error shows without being asked for");
	MUST(fcntl(ends[1], F_SETPIPE_SZ, 32 * PAGE));
	sees(ep, "e:ERR", "pipe: a change of its size is news of any kind");
	close(ends[1]);
	close(ep);
}

static void test_pipe_level_out(void)
{
	int ep = new_epoll();
	int ends[2];

	new_pipe(ends);
	add(ep, ends[1], ALL, 'w');
	sees(ep, "w:OUT", "pipe, level: writable");
	fill(ends[1]);
	sees(ep, "", "pipe, level: full");
	MUST(read(ends[0], page, 100));
	sees(ep, "", "pipe, level: no page is free");
	drain(ends[0]);
	sees(ep, "w:OUT", "pipe, level: writable again");
	fill(ends[1]);
	close(ends[0]);
	sees(ep, "w:ERR", "pipe, level: full and without a reader");
	close(ends[1]);
	close(ep);
}

static void test_pipe_copies(void)
{
	int ep = new_epoll();
	int ends[2], copy;

	new_pipe(ends);
	copy = MUST(dup(ends[1]));
	add(ep, ends[0], EPOLLIN | EPOLLET, 'r');
	close(ends[1]);
	sees(ep, "", "pipe: a writer of two is closed: nothing");
	put(copy, "x");
	sees(ep, "r:IN", "pipe: the other one writes");
	close(copy);
	sees(ep, "r:IN|HUP", "pipe: the other one is closed");
	close(ends[0]);
	close(ep);
}

static uint64_t take(int fd)
{
	uint64_t count = 0;

	return read(fd, &count, sizeof(count)) == 8 ? count : 0;
}

static void give(int fd, uint64_t count)
{
	MUST(write(fd, &count, sizeof(count)));
}

static void test_eventfd(void)
{
	int ep = new_epoll();
	int fd = MUST(eventfd(0, EFD_NONBLOCK));
	uint64_t max = UINT64_MAX - 1, over = UINT64_MAX;

	add(ep, fd, EPOLLIN | EPOLLET, 'e');
	sees(ep, "", "eventfd: 0");
	give(fd, 1);
	sees(ep, "e:IN", "eventfd: a write is an edge");
	give(fd, 1);
	sees(ep, "e:IN", "eventfd: each is");
	give(fd, 0);
	sees(ep, "e:IN", "eventfd: also that of 0");
	is((long)take(fd), 2, "eventfd: the sum");
	sees(ep, "", "eventfd: a read is no edge of IN");
	give(fd, 0);
	sees(ep, "", "eventfd: a write of 0 to 0 leaves nothing to tell");
	mod(ep, fd, EPOLLOUT | EPOLLET, 'e');
	sees(ep, "e:OUT", "eventfd: writable");
	give(fd, max);
	sees(ep, "", "eventfd: full: not writable");
	is((long)take(fd), -2, "eventfd: the largest count");
	sees(ep, "e:OUT", "eventfd: a read is an edge of OUT");
	give(fd, 1);
	take(fd);
	sees(ep, "e:OUT", "eventfd: also when it was not full");
	fails(write(fd, &over, sizeof(over)), EINVAL,
	      "eventfd: a count too large");
	sees(ep, "", "eventfd: is no edge");
	fails(read(fd, &over, sizeof(over)), EAGAIN, "eventfd: a read of 0");
	sees(ep, "", "eventfd: is no edge either");
	close(fd);
	close(ep);
}

static void test_semaphore(void)
{
	int ep = new_epoll();
	int fd = MUST(eventfd(2, EFD_NONBLOCK | EFD_SEMAPHORE));

	add(ep, fd, EPOLLIN, 's');
	sees(ep, "s:IN", "semaphore: 2");
	is((long)take(fd), 1, "semaphore: takes one");
	sees(ep, "s:IN", "semaphore: one is left");
	is((long)take(fd), 1, "semaphore: takes the other");
	sees(ep, "", "semaphore: none is left");
	close(fd);
	close(ep);
}

static void set_timer(int fd, long ms, long interval_ms)
{
	struct itimerspec t = {
		.it_value = { ms / 1000, ms % 1000 * 1000000 },
		.it_interval = { interval_ms / 1000,
				 interval_ms % 1000 * 1000000 },
	};

	MUST(timerfd_settime(fd, 0, &t, NULL));
}

static void test_timerfd(void)
{
	int ep = new_epoll();
	int fd = MUST(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));

	add(ep, fd, ALL | EPOLLET, 't');
	sees(ep, "", "timerfd: not set");
	set_timer(fd, 5, 0);
	waits_for(ep, "t:IN", "timerfd: expires");
	sees(ep, "", "timerfd: an edge, told once");
	is((long)take(fd), 1, "timerfd: one expiration");
	sees(ep, "", "timerfd: the read is no edge");
	set_timer(fd, 1, 0);
	usleep(20000);
	set_timer(fd, 0, 0);
	sees(ep, "", "timerfd: disarming drops an unread expiration");
	is((long)take(fd), 0, "timerfd: nothing to read");
	set_timer(fd, 1, 0);
	usleep(20000);
	set_timer(fd, 10000, 0);
	sees(ep, "", "timerfd: so does setting it anew");
	set_timer(fd, 2, 2);
	waits_for(ep, "t:IN", "timerfd: periodic: the first");
	is_str(delivered(ep, 1, 30), "",
	       "timerfd: periodic: no further edge until it is read");
	ok(take(fd) > 1, "timerfd: periodic: several were counted");
	waits_for(ep, "t:IN", "timerfd: periodic: an edge after the read");
	mod(ep, fd, EPOLLIN, 't');
	sees(ep, "t:IN", "timerfd: level: told");
	sees(ep, "t:IN", "timerfd: level: until it is read");
	set_timer(fd, 0, 0);
	sees(ep, "", "timerfd: level: disarmed");
	close(fd);
	close(ep);
}

int main(void)
{
	deadline(30);
	test_pipe_reader();
	test_pipe_writer();
	test_pipe_level_out();
	test_pipe_copies();
	test_eventfd();
	test_semaphore();
	test_timerfd();
	return done_testing();
}
