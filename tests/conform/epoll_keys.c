/* SPDX-License-Identifier: MIT */
/*
 * epoll(7), questions and answers: an item is a pair of open file and number,
 * and lives as long as the file.
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

/* Q0, Q1, Q2 */
static void test_keys(void)
{
	int ep = new_epoll(), other = new_epoll();
	int fd = new_event(1), copy = MUST(dup(fd));

	is(add(ep, fd, EPOLLIN, 'a'), 0, "key: a number");
	fails(add(ep, fd, EPOLLIN, 'b'), EEXIST, "key: the same: EEXIST");
	is(add(ep, copy, EPOLLOUT, 'b'), 0, "key: a duplicate is another");
	is(add(other, fd, EPOLLIN, 'a'), 0, "key: also in another epoll");
	sees(ep, "a:IN b:OUT", "key: both are told");
	sees(other, "a:IN", "key: in each epoll");
	is(del(ep, fd), 0, "key: DEL of one");
	sees(ep, "b:OUT", "key: leaves the other");
	sees(other, "a:IN", "key: and the other epoll");
	close(copy);
	close(fd);
	sees(ep, "", "key: all closed");
	sees(other, "", "key: in both epolls");
	close(ep);
	close(other);
}

/* Q6 */
static void test_close(void)
{
	int ep = new_epoll();
	int fd = new_event(1);

	add(ep, fd, EPOLLIN, 'a');
	sees(ep, "a:IN", "close: open");
	close(fd);
	sees(ep, "", "close: the last number removes the item");
	fails(del(ep, fd), EBADF, "close: DEL: EBADF");
	is(new_event(1), fd, "close: the number is used again");
	sees(ep, "", "close: the new file is not watched");
	fails(mod(ep, fd, EPOLLIN, 'a'), ENOENT, "close: MOD: ENOENT");
	is(add(ep, fd, EPOLLIN, 'n'), 0, "close: it can be added");
	sees(ep, "n:IN", "close: and is told");
	close(fd);
	close(ep);
}

static void test_closed_copy(void)
{
	int ep = new_epoll();
	int fd = new_event(1), copy = MUST(dup(fd)), number = fd;

	add(ep, fd, EPOLLIN, 'a');
	close(fd);
	sees(ep, "a:IN", "copy: the file lives, so does the item");
	fails(del(ep, number), EBADF, "copy: DEL by the closed number: EBADF");
	fails(del(ep, copy), ENOENT, "copy: DEL by the copy: ENOENT");
	is(new_event(0), number, "copy: the number is used for another file");
	sees(ep, "a:IN", "copy: the item is still the old file's");
	fails(mod(ep, number, EPOLLIN, 'b'), ENOENT,
	      "copy: the new file is not in the set");
	is(add(ep, number, EPOLLIN, 'b'), 0,
	   "copy: it can be added beside the old");
	post(number);
	sees(ep, "a:IN b:IN", "copy: two items of the same number");
	is(del(ep, number), 0, "copy: DEL takes the new file's");
	sees(ep, "a:IN", "copy: the old file's remains");
	is(dup2(copy, number), number, "copy: brought back to its number");
	is(mod(ep, number, EPOLLOUT, 'c'), 0, "copy: MOD reaches it again");
	sees(ep, "c:OUT", "copy: changed");
	is(del(ep, number), 0, "copy: so does DEL");
	sees(ep, "", "copy: nothing is left");
	close(number);
	close(copy);
	close(ep);
}

static void test_replaced_by_dup2(void)
{
	int ep = new_epoll();
	int a = new_event(1), b = new_event(1);

	add(ep, a, EPOLLIN, 'a');
	is(dup2(b, a), a, "dup2: over a watched number");
	sees(ep, "", "dup2: its file was closed, its item is gone");
	is(add(ep, a, EPOLLIN, 'b'), 0, "dup2: the new file can be added");
	is(dup2(a, a), a, "dup2: onto itself");
	sees(ep, "b:IN", "dup2: changes nothing");
	close(a);
	sees(ep, "b:IN", "dup2: the file is open at its other number");
	close(b);
	sees(ep, "", "dup2: and now closed");
	close(ep);
}

