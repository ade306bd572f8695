/* SPDX-License-Identifier: MIT */
/*
 * Epolls that watch epolls: what the outer one is told, how deep and how wide
 * it may go, and loops.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

#include "events.h"

static void post(int fd)
{
	uint64_t one = 1;

	MUST(write(fd, &one, sizeof(one)));
}

static int revents(int fd, int events)
{
	struct pollfd p = { .fd = fd, .events = (short)events };

	MUST(poll(&p, 1, 0));
	return p.revents;
}

/* outer -> inner -> fd */
static void test_level(void)
{
	int outer = new_epoll(), inner = new_epoll();
	int fd = MUST(eventfd(0, EFD_NONBLOCK));

	add(inner, fd, EPOLLIN, 'f');
	add(outer, inner, EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP, 'i');
	sees(outer, "", "nested: nothing");
	post(fd);
	sees(outer, "i:IN", "nested: the inner shows IN and nothing else");
	sees(outer, "i:IN", "nested: level");
	sees(inner, "f:IN", "nested: the inner has its event");
	sees(outer, "i:IN", "nested: the inner is level too");
	drain(fd);
	sees(outer, "", "nested: nothing left");
	post(fd);
	sees(outer, "i:IN", "nested: and again");
	is(revents(outer, POLLIN | POLLOUT), POLLIN,
	   "nested: poll() of the outer");
	del(inner, fd);
	sees(outer, "", "nested: removed from the inner");
	is(revents(outer, POLLIN), 0, "nested: poll() of the outer then");
	add(inner, fd, EPOLLIN, 'f');
	sees(outer, "i:IN", "nested: added to the inner when ready");
	close(fd);
	sees(outer, "", "nested: the watched one is closed");
	close(inner);
	close(outer);
}

/* Every wake-up inside is an edge outside. */
static void test_edge_outside(void)
{
	int outer = new_epoll(), inner = new_epoll();
	int a = MUST(eventfd(0, EFD_NONBLOCK));
	int b = MUST(eventfd(1, EFD_NONBLOCK));

	add(inner, a, EPOLLIN, 'a');
	add(outer, inner, EPOLLIN | EPOLLET, 'i');
	post(a);
	sees(outer, "i:IN", "outer ET: an arrival");
	sees(outer, "", "outer ET: told once");
	post(a);
	sees(outer, "i:IN", "outer ET: the next arrival");
	add(inner, b, EPOLLIN, 'b');
	sees(outer, "i:IN", "outer ET: ADD of something ready");
	mod(inner, b, EPOLLIN | EPOLLONESHOT, 'b');
	sees(outer, "", "outer ET: MOD of what is queued is none");
	sees(inner, "a:IN b:IN", "outer ET: the inner's events");
	mod(inner, b, EPOLLIN | EPOLLONESHOT, 'b');
	sees(outer, "i:IN", "outer ET: MOD arms a oneshot");
	drain(a);
	sees(inner, "b:IN", "outer ET: one is drained");
	sees(outer, "", "outer ET: nothing new");
	close(a);
	close(b);
	close(inner);
	close(outer);
}

/* Looking does not consume. */
static void test_looking(void)
{
	int outer = new_epoll(), inner = new_epoll();
	int a = MUST(eventfd(1, EFD_NONBLOCK));
	int b = MUST(eventfd(1, EFD_NONBLOCK));

	add(inner, a, EPOLLIN | EPOLLET, 'a');
	add(inner, b, EPOLLIN | EPOLLONESHOT, 'b');
	add(outer, inner, EPOLLIN, 'i');
	is(revents(inner, POLLIN | POLLOUT | POLLRDNORM), POLLIN | POLLRDNORM,
	   "looking: poll()");
	is(revents(inner, POLLIN), POLLIN, "looking: poll() again");
	sees(outer, "i:IN", "looking: the outer");
	sees(outer, "i:IN", "looking: the outer again");
	sees(inner, "a:IN b:IN", "looking: nothing was consumed");
	is(revents(inner, POLLIN), 0, "looking: now it is");
	sees(outer, "", "looking: also for the outer");
	close(a);
	close(b);
	close(inner);
	close(outer);
}

static void test_oneshot_outside(void)
{
	int outer = new_epoll(), inner = new_epoll();
	int fd = MUST(eventfd(1, EFD_NONBLOCK));

	add(inner, fd, EPOLLIN, 'f');
	add(outer, inner, EPOLLIN | EPOLLONESHOT, 'i');
	sees(outer, "i:IN", "outer ONESHOT: told");
	post(fd);
	sees(outer, "", "outer ONESHOT: spent");
	mod(outer, inner, EPOLLIN | EPOLLONESHOT, 'i');
	sees(outer, "i:IN", "outer ONESHOT: armed again");
	close(inner);
	sees(outer, "", "outer: the inner is closed");
	fails(del(outer, inner), EBADF, "outer: and cannot be removed");
	close(fd);
	close(outer);
}

static void test_two_ways(void)
{
	int outer = new_epoll(), left = new_epoll(), right = new_epoll();
	int fd = MUST(eventfd(0, EFD_NONBLOCK));

	/* outer -> left -> fd, outer -> right -> fd, outer -> fd */
	add(left, fd, EPOLLIN, 'f');
	add(right, fd, EPOLLIN | EPOLLET, 'f');
	add(outer, left, EPOLLIN, 'l');
	add(outer, right, EPOLLIN, 'r');
	add(outer, fd, EPOLLIN, 'f');
	post(fd);
	sees(outer, "f:IN r:IN l:IN", "two ways: the latest added first");
	sees(right, "f:IN", "two ways: the edge of one is consumed");
	sees(outer, "f:IN l:IN", "two ways: the other remains");
	drain(fd);
	sees(outer, "", "two ways: nothing left");
	close(fd);
	close(left);
	close(right);
	close(outer);
}

