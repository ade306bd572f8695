/* SPDX-License-Identifier: MIT */
/*
 * Threads that wait on epolls while others change them; EPOLLEXCLUSIVE.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/eventfd.h>

#include "settle.h"

#define WAITERS 4
#define STOP 's' /* the letter of what ends a wait that nothing else does */

static void post(int fd)
{
	uint64_t one = 1;

	MUST(write(fd, &one, sizeof(one)));
}

/* One thread in epoll_wait(). */
struct waiter {
	pthread_t thread;
	int ep;
	int ms;
	int result;
	struct epoll_event event;
};

static atomic_int woken;

static void *wait_once(void *arg)
{
	struct waiter *w = arg;

	w->result = epoll_wait(w->ep, &w->event, 1, w->ms);
	atomic_fetch_add(&woken, w->result > 0);
	return NULL;
}

static void start(struct waiter *w, int ep, int ms)
{
	*w = (struct waiter){ .ep = ep, .ms = ms };
	w->thread = start_thread(wait_once, w);
}

/* "a:IN", or what else the thread's wait gave. */
static const char *outcome(struct waiter *w)
{
	static char text[64];

	pthread_join(w->thread, NULL);
	if (w->result != 1)
		return w->result ? "an error" : "";
	sprintf(text, "%c:", (char)w->event.data.u64);
	events_mask(text + 2, w->event.events);
	return text;
}

static void test_ctl_wakes(void)
{
	int ep = new_epoll(), fd = MUST(eventfd(1, EFD_NONBLOCK));
	struct waiter w;

	start(&w, ep, PATIENCE);
	add(ep, fd, EPOLLIN, 'a');
	is_str(outcome(&w), "a:IN", "ctl: ADD of what is ready wakes a wait");
	mod(ep, fd, 0, 'a');
	start(&w, ep, PATIENCE);
	mod(ep, fd, EPOLLIN, 'b');
	is_str(outcome(&w), "b:IN", "ctl: so does MOD");
	drain(fd);
	start(&w, ep, PATIENCE);
	post(fd);
	is_str(outcome(&w), "b:IN", "ctl: and an arrival");
	drain(fd);
	start(&w, ep, 50);
	del(ep, fd);
	post(fd);
	is_str(outcome(&w), "", "ctl: after DEL an arrival does not");
	close(fd);
	close(ep);
}

static void test_close_while_waiting(void)
{
	int ep = new_epoll(), copy = MUST(dup(ep));
	int fd = MUST(eventfd(0, EFD_NONBLOCK));
	struct waiter w;

	add(ep, fd, EPOLLIN, 'a');
	start(&w, ep, PATIENCE);
	close(ep);
	post(fd);
	is_str(outcome(&w), "a:IN", "close: a wait goes on without its number");
	drain(fd);
	start(&w, copy, 60);
	close(copy);
	is_str(outcome(&w), "", "close: does not end a wait");
	ep = new_epoll();
	add(ep, fd, EPOLLIN, 'b');
	start(&w, ep, PATIENCE);
	close(ep);
	post(fd);
	is_str(outcome(&w), "b:IN",
	       "close: the last number: who waits is still served");
	ep = new_epoll();
	drain(fd);
	add(ep, fd, EPOLLIN, 'c');
	start(&w, ep, 60);
	close(fd);
	is_str(outcome(&w), "", "close: of the watched one wakes nobody");
	close(ep);
}

static void start_all(struct waiter *w, const int *ep, int n)
{
	atomic_store(&woken, 0);
	for (int i = 0; i < n; i++)
		start(&w[i], ep[i], PATIENCE);
}

static void join_all(struct waiter *w, int n)
{
	for (int i = 0; i < n; i++)
		pthread_join(w[i].thread, NULL);
}

/*
 * How many threads an event has woken, want or more. What their epolls watch
 * as STOP then ends the waits of the others.
 */
static int count_woken(struct waiter *w, int n, int want, int stop)
{
	int found = 0;

	COMES_TRUE(atomic_load(&woken) >= want);
	usleep(SETTLE);
	post(stop);
	join_all(w, n);
	for (int i = 0; i < n; i++)
		found += w[i].result == 1 && w[i].event.data.u64 != STOP;
	return found;
}

/* Several threads in one epoll: one event wakes one of them. */
static void test_one_epoll(uint32_t trigger, const char *name)
{
	int ep = new_epoll(), fd = MUST(eventfd(0, EFD_NONBLOCK));
	int stop = MUST(eventfd(0, EFD_NONBLOCK)), eps[WAITERS];
	int want = trigger ? 1 : WAITERS;
	struct waiter w[WAITERS];

	add(ep, fd, EPOLLIN | trigger, 'a');
	add(ep, stop, EPOLLIN, STOP);
	for (int i = 0; i < WAITERS; i++)
		eps[i] = ep;
	start_all(w, eps, WAITERS);
	post(fd);
	is(count_woken(w, WAITERS, want, stop), want, name);
	close(stop);
	close(fd);
	close(ep);
}

/* Each of several events wakes one. */
static void test_events_spread(void)
{
	int ep = new_epoll(), fd[WAITERS], eps[WAITERS];
	struct waiter w[WAITERS];
	uint64_t letters = 0;

	for (int i = 0; i < WAITERS; i++) {
		fd[i] = MUST(eventfd(0, EFD_NONBLOCK));
		add(ep, fd[i], EPOLLIN | EPOLLET, (char)(1 << i));
		eps[i] = ep;
	}
	start_all(w, eps, WAITERS);
	for (int i = 0; i < WAITERS; i++)
		post(fd[i]);
	join_all(w, WAITERS);
	is(atomic_load(&woken), WAITERS, "spread: each event wakes one");
	for (int i = 0; i < WAITERS; i++)
		letters |= w[i].event.data.u64;
	is((long)letters, (1 << WAITERS) - 1, "spread: no two get the same");
	for (int i = 0; i < WAITERS; i++)
		close(fd[i]);
	close(ep);
}