/* A file that becomes ready after its number was closed. */
static void test_late_event(void)
{
	int ep = new_epoll();
	int ends[2], copy;

	new_pipe(ends);
	copy = MUST(dup(ends[0]));
	add(ep, ends[0], EPOLLIN | EPOLLET, 'r');
	close(ends[0]);
	sees(ep, "", "late: nothing");
	put(ends[1], "x");
	sees(ep, "r:IN", "late: news of a file whose number is closed");
	close(ends[1]);
	sees(ep, "r:IN|HUP", "late: and its end");
	close(copy);
	sees(ep, "", "late: gone with the last number");
	close(ep);
}

/* Closing between the news and the wait (epoll(7), possible pitfalls). */
static void test_closed_when_queued(void)
{
	int ep = new_epoll();
	int fd[3];

	for (int i = 0; i < 3; i++) {
		fd[i] = new_event(1);
		add(ep, fd[i], EPOLLIN, (char)('a' + i));
	}
	is_str(delivered(ep, 1, 0), "a:IN", "queued: the first");
	close(fd[1]);
	is_str(delivered(ep, 1, 0), "c:IN", "queued: a closed one is skipped");
	fd[1] = new_event(1);
	sees(ep, "a:IN c:IN", "queued: its number tells nothing");
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	sees(ep, "", "queued: all closed");
	close(ep);
}

/* Closing an epoll: its items are gone, the watched files are not touched. */
static void test_close_epoll(void)
{
	int ep = new_epoll(), copy = MUST(dup(ep));
	int fd = new_event(1);

	add(ep, fd, EPOLLIN, 'a');
	sees(copy, "a:IN", "epoll: a duplicate is the same set");
	is(add(copy, ep, EPOLLIN, 'x'), -1, "epoll: and cannot watch itself");
	close(ep);
	sees(copy, "a:IN", "epoll: lives as long as one number");
	is(del(copy, fd), 0, "epoll: and can be changed");
	add(copy, fd, EPOLLIN, 'b');
	close(copy);
	post(fd);
	fails(epoll_wait(copy, &(struct epoll_event){ 0 }, 1, 0), EBADF,
	      "epoll: closed");
	ep = new_epoll();
	sees(ep, "", "epoll: a new one at its number is empty");
	is(add(ep, fd, EPOLLIN, 'c'), 0, "epoll: the file can be added");
	sees(ep, "c:IN", "epoll: and is told");
	close(ep);
	close(fd);
}

static void test_epoll_closed_first(void)
{
	int outer = new_epoll(), inner = new_epoll();
	int copy = MUST(dup(inner)), fd = new_event(1);

	add(inner, fd, EPOLLIN, 'f');
	add(outer, inner, EPOLLIN, 'i');
	close(inner);
	sees(outer, "i:IN", "inner: closed, but open at another number");
	close(outer);
	sees(copy, "f:IN", "inner: outlives the outer");
	close(fd);
	sees(copy, "", "inner: the file is closed");
	close(copy);
}

static void test_both_ends(void)
{
	int ep = new_epoll();
	int ends[2];

	new_pipe(ends);
	add(ep, ends[0], EPOLLIN, 'r');
	add(ep, ends[1], EPOLLOUT, 'w');
	sees(ep, "w:OUT", "ends: both are watched");
	close(ends[0]);
	sees(ep, "w:OUT|ERR", "ends: one is closed");
	close(ends[1]);
	sees(ep, "", "ends: both are");
	close(ep);
}

int main(void)
{
	deadline(30);
	test_keys();
	test_close();
	test_closed_copy();
	test_replaced_by_dup2();
	test_late_event();
	test_closed_when_queued();
	test_close_epoll();
	test_epoll_closed_first();
	test_both_ends();
	return done_testing();
}
