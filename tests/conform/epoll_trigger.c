/* SPDX-License-Identifier: MIT */
/*
 * epoll(7): level and edge trigger, ONESHOT, MOD, and the order in which
 * events are told.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/eventfd.h>

#include "events.h"

static int new_event(uint64_t count)
{
	return MUST(eventfd((unsigned int)count, EFD_NONBLOCK));
}

static void post(int fd)
{
	uint64_t one = 1;

	MUST(write(fd, &one, sizeof(one)));
}

static void test_level(void)
{
	int ep = new_epoll();
	int ends[2];

	new_pipe(ends);
	add(ep, ends[0], EPOLLIN, 'r');
	sees(ep, "", "level: nothing to read");
	put(ends[1], "xyz");
	sees(ep, "r:IN", "level: something to read");
	sees(ep, "r:IN", "level: told again while it is there");
	drain(ends[0]);
	sees(ep, "", "level: not told once it is read");
	put(ends[1], "x");
	close(ends[1]);
	sees(ep, "r:IN|HUP", "level: the last byte and the end");
	drain(ends[0]);
	sees(ep, "r:HUP", "level: the end");
	close(ends[0]);
	sees(ep, "", "level: a closed one is gone");
	close(ep);
}

static void test_edge(void)
{
	int ep = new_epoll();
	int ends[2];
	char byte;

	new_pipe(ends);
	add(ep, ends[0], EPOLLIN | EPOLLET, 'r');
	sees(ep, "", "edge: nothing to read");
	put(ends[1], "xy");
	sees(ep, "r:IN", "edge: an arrival");
	sees(ep, "", "edge: told once");
	MUST(read(ends[0], &byte, 1));
	sees(ep, "", "edge: a read is no arrival");
	put(ends[1], "z");
	sees(ep, "r:IN", "edge: an arrival while data is unread");
	put(ends[1], "z");
	put(ends[1], "z");
	sees(ep, "r:IN", "edge: two arrivals before a wait are one event");
	sees(ep, "", "edge: and not two");
	put(ends[1], "z");
	drain(ends[0]);
	sees(ep, "", "edge: dropped when the data is gone before the wait");
	put(ends[1], "z");
	sees(ep, "r:IN", "edge: the next arrival is told");
	close(ends[1]);
	sees(ep, "r:IN|HUP", "edge: the end");
	sees(ep, "", "edge: the end is told once");
	close(ends[0]);
	close(ep);
}

static void test_edge_at_add(void)
{
	int ep = new_epoll();
	int fd = new_event(1);

	add(ep, fd, EPOLLIN | EPOLLET, 'a');
	sees(ep, "a:IN", "edge: ADD of what is ready tells it");
	sees(ep, "", "edge: once");
	mod(ep, fd, EPOLLIN | EPOLLET, 'b');
	sees(ep, "b:IN", "edge: MOD tells it again");
	sees(ep, "", "edge: once");
	mod(ep, fd, EPOLLIN, 'c');
	sees(ep, "c:IN", "edge: MOD to level");
	sees(ep, "c:IN", "edge: is level");
	mod(ep, fd, EPOLLIN | EPOLLET, 'd');
	sees(ep, "d:IN", "edge: MOD back");
	sees(ep, "", "edge: is edge");
	close(fd);
	close(ep);
}

static void test_edge_of_both(void)
{
	int ep = new_epoll();
	int fd = new_event(0);

	add(ep, fd, EPOLLIN | EPOLLOUT | EPOLLET, 'a');
	sees(ep, "a:OUT", "both: writable at first");
	sees(ep, "", "both: told once");
	post(fd);
	sees(ep, "a:IN|OUT", "both: an arrival reports OUT along");
	drain(fd);
	sees(ep, "a:OUT", "both: the read of an eventfd is an edge of OUT");
	mod(ep, fd, EPOLLOUT | EPOLLET, 'a');
	sees(ep, "a:OUT", "both: MOD tells OUT");
	post(fd);
	sees(ep, "", "both: an arrival is no edge for OUT only");
	close(fd);
	close(ep);
}

static void test_oneshot(void)
{
	int ep = new_epoll();
	int ends[2];

	new_pipe(ends);
	add(ep, ends[0], EPOLLIN | EPOLLONESHOT, 'r');
	put(ends[1], "x");
	sees(ep, "r:IN", "oneshot: told");
	sees(ep, "", "oneshot: once");
	put(ends[1], "x");
	sees(ep, "", "oneshot: not for an arrival");
	is(mod(ep, ends[0], EPOLLIN | EPOLLONESHOT, 'r'), 0,
	   "oneshot: armed again");
	sees(ep, "r:IN", "oneshot: told again");
	fails(add(ep, ends[0], EPOLLIN, 'r'), EEXIST,
	      "oneshot: a spent item is still there");
	close(ends[1]);
	sees(ep, "", "oneshot: a spent one hides HUP");
	mod(ep, ends[0], 0, 'r');
	sees(ep, "r:HUP", "oneshot: MOD to an empty mask shows it");
	mod(ep, ends[0], EPOLLONESHOT, 'r');
	sees(ep, "r:HUP", "oneshot: with no mask: HUP");
	sees(ep, "", "oneshot: with no mask: once");
	mod(ep, ends[0], EPOLLIN | EPOLLET | EPOLLONESHOT, 'r');
	sees(ep, "r:IN|HUP", "oneshot: with ET");
	sees(ep, "", "oneshot: with ET: once");
	close(ends[0]);
	close(ep);
}

static void test_order_of_arrival(void)
{
	int ep = new_epoll();
	int fd[4];

	for (int i = 0; i < 4; i++) {
		fd[i] = new_event(0);
		add(ep, fd[i], EPOLLIN, (char)('a' + i));
	}
	post(fd[2]);
	post(fd[0]);
	post(fd[3]);
	sees(ep, "c:IN a:IN d:IN", "order: that of arrival");
	post(fd[1]);
	sees(ep, "c:IN a:IN d:IN b:IN", "order: a new one comes last");
	drain(fd[2]);
	sees(ep, "a:IN d:IN b:IN", "order: one less");
	post(fd[2]);
	sees(ep, "a:IN d:IN b:IN c:IN", "order: seen empty, it comes last");
	drain(fd[0]);
	post(fd[0]);
	sees(ep, "a:IN d:IN b:IN c:IN",
	     "order: emptied and filled between waits, it keeps its place");
	for (int i = 0; i < 4; i++)
		close(fd[i]);
	close(ep);
}

static void test_fairness(void)
{
	int ep = new_epoll();
	int fd[5];

	for (int i = 0; i < 5; i++) {
		fd[i] = new_event(1);
		add(ep, fd[i], EPOLLIN, (char)('a' + i));
	}
	is_str(delivered(ep, 2, 0), "a:IN b:IN", "fairness: the first two");
	is_str(delivered(ep, 2, 0), "c:IN d:IN", "fairness: the next two");
	is_str(delivered(ep, 2, 0), "e:IN a:IN", "fairness: around the end");
	is_str(delivered(ep, 1, 0), "b:IN", "fairness: one");
	drain(fd[2]);
	is_str(delivered(ep, 2, 0), "d:IN e:IN", "fairness: skips the empty");
	sees(ep, "a:IN b:IN d:IN e:IN", "fairness: all");
	mod(ep, fd[0], EPOLLIN | EPOLLET, 'a');
	is_str(delivered(ep, 1, 0), "a:IN", "fairness: MOD keeps its place");
	is_str(delivered(ep, 2, 0), "b:IN d:IN", "fairness: and so on");
	is_str(delivered(ep, 5, 0), "e:IN b:IN d:IN",
	       "fairness: an edge is not queued again");
	del(ep, fd[1]);
	add(ep, fd[1], EPOLLIN, 'B');
	sees(ep, "e:IN d:IN B:IN", "fairness: DEL and ADD put it at the end");
	for (int i = 0; i < 5; i++)
		close(fd[i]);
	close(ep);
}

static void test_edges_left_over(void)
{
	int ep = new_epoll();
	int fd[4];

	for (int i = 0; i < 4; i++) {
		fd[i] = new_event(1);
		add(ep, fd[i], EPOLLIN | EPOLLET, (char)('a' + i));
	}
	is_str(delivered(ep, 1, 0), "a:IN", "left over: the first");
	is_str(delivered(ep, 2, 0), "b:IN c:IN", "left over: the next");
	post(fd[0]);
	sees(ep, "d:IN a:IN", "left over: stays ahead of a new edge");
	sees(ep, "", "left over: nothing more");
	for (int i = 0; i < 4; i++)
		close(fd[i]);
	close(ep);
}

static void test_mod_in_queue(void)
{
	int ep = new_epoll();
	int a = new_event(0), b = new_event(0);

	add(ep, a, EPOLLIN, 'a');
	add(ep, b, EPOLLIN, 'b');
	post(a);
	post(b);
	mod(ep, a, EPOLLIN, 'A');
	sees(ep, "A:IN b:IN", "queued: MOD keeps the place");
	mod(ep, a, 0, 'a');
	sees(ep, "b:IN", "queued: MOD to nothing");
	mod(ep, a, EPOLLIN, 'a');
	sees(ep, "b:IN a:IN", "queued: MOD back comes last");
	del(ep, b);
	sees(ep, "a:IN", "queued: DEL takes it out");
	close(a);
	sees(ep, "", "queued: close takes it out");
	close(b);
	close(ep);
}

static void test_same_data(void)
{
	int ep = new_epoll();
	int a = new_event(1), b = new_event(1);

	add(ep, a, EPOLLIN, 'x');
	add(ep, b, EPOLLOUT, 'x');
	sees(ep, "x:IN x:OUT", "data: equal in two items: two events");
	close(a);
	close(b);
	close(ep);
}

/* The latest to wait on a file hears of it first. */
static void test_items_of_one_file(void)
{
	int ep = new_epoll();
	int fd = new_event(0);
	int d1 = MUST(dup(fd)), d2 = MUST(dup(fd));

	add(ep, fd, EPOLLIN, 'a');
	add(ep, d1, EPOLLIN, 'b');
	add(ep, d2, EPOLLIN | EPOLLET, 'c');
	post(fd);
	sees(ep, "c:IN b:IN a:IN", "one file: the latest added comes first");
	sees(ep, "b:IN a:IN", "one file: each has its own trigger");
	mod(ep, d1, EPOLLOUT, 'b');
	sees(ep, "b:OUT a:IN", "one file: each has its own mask");
	close(d1);
	close(d2);
	close(fd);
	close(ep);
}

