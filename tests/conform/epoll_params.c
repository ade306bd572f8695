/* SPDX-License-Identifier: MIT */
/*
 * ioctl_eventpoll(2): the parameters of busy polling. The C library's header
 * may be older than they are.
 */
#define _GNU_SOURCE
#include <sys/eventfd.h>
#include <sys/ioctl.h>

#include "events.h"

struct params {
	uint32_t busy_poll_usecs;
	uint16_t busy_poll_budget;
	uint8_t prefer_busy_poll;
	uint8_t pad;
};

#define SET_PARAMS _IOW(0x8A, 0x01, struct params)
#define GET_PARAMS _IOR(0x8A, 0x02, struct params)

static long set(int ep, uint32_t usecs, uint16_t budget, uint8_t prefer,
		uint8_t pad)
{
	struct params params = { usecs, budget, prefer, pad };

	return ioctl(ep, SET_PARAMS, &params);
}

/* Whether these are the parameters that are set. */
static bool has(int ep, uint32_t usecs, uint16_t budget, uint8_t prefer)
{
	struct params got = { 1, 1, 1, 1 };
	struct params want = { usecs, budget, prefer, 0 };

	return !ioctl(ep, GET_PARAMS, &got) && !memcmp(&got, &want, 8);
}

static void test_params(void)
{
	int ep = new_epoll(), fd = MUST(eventfd(0, 0));

	ok(has(ep, 0, 0, 0), "params: none at first");
	is(set(ep, 100, 8, 1, 0), 0, "params: are set");
	ok(has(ep, 100, 8, 1), "params: and read");
	fails(set(ep, 1, 1, 1, 1), EINVAL, "params: padding: EINVAL");
	fails(set(ep, 1, 1, 2, 0), EINVAL, "params: prefer 2: EINVAL");
	fails(set(ep, 0x80000000, 1, 1, 0), EINVAL,
	      "params: 2^31 microseconds: EINVAL");
	ok(has(ep, 100, 8, 1), "params: what is refused changes nothing");
	is(set(ep, 0x7fffffff, 64, 0, 0), 0, "params: the largest time");
	fails(ioctl(ep, SET_PARAMS, BAD_POINTER), EFAULT,
	      "params: set: EFAULT");
	fails(ioctl(ep, GET_PARAMS, BAD_POINTER), EFAULT,
	      "params: get: EFAULT");
	fails(ioctl(ep, _IOW(0x8A, 0x03, int), &fd), EINVAL,
	      "params: an unknown request: EINVAL");
	fails(set(fd, 1, 1, 1, 0), ENOTTY,
	      "params: of what is no epoll: ENOTTY");
	close(fd);
	close(ep);
}

/* Waits are the same, but for what they cost. */
static void test_waits(void)
{
	int ep = new_epoll(), ends[2];
	double start;

	new_pipe(ends);
	add(ep, ends[0], EPOLLIN, 'r');
	MUST(set(ep, 200, 8, 0, 0));
	start = now();
	is_str(delivered(ep, 1, 30), "", "busy: nothing comes");
	ok(now() - start >= 0.03, "busy: the wait is not shorter");
	put(ends[1], "x");
	sees(ep, "r:IN", "busy: something comes");
	waits_for(ep, "r:IN", "busy: something is there");
	close(ends[0]);
	close(ends[1]);
	close(ep);
}

int main(void)
{
	deadline(30);
	test_params();
	test_waits();
	return done_testing();
}
