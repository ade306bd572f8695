/* SPDX-License-Identifier: MIT */
/*
 * epoll_wait(2), epoll_pwait(2), epoll_pwait2(2): arguments, errors, buffers,
 * time and signal masks.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "events.h"

/* The kernel's own size of a signal mask. */
#define MASK_SIZE 8

static int new_event(uint64_t count)
{
	return MUST(eventfd((unsigned int)count, EFD_NONBLOCK));
}

static long pwait2(int ep, struct epoll_event *events, int max,
		   const struct timespec *t, const void *mask, size_t size)
{
	return syscall(SYS_epoll_pwait2, ep, events, max, t, mask, size);
}

static void test_arguments(void)
{
	int ep = new_epoll(), fd = new_event(0);
	static struct epoll_event e; /* far from the end of the addresses */

	fails(epoll_wait(ep, &e, 0, 0), EINVAL, "wait: maxevents 0: EINVAL");
	fails(epoll_wait(ep, &e, -1, 0), EINVAL, "wait: maxevents -1: EINVAL");
	fails(epoll_wait(ep, &e, INT_MIN, 0), EINVAL,
	      "wait: the least maxevents: EINVAL");
	fails(epoll_wait(ep, &e, INT_MAX, 0), EINVAL,
	      "wait: a maxevents whose bytes overflow: EINVAL");
	is(epoll_wait(ep, &e, INT_MAX / 12, 0), 0,
	   "wait: the largest maxevents");
	fails(epoll_wait(ep, &e, INT_MAX / 12 + 1, 0), EINVAL,
	      "wait: one more: EINVAL");
	fails(epoll_wait(-1, &e, 1, 0), EBADF, "wait: -1: EBADF");
	fails(epoll_wait(1000, &e, 1, 0), EBADF, "wait: a closed one: EBADF");
	fails(epoll_wait(fd, &e, 1, 0), EINVAL, "wait: no epoll: EINVAL");
	fails(epoll_wait(-1, (void *)-8, 0, 0), EBADF,
	      "wait: the descriptor before all else");
	fails(epoll_wait(fd, (void *)-8, 0, 0), EINVAL,
	      "wait: maxevents before the buffer");
	fails(epoll_wait(fd, (void *)-8, 1, 0), EFAULT,
	      "wait: a buffer in the kernel's half before no epoll");
	close(fd);
	close(ep);
}

static void test_bad_buffer(void)
{
	int ep = new_epoll(), fd = new_event(1), one = new_event(1);
	int edge = new_event(1);

	is(epoll_wait(ep, NULL, 1, 0), 0,
	   "buffer: a bad one when nothing is ready: 0");
	add(ep, edge, EPOLLIN | EPOLLET, 'e');
	fails(epoll_wait(ep, BAD_POINTER, 1, 0), EFAULT,
	      "buffer: a bad one: EFAULT");
	sees(ep, "e:IN", "buffer: the edge was not consumed");
	add(ep, one, EPOLLIN | EPOLLONESHOT, 'o');
	fails(epoll_wait(ep, BAD_POINTER, 8, 0), EFAULT,
	      "buffer: EFAULT again");
	sees(ep, "o:IN", "buffer: the one shot was not consumed");
	sees(ep, "", "buffer: now it is");
	add(ep, fd, EPOLLIN, 'l');
	fails(epoll_wait(ep, BAD_POINTER, 1, -1), EFAULT,
	      "buffer: EFAULT for a level");
	sees(ep, "l:IN", "buffer: which stays");
	close(edge);
	close(one);
	close(fd);
	close(ep);
}

/* A buffer of which only the first event can be written. */
static void test_half_bad_buffer(void)
{
	int ep = new_epoll();
	int fd[3];
	char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct epoll_event *e = (void *)(map + 4096 - 12 - 4);

	mprotect(map + 4096, 4096, PROT_NONE);
	for (int i = 0; i < 3; i++) {
		fd[i] = new_event(1);
		add(ep, fd[i], EPOLLIN | EPOLLET, (char)('a' + i));
	}
	is(epoll_wait(ep, e, 3, 0), 1, "half: what was stored is counted");
	is((long)e->data.u64, 'a', "half: it is the first");
	sees(ep, "b:IN c:IN", "half: the others are told next");
	sees(ep, "", "half: once");
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	munmap(map, 8192);
	close(ep);
}

