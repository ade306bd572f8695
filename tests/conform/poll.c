/* SPDX-License-Identifier: MIT */
/*
 * poll(2), ppoll(2), select(2), pselect(2).
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/syscall.h>

#include "events.h"

#define CLOSED 40

/* musl's select() does not write the time back. */
static int select_raw(int n, fd_set *in, fd_set *out, fd_set *ex,
		      struct timeval *tv)
{
	return (int)syscall(SYS_select, n, in, out, ex, tv);
}

static int ends[2]; /* of a pipe that is empty when a test begins */

static void test_poll_fds(void)
{
	struct pollfd p[5];

	put(ends[1], "x");
	p[0] = (struct pollfd){ ends[0], POLLIN, 99 };
	p[1] = (struct pollfd){ CLOSED, POLLIN, 99 };
	p[2] = (struct pollfd){ -1, POLLIN, 99 };
	p[3] = (struct pollfd){ ends[0], POLLIN | POLLOUT, 99 };
	p[4] = (struct pollfd){ ends[1], POLLIN, 99 };
	is(poll(p, 5, 0), 3, "poll: counts those with news");
	is(p[0].revents, POLLIN, "poll: readable");
	is(p[1].revents, POLLNVAL, "poll: a closed one: NVAL");
	is(p[2].revents, 0, "poll: a negative one is skipped");
	is(p[3].revents, POLLIN, "poll: the same one twice");
	is(p[4].revents, 0, "poll: not asked for: nothing");
	is(p[0].events, POLLIN, "poll: events are left alone");
	p[1].events = 0;
	is(poll(p + 1, 1, -1), 1, "poll: NVAL does not wait");
	drain(ends[0]);
	p[0].events = POLLIN | POLLRDNORM;
	p[1] = (struct pollfd){ ends[1], POLLOUT | POLLWRNORM, 0 };
	is(poll(p, 2, 0), 1, "poll: empty: the writer");
	is(p[0].revents, 0, "poll: the reader: nothing");
	is(p[1].revents, POLLOUT | POLLWRNORM, "poll: OUT and WRNORM");
	is(poll(p, 0, 0), 0, "poll: of nothing");
	is(poll(NULL, 0, 10), 0, "poll: of nothing, for a while");
}

static void test_poll_files(void)
{
	int dir = MUST(open("/", O_RDONLY)), null = MUST(open("/dev/null", 2));
	struct pollfd p = { dir, POLLIN | POLLOUT | POLLPRI, 0 };

	is(poll(&p, 1, 0), 1, "poll: a directory is ready");
	is(p.revents, POLLIN | POLLOUT, "poll: for both");
	p.fd = null;
	is(poll(&p, 1, 0), 1, "poll: /dev/null is ready");
	is(p.revents, POLLIN | POLLOUT, "poll: for both");
	p = (struct pollfd){ null, POLLRDNORM | POLLWRNORM | POLLRDBAND, 0 };
	poll(&p, 1, 0);
	is(p.revents, POLLRDNORM | POLLWRNORM, "poll: and the normal ones");
	p = (struct pollfd){ null, 0, 0 };
	is(poll(&p, 1, 0), 0, "poll: nothing asked, nothing told");
	close(dir);
	close(null);
}

static void test_poll_arguments(void)
{
	struct rlimit limit;
	struct pollfd p = { ends[0], POLLIN, 77 };

	MUST(getrlimit(RLIMIT_NOFILE, &limit));
	fails(syscall(SYS_poll, BAD_POINTER, 1, 0), EFAULT, "poll: EFAULT");
	fails(syscall(SYS_poll, &p, limit.rlim_cur + 1, 0), EINVAL,
	      "poll: more than RLIMIT_NOFILE: EINVAL");
	fails(syscall(SYS_poll, BAD_POINTER, -1, 0), EINVAL,
	      "poll: -1 of them: EINVAL before EFAULT");
	is(poll(&p, 1, 0), 0, "poll: nothing");
	is(p.revents, 0, "poll: revents are cleared");
}