/* One file in an epoll for each thread. */
static void test_many(const uint32_t *events, int want, const char *name)
{
	int fd = MUST(eventfd(0, EFD_NONBLOCK)), eps[WAITERS];
	int stop = MUST(eventfd(0, EFD_NONBLOCK));
	struct waiter w[WAITERS];

	for (int i = 0; i < WAITERS; i++) {
		eps[i] = new_epoll();
		MUST(add(eps[i], fd, EPOLLIN | events[i], 'a'));
		MUST(add(eps[i], stop, EPOLLIN, STOP));
	}
	start_all(w, eps, WAITERS);
	post(fd);
	is(count_woken(w, WAITERS, want, stop), want, name);
	for (int i = 0; i < WAITERS; i++)
		close(eps[i]);
	close(stop);
	close(fd);
}

static void test_exclusive(void)
{
	static const struct {
		uint32_t events;
		int want;
		const char *name;
	} kinds[] = {
		{ 0, WAITERS, "exclusive: without it, all wake" },
		{ EPOLLET, WAITERS, "exclusive: without it, with ET: all" },
		{ EPOLLEXCLUSIVE, 1, "exclusive: one wakes" },
		{ EPOLLET | EPOLLEXCLUSIVE, 1, "exclusive: with ET: one" },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		uint32_t e = kinds[i].events;

		test_many((uint32_t[WAITERS]){ e, e, e, e }, kinds[i].want,
			  kinds[i].name);
	}
}

/* An exclusive one does not take the news from those who are not. */
static void test_mixed(void)
{
	static const uint32_t events[WAITERS] = { 0, 0, EPOLLEXCLUSIVE,
						  EPOLLEXCLUSIVE };

	test_many(events, 3, "mixed: two who are not, one who is");
}

/* An exclusive epoll that nobody waits on lets the wake-up pass. */
static void test_exclusive_idle(void)
{
	int idle = new_epoll(), ep = new_epoll();
	int fd = MUST(eventfd(0, EFD_NONBLOCK));
	struct waiter w;

	add(idle, fd, EPOLLIN | EPOLLEXCLUSIVE, 'i');
	add(ep, fd, EPOLLIN | EPOLLEXCLUSIVE, 'w');
	start(&w, ep, PATIENCE);
	post(fd);
	is_str(outcome(&w), "w:IN", "idle: the one who waits is woken");
	sees(idle, "i:IN", "idle: the other finds it too");
	close(ep);
	close(idle);
	close(fd);
}

static void *poll_once(void *arg)
{
	struct pollfd p = { .fd = *(int *)arg, .events = POLLIN };

	return (void *)(long)poll(&p, 1, PATIENCE);
}

static void test_nested_waits(void)
{
	int outer = new_epoll(), inner = new_epoll();
	int fd = MUST(eventfd(0, EFD_NONBLOCK));
	struct waiter w;
	pthread_t thread;

	add(inner, fd, EPOLLIN, 'f');
	add(outer, inner, EPOLLIN, 'i');
	start(&w, outer, PATIENCE);
	post(fd);
	is_str(outcome(&w), "i:IN", "nested: a wait on the outer is woken");
	drain(fd);
	thread = start_thread(poll_once, &outer);
	post(fd);
	is(join(thread), 1, "nested: so is poll() of the outer");
	drain(fd);
	start(&w, inner, PATIENCE);
	atomic_store(&woken, 0);
	post(fd);
	is_str(outcome(&w), "f:IN", "nested: a wait on the inner is served");
	sees(outer, "i:IN", "nested: and the outer is told");
	close(fd);
	close(inner);
	close(outer);
}

/* Two threads that hand a byte to and fro, each through its epoll. */
static void *echo(void *arg)
{
	int *fds = arg, ep = new_epoll();
	char byte;

	add(ep, fds[0], EPOLLIN | EPOLLET, 'r');
	for (int i = 0; i < 1000; i++) {
		while (read(fds[0], &byte, 1) != 1)
			delivered(ep, 1, PATIENCE);
		MUST(write(fds[1], &byte, 1));
	}
	close(ep);
	return NULL;
}

static void test_ping_pong(void)
{
	int there[2], back[2], fds[2], ep = new_epoll(), n = 0;
	pthread_t thread;
	char byte = 0;

	new_pipe(there);
	new_pipe(back);
	fds[0] = there[0];
	fds[1] = back[1];
	pthread_create(&thread, NULL, echo, fds);
	add(ep, back[0], EPOLLIN | EPOLLET, 'r');
	for (int i = 0; i < 1000; i++) {
		char want = (char)i;

		MUST(write(there[1], &want, 1));
		while (read(back[0], &byte, 1) != 1)
			delivered(ep, 1, PATIENCE);
		n += byte == want;
	}
	pthread_join(thread, NULL);
	is(n, 1000, "ping-pong: every byte came back");
	close_pipe(there);
	close_pipe(back);
	close(ep);
}

int main(void)
{
	deadline(30);
	test_ctl_wakes();
	test_close_while_waiting();
	test_one_epoll(0, "one epoll: level: all find it ready");
	test_one_epoll(EPOLLET, "one epoll: ET: one is woken");
	test_one_epoll(EPOLLONESHOT, "one epoll: ONESHOT: one is woken");
	test_events_spread();
	test_exclusive();
	test_mixed();
	test_exclusive_idle();
	test_nested_waits();
	test_ping_pong();
	return done_testing();
}