/* Nothing behind the last event is written; data is 64 bits. */
static void test_bytes_written(void)
{
	struct epoll_event e[3] = { [0].data.u64 = 1, [1].data.u64 = 77 };
	struct epoll_event event = { .events = EPOLLIN,
				     .data.u64 = 0x123456789abcdef0 };
	int ep = new_epoll(), fd = new_event(1);

	is(sizeof(struct epoll_event), 12, "bytes: an event is packed");
	MUST(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event));
	is(epoll_wait(ep, e, 3, 0), 1, "bytes: one event");
	ok(e[0].data.u64 == 0x123456789abcdef0, "bytes: all of data");
	is(e[0].events, EPOLLIN, "bytes: the mask");
	is((long)e[1].data.u64, 77, "bytes: the next is left alone");
	close(fd);
	is(epoll_wait(ep, e, 3, 0), 0, "bytes: no event");
	ok(e[0].data.u64 == 0x123456789abcdef0, "bytes: nothing is written");
	close(ep);
}

static void test_time(void)
{
	struct timespec t = { 0, 300000 };
	int ep = new_epoll();
	struct epoll_event e;
	double start = now();

	is(epoll_wait(ep, &e, 1, 0), 0, "time: 0");
	start = now();
	is(epoll_wait(ep, &e, 1, 30), 0, "time: 30 ms pass");
	ok(now() - start >= 0.03, "time: and not less");
	start = now();
	is(pwait2(ep, &e, 1, &t, NULL, MASK_SIZE), 0, "pwait2: 300 us pass");
	ok(now() - start >= 0.0003, "pwait2: and not less");
	t = (struct timespec){ 0, 0 };
	is(pwait2(ep, &e, 1, &t, NULL, MASK_SIZE), 0, "pwait2: 0");
	t = (struct timespec){ 0, 1000000000 };
	fails(pwait2(ep, &e, 1, &t, NULL, MASK_SIZE), EINVAL,
	      "pwait2: 10^9 ns: EINVAL");
	t = (struct timespec){ -1, 0 };
	fails(pwait2(ep, &e, 1, &t, NULL, MASK_SIZE), EINVAL,
	      "pwait2: negative seconds: EINVAL");
	t = (struct timespec){ 0, -1 };
	fails(pwait2(ep, &e, 1, &t, NULL, MASK_SIZE), EINVAL,
	      "pwait2: negative nanoseconds: EINVAL");
	fails(pwait2(-1, &e, 0, &t, NULL, MASK_SIZE), EINVAL,
	      "pwait2: the time before the descriptor");
	fails(pwait2(-1, &e, 0, BAD_POINTER, NULL, MASK_SIZE), EFAULT,
	      "pwait2: a bad pointer to the time: EFAULT");
	t = (struct timespec){ LONG_MAX, 0 };
	add(ep, new_event(1), EPOLLIN, 'a');
	is(pwait2(ep, &e, 1, &t, NULL, MASK_SIZE), 1,
	   "pwait2: for ever, with an event at once");
	is(pwait2(ep, &e, 1, NULL, NULL, MASK_SIZE), 1,
	   "pwait2: without a time");
	close(ep);
}

static volatile sig_atomic_t handled;

static void handle(int sig)
{
	handled = sig;
}

static long pwait(int ep, int ms, const void *mask, size_t size)
{
	struct epoll_event e;

	return syscall(SYS_epoll_pwait, ep, &e, 1, ms, mask, size);
}