static void test_loops(void)
{
	int a = new_epoll(), b = new_epoll(), c = new_epoll();

	is(add(a, b, EPOLLIN, 'b'), 0, "loop: a watches b");
	fails(add(b, a, EPOLLIN, 'a'), ELOOP, "loop: b cannot watch a");
	is(add(b, c, EPOLLIN, 'c'), 0, "loop: b watches c");
	fails(add(c, a, EPOLLIN, 'a'), ELOOP, "loop: c cannot watch a");
	fails(add(c, b, EPOLLIN, 'b'), ELOOP, "loop: nor b");
	is(add(a, c, EPOLLIN, 'c'), 0, "loop: a may watch c too");
	fails(mod(c, a, EPOLLIN, 'a'), ENOENT,
	      "loop: MOD does not look for loops");
	fails(del(c, a), ENOENT, "loop: nor does DEL");
	is(del(b, c), 0, "loop: b no longer watches c");
	fails(add(c, a, EPOLLIN, 'a'), ELOOP, "loop: a still watches c");
	is(del(a, c), 0, "loop: a no longer does");
	is(add(c, a, EPOLLIN, 'a'), 0, "loop: c may watch a now");
	close(a);
	close(b);
	close(c);
}

/* How many epolls can be built on top of one that watches fd. */
static int chain_from_below(int fd)
{
	int chain[10], n;

	for (n = 0; n < 10; n++) {
		chain[n] = new_epoll();
		if (add(chain[n], n ? chain[n - 1] : fd, EPOLLIN, 'x')) {
			close(chain[n]);
			break;
		}
	}
	for (int i = 0; i < n; i++)
		close(chain[i]);
	return n;
}

/* The same from above: each one is put below the last. */
static int chain_from_above(void)
{
	int chain[10] = { new_epoll() }, n;

	for (n = 1; n < 10; n++) {
		chain[n] = new_epoll();
		if (add(chain[n - 1], chain[n], EPOLLIN, 'x')) {
			close(chain[n]);
			break;
		}
	}
	for (int i = 0; i < n; i++)
		close(chain[i]);
	return n;
}

static void test_depth(void)
{
	int fd = MUST(eventfd(0, EFD_NONBLOCK));
	int chain[6];

	is(chain_from_below(fd), 5, "depth: five on top of each other");
	is(chain_from_above(), 5, "depth: five below each other");
	for (int i = 0; i < 6; i++)
		chain[i] = new_epoll();
	for (int i = 1; i < 3; i++) {
		MUST(add(chain[i], chain[i - 1], EPOLLIN, 'x'));
		MUST(add(chain[3 + i], chain[2 + i], EPOLLIN, 'x'));
	}
	fails(add(chain[3], chain[2], EPOLLIN, 'x'), ELOOP,
	      "depth: two of three cannot be put together");
	is(del(chain[4], chain[3]), 0, "depth: but two");
	is(add(chain[4], chain[2], EPOLLIN, 'x'), 0, "depth: and three can");
	MUST(add(chain[0], fd, EPOLLIN, 'f'));
	post(fd);
	sees(chain[5], "x:IN", "depth: an event comes up through all");
	drain(fd);
	sees(chain[5], "", "depth: and goes");
	for (int i = 0; i < 6; i++)
		close(chain[i]);
	close(fd);
}

static void test_width(void)
{
	enum {
		N = 500
	};
	int inner = new_epoll();
	int fd = MUST(eventfd(0, EFD_NONBLOCK));
	int outer[N + 1], n = 0, told = 0;

	MUST(add(inner, fd, EPOLLIN, 'f'));
	for (int i = 0; i <= N; i++)
		outer[i] = new_epoll();
	for (; n <= N && !add(outer[n], inner, EPOLLIN, 'i'); n++)
		;
	is(n, N, "width: 500 may watch an epoll that watches a file");
	fails(add(outer[N], inner, EPOLLIN, 'i'), EINVAL,
	      "width: the next one: EINVAL");
	post(fd);
	for (int i = 0; i < N; i++)
		told += !strcmp(delivered(outer[i], 1, 0), "i:IN");
	is(told, N, "width: all of them are told");
	close(outer[0]);
	is(add(outer[N], inner, EPOLLIN, 'i'), 0,
	   "width: one is closed, another may watch");
	for (int i = 1; i <= N; i++)
		close(outer[i]);
	close(inner);
	close(fd);
}

/* Closed in one call, the pipe's end that is written to goes first. */
static void test_closed_range(void)
{
	int inner = new_epoll(), outer = new_epoll();
	int fd = MUST(eventfd(1, EFD_NONBLOCK));
	int ends[2];

	new_pipe(ends);
	MUST(add(inner, fd, EPOLLIN, 'f'));
	MUST(add(inner, ends[0], EPOLLIN, 'r'));
	MUST(add(outer, inner, EPOLLIN | EPOLLET, 'i'));
	sees(outer, "i:IN", "range: news of the inner");
	sees(outer, "", "range: told once");
	MUST(syscall(SYS_close_range, ends[0], ends[1], 0));
	sees(outer, "i:IN", "range: the reader heard of its writer's end");
	close(inner);
	close(outer);
	close(fd);
}

int main(void)
{
	deadline(30);
	test_level();
	test_edge_outside();
	test_looking();
	test_oneshot_outside();
	test_two_ways();
	test_loops();
	test_depth();
	test_width();
	test_closed_range();
	return done_testing();
}