static void test_ppoll(void)
{
	struct pollfd p = { ends[0], POLLIN, 0 };
	struct timespec t = { 0, 5000000 };
	uint64_t none = 0;
	double start = now();

	is(syscall(SYS_ppoll, &p, 1, &t, NULL, 8), 0, "ppoll: 5 ms pass");
	ok(now() - start >= 0.005, "ppoll: not less");
	is(t.tv_sec + t.tv_nsec, 0, "ppoll: what is left is written back");
	t = (struct timespec){ 100, 0 };
	put(ends[1], "x");
	is(syscall(SYS_ppoll, &p, 1, &t, NULL, 8), 1, "ppoll: readable");
	ok(t.tv_sec < 100, "ppoll: what is left");
	is(syscall(SYS_ppoll, &p, 1, NULL, NULL, 8), 1, "ppoll: no time");
	drain(ends[0]);
	t = (struct timespec){ 0, -1 };
	fails(syscall(SYS_ppoll, &p, 1, &t, NULL, 8), EINVAL,
	      "ppoll: a bad time: EINVAL");
	t = (struct timespec){ -1, 0 };
	fails(syscall(SYS_ppoll, &p, 1, &t, NULL, 8), EINVAL,
	      "ppoll: a negative time: EINVAL");
	fails(syscall(SYS_ppoll, &p, 1, BAD_POINTER, NULL, 8), EFAULT,
	      "ppoll: the time: EFAULT");
	t = (struct timespec){ 0, 0 };
	fails(syscall(SYS_ppoll, &p, 1, &t, &none, 4), EINVAL,
	      "ppoll: the size of the mask: EINVAL");
	fails(syscall(SYS_ppoll, &p, 1, &t, BAD_POINTER, 8), EFAULT,
	      "ppoll: the mask: EFAULT");
	is(syscall(SYS_ppoll, &p, 1, &t, &none, 8), 0, "ppoll: a mask");
}

static void test_poll_times(void)
{
	struct pollfd p = { ends[0], POLLIN, 0 };
	double start = now();

	is(poll(&p, 1, 20), 0, "poll: 20 ms pass");
	ok(now() - start >= 0.02, "poll: not less");
	put(ends[1], "x");
	is(poll(&p, 1, -1), 1, "poll: for ever, when readable");
	is(poll(&p, 1, -1000), 1, "poll: any negative time is for ever");
	drain(ends[0]);
}

static volatile sig_atomic_t handled;

static void handle(int sig)
{
	handled = sig;
}