static void test_mask_arguments(void)
{
	int ep = new_epoll();
	uint64_t none = 0;

	is(pwait(ep, 0, &none, MASK_SIZE), 0, "pwait: a mask");
	is(pwait(ep, 0, NULL, MASK_SIZE), 0, "pwait: none");
	is(pwait(ep, 0, NULL, 1), 0, "pwait: none: its size does not matter");
	fails(pwait(ep, 0, &none, 4), EINVAL, "pwait: a size of 4: EINVAL");
	fails(pwait(ep, 0, &none, 16), EINVAL, "pwait: a size of 16: EINVAL");
	fails(pwait(ep, 0, BAD_POINTER, MASK_SIZE), EFAULT,
	      "pwait: a bad pointer to the mask: EFAULT");
	fails(pwait(-1, 0, BAD_POINTER, MASK_SIZE), EFAULT,
	      "pwait: the mask before the descriptor");
	fails(pwait(-1, 0, &none, 4), EINVAL, "pwait: so its size");
	close(ep);
}

static void test_masks(void)
{
	struct sigaction action = { .sa_handler = handle,
				    .sa_flags = SA_RESTART };
	int ep = new_epoll(), fd = new_event(1);
	sigset_t usr1, none, now_blocked;
	struct epoll_event e;

	sigaction(SIGUSR1, &action, NULL);
	sigemptyset(&none);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	raise(SIGUSR1);
	is(epoll_wait(ep, &e, 1, 10), 0, "mask: a blocked signal does not end");
	is(handled, 0, "mask: nor is it handled");
	fails(epoll_pwait(ep, &e, 1, 2000, &none), EINTR,
	      "mask: let in during the wait: EINTR");
	is(handled, SIGUSR1, "mask: it was handled");
	sigprocmask(SIG_BLOCK, NULL, &now_blocked);
	is(sigismember(&now_blocked, SIGUSR1), 1, "mask: the old one is back");
	handled = 0;
	add(ep, fd, EPOLLIN, 'a');
	raise(SIGUSR1);
	is(epoll_pwait(ep, &e, 1, 2000, &none), 1,
	   "mask: an event is told in spite of a signal");
	is(handled, 0, "mask: which is not handled then");
	drain(fd);
	is(epoll_pwait(ep, &e, 1, 0, &none), 0,
	   "mask: a wait of no time does not look for signals");
	is(handled, 0, "mask: it is still pending");
	sigprocmask(SIG_UNBLOCK, &usr1, NULL);
	is(handled, SIGUSR1, "mask: until it is let in");
	close(fd);
	close(ep);
}

/* Even SA_RESTART does not start a wait again: signal(7). */
static void test_interrupted(void)
{
	struct sigaction action = { .sa_handler = handle,
				    .sa_flags = SA_RESTART };
	struct timespec t = { 5, 0 };
	int ep = new_epoll();
	struct epoll_event e;
	sigset_t all_but;

	sigaction(SIGALRM, &action, NULL);
	handled = 0;
	ualarm(20000, 20000);
	fails(epoll_wait(ep, &e, 1, -1), EINTR, "interrupted: EINTR");
	is(handled, SIGALRM, "interrupted: the handler ran");
	handled = 0;
	ualarm(20000, 20000);
	fails(pwait2(ep, &e, 1, &t, NULL, MASK_SIZE), EINTR,
	      "interrupted: pwait2: EINTR");
	is(handled, SIGALRM, "interrupted: the handler ran");
	sigfillset(&all_but);
	handled = 0;
	ualarm(10000, 10000);
	is(epoll_pwait(ep, &e, 1, 40, &all_but), 0,
	   "interrupted: not while the signal is blocked");
	is(handled, SIGALRM, "interrupted: it is handled afterwards");
	action.sa_handler = SIG_IGN;
	sigaction(SIGALRM, &action, NULL);
	ualarm(5000, 5000);
	is(epoll_wait(ep, &e, 1, 30), 0, "interrupted: not by an ignored one");
	deadline(30);
	action.sa_handler = SIG_DFL;
	sigaction(SIGALRM, &action, NULL);
	close(ep);
}

int main(void)
{
	deadline(30);
	test_arguments();
	test_bad_buffer();
	test_half_bad_buffer();
	test_bytes_written();
	test_time();
	test_mask_arguments();
	test_masks();
	test_interrupted();
	return done_testing();
}