/* One file in several epolls. */
static void test_several_epolls(void)
{
	int e1 = new_epoll(), e2 = new_epoll(), e3 = new_epoll();
	int fd = new_event(0);

	add(e1, fd, EPOLLIN, 'a');
	add(e2, fd, EPOLLIN | EPOLLET, 'b');
	add(e3, fd, EPOLLIN | EPOLLONESHOT, 'c');
	post(fd);
	sees(e1, "a:IN", "several epolls: the first");
	sees(e2, "b:IN", "several epolls: the second");
	sees(e3, "c:IN", "several epolls: the third");
	sees(e1, "a:IN", "several epolls: level");
	sees(e2, "", "several epolls: edge");
	sees(e3, "", "several epolls: oneshot");
	post(fd);
	sees(e2, "b:IN", "several epolls: the next edge");
	del(e1, fd);
	sees(e1, "", "several epolls: DEL in one");
	mod(e3, fd, EPOLLIN | EPOLLONESHOT, 'd');
	sees(e3, "d:IN", "several epolls: leaves the others");
	close(fd);
	close(e1);
	close(e2);
	close(e3);
}

int main(void)
{
	deadline(30);
	test_level();
	test_edge();
	test_edge_at_add();
	test_edge_of_both();
	test_oneshot();
	test_order_of_arrival();
	test_fairness();
	test_edges_left_over();
	test_mod_in_queue();
	test_same_data();
	test_items_of_one_file();
	test_several_epolls();
	return done_testing();
}