static void test_signals(void)
{
	struct sigaction action = { .sa_handler = handle,
				    .sa_flags = SA_RESTART };
	struct pollfd p = { ends[0], POLLIN, 0 };
	struct timespec t = { 10, 0 };
	struct timeval tv = { 10, 0 };
	sigset_t usr1, none;
	fd_set in;

	sigaction(SIGALRM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	ualarm(20000, 20000);
	fails(poll(&p, 1, 5000), EINTR, "signal: poll(): EINTR");
	ualarm(20000, 20000);
	fails(select_raw(0, NULL, NULL, NULL, &tv), EINTR, "signal: select()");
	ok(tv.tv_sec < 10, "signal: select() tells what is left");
	ualarm(0, 0);
	sigemptyset(&none);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	raise(SIGUSR1);
	is(poll(&p, 1, 10), 0, "signal: a blocked one");
	fails(ppoll(&p, 1, &t, &none), EINTR, "signal: let in by ppoll()");
	is(handled, SIGUSR1, "signal: handled");
	handled = 0;
	raise(SIGUSR1);
	FD_ZERO(&in);
	FD_SET(ends[0], &in);
	fails(pselect(ends[0] + 1, &in, NULL, NULL, &t, &none), EINTR,
	      "signal: let in by pselect()");
	is(handled, SIGUSR1, "signal: handled");
	ok(FD_ISSET(ends[0], &in), "signal: the set is left alone");
	sigprocmask(SIG_UNBLOCK, &usr1, NULL);
	deadline(30);
	action.sa_handler = SIG_DFL;
	sigaction(SIGALRM, &action, NULL);
}

static void *put_late(void *arg)
{
	usleep(30000);
	put(ends[1], "x");
	return arg;
}

static void test_woken(void)
{
	struct pollfd p = { ends[0], POLLIN, 0 };
	struct timeval tv = { 10, 0 };
	pthread_t thread;
	fd_set in;

	pthread_create(&thread, NULL, put_late, NULL);
	is(poll(&p, 1, 5000), 1, "woken: poll()");
	pthread_join(thread, NULL);
	drain(ends[0]);
	FD_ZERO(&in);
	FD_SET(ends[0], &in);
	pthread_create(&thread, NULL, put_late, NULL);
	is(select_raw(ends[0] + 1, &in, NULL, NULL, &tv), 1, "woken: select()");
	ok(tv.tv_sec < 10, "woken: select() tells what is left");
	pthread_join(thread, NULL);
	drain(ends[0]);
}

static void test_select_sets(void)
{
	struct timeval tv = { 0, 0 };
	fd_set in, out, ex;

	put(ends[1], "x");
	FD_ZERO(&in);
	FD_SET(ends[0], &in);
	FD_SET(ends[1], &in);
	out = ex = in;
	is(select_raw(ends[1] + 1, &in, &out, &ex, &tv), 2,
	   "select: bits are counted in all sets");
	ok(FD_ISSET(ends[0], &in), "select: the reader is readable");
	ok(!FD_ISSET(ends[1], &in), "select: the writer is not");
	ok(!FD_ISSET(ends[0], &out), "select: the reader is not writable");
	ok(FD_ISSET(ends[1], &out), "select: the writer is");
	ok(!FD_ISSET(ends[0], &ex) && !FD_ISSET(ends[1], &ex),
	   "select: nothing is exceptional");
	drain(ends[0]);
	FD_ZERO(&in);
	FD_SET(ends[0], &in);
	is(select_raw(ends[0] + 1, &in, NULL, NULL, &tv), 0, "select: nothing");
	ok(!FD_ISSET(ends[0], &in), "select: its bit is cleared");
}

static void test_select_arguments(void)
{
	struct timeval tv = { 0, 0 };
	fd_set in;

	FD_ZERO(&in);
	FD_SET(CLOSED, &in);
	fails(select_raw(CLOSED + 1, &in, NULL, NULL, &tv), EBADF,
	      "select: a closed one: EBADF");
	ok(FD_ISSET(CLOSED, &in), "select: the set is left alone");
	is(select_raw(CLOSED, &in, NULL, NULL, &tv), 0,
	   "select: bits from nfds on are not looked at");
	fails(select_raw(-1, &in, NULL, NULL, &tv), EINVAL,
	      "select: -1: EINVAL");
	fails(syscall(SYS_select, 1, BAD_POINTER, NULL, NULL, &tv), EFAULT,
	      "select: a bad set: EFAULT");
	fails(syscall(SYS_select, 0, NULL, NULL, NULL, BAD_POINTER), EFAULT,
	      "select: a bad time: EFAULT");
	tv.tv_sec = -1;
	fails(syscall(SYS_select, 0, NULL, NULL, NULL, &tv), EINVAL,
	      "select: a negative time: EINVAL");
	tv = (struct timeval){ 0, 5000 };
	is(select_raw(0, NULL, NULL, NULL, &tv), 0, "select: of nothing");
	is(tv.tv_sec + tv.tv_usec, 0, "select: no time is left");
	tv = (struct timeval){ 0, 1000000 };
	is(syscall(SYS_select, ends[0] + 1, NULL, NULL, NULL, &tv), 0,
	   "select: 10^6 microseconds are a second");
}

static void test_ends(void)
{
	struct timeval tv = { 0, 0 };
	struct pollfd p[2];
	fd_set in, out, ex;
	int pair[2];

	new_pipe(pair);
	close(pair[1]);
	FD_ZERO(&in);
	FD_SET(pair[0], &in);
	out = ex = in;
	is(select_raw(pair[0] + 1, &in, &out, &ex, &tv), 1, "ends: select()");
	ok(FD_ISSET(pair[0], &in), "ends: HUP is readable");
	close(pair[0]);
	new_pipe(pair);
	close(pair[0]);
	FD_ZERO(&in);
	FD_SET(pair[1], &in);
	out = ex = in;
	is(select_raw(pair[1] + 1, &in, &out, &ex, &tv), 2, "ends: select()");
	ok(FD_ISSET(pair[1], &in) && FD_ISSET(pair[1], &out),
	   "ends: ERR is readable and writable");
	ok(!FD_ISSET(pair[1], &ex), "ends: and not exceptional");
	p[0] = (struct pollfd){ pair[1], 0, 0 };
	is(poll(p, 1, 0), 1, "ends: poll() tells ERR unasked");
	is(p[0].revents, POLLERR, "ends: alone");
	close(pair[1]);
}

/* Many descriptors, of which one is ready. */
static void test_many(void)
{
	enum {
		N = 300
	};
	struct pollfd p[N];
	fd_set in;
	struct timeval tv = { 0, 0 };
	int told = 0;

	FD_ZERO(&in);
	for (int i = 0; i < N; i++) {
		p[i] = (struct pollfd){ MUST(eventfd(i == 250, 0)), POLLIN, 0 };
		FD_SET(p[i].fd, &in);
	}
	is(poll(p, N, -1), 1, "many: one");
	for (int i = 0; i < N; i++)
		told += p[i].revents == (i == 250 ? POLLIN : 0);
	is(told, N, "many: the right one");
	is(select_raw(p[N - 1].fd + 1, &in, NULL, NULL, &tv), 1,
	   "many: select()");
	told = 0;
	for (int i = 0; i < N; i++)
		told += !FD_ISSET(p[i].fd, &in) == (i != 250);
	is(told, N, "many: select(): the right one");
	for (int i = 0; i < N; i++)
		close(p[i].fd);
}

int main(void)
{
	deadline(30);
	new_pipe(ends);
	test_poll_fds();
	test_poll_files();
	test_poll_arguments();
	test_ppoll();
	test_poll_times();
	test_signals();
	test_woken();
	test_select_sets();
	test_select_arguments();
	test_ends();
	test_many();
	return done_testing();
}
