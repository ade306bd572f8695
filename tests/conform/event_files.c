/* SPDX-License-Identifier: MIT */
/*
 * eventfd(2) and timerfd_create(2).
 */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

#include "settle.h"

static volatile sig_atomic_t handled;

static void handle(int sig)
{
	handled = sig;
}

static long take(int fd)
{
	uint64_t count = 0;

	return read(fd, &count, sizeof(count)) == 8 ? (long)count : -1;
}

static long give(int fd, uint64_t count)
{
	return write(fd, &count, sizeof(count));
}

static short revents(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT | POLLPRI };

	MUST(poll(&p, 1, 0));
	return p.revents;
}

static void test_eventfd_create(void)
{
	int fd;

	fails(eventfd(0, 2), EINVAL, "eventfd: unknown flags: EINVAL");
	fd = MUST(eventfd(5, 0));
	is(fcntl(fd, F_GETFL), O_RDWR, "eventfd: open for both");
	is(fcntl(fd, F_GETFD), 0, "eventfd: no close-on-exec");
	is(take(fd), 5, "eventfd: the first count");
	is(lseek(fd, 5, SEEK_SET), 0, "eventfd: lseek() does nothing");
	close(fd);
	fd = MUST(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	is(fcntl(fd, F_GETFL), O_RDWR | O_NONBLOCK, "eventfd: EFD_NONBLOCK");
	is(fcntl(fd, F_GETFD), FD_CLOEXEC, "eventfd: EFD_CLOEXEC");
	close(fd);
	fd = MUST(eventfd(0xffffffff, 0));
	is(take(fd), 0xffffffff, "eventfd: the first count is unsigned");
	close(fd);
}

static void test_eventfd_count(void)
{
	uint64_t many[2] = { 3, 4 };
	int fd = MUST(eventfd(0, EFD_NONBLOCK));

	fails(take(fd), EAGAIN, "count: 0: EAGAIN");
	is(give(fd, 3), 8, "count: a write is 8 bytes");
	is(give(fd, 4), 8, "count: a second");
	is(take(fd), 7, "count: the sum");
	fails(write(fd, many, 7), EINVAL, "count: a write of 7: EINVAL");
	give(fd, 3);
	fails(read(fd, many, 7), EINVAL, "count: a read into 7: EINVAL");
	is(read(fd, many, 16), 8, "count: a read into 16 gives 8");
	is((long)many[0], 3, "count: the first of them");
	is((long)many[1], 4, "count: the rest is left alone");
	fails(give(fd, UINT64_MAX), EINVAL, "count: 2^64-1: EINVAL");
	is(give(fd, UINT64_MAX - 1), 8, "count: 2^64-2");
	fails(give(fd, 1), EAGAIN, "count: overflow: EAGAIN");
	is(give(fd, 0), 8, "count: 0 always fits");
	is(revents(fd), POLLIN, "count: full: readable only");
	is(take(fd), -2, "count: the largest");
	is(revents(fd), POLLOUT, "count: 0: writable only");
	give(fd, 1);
	is(revents(fd), POLLIN | POLLOUT, "count: 1: both");
	fails(read(fd, BAD_POINTER, 8), EFAULT, "count: read: EFAULT");
	fails(write(fd, BAD_POINTER, 8), EFAULT, "count: write: EFAULT");
	fails(write(fd, BAD_POINTER, 4), EINVAL, "count: EINVAL comes first");
	close(fd);
	fd = MUST(eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK));
	is(take(fd), 1, "semaphore: one");
	is(take(fd), 1, "semaphore: two");
	fails(take(fd), EAGAIN, "semaphore: none");
	close(fd);
}

static void test_eventfd_vectors(void)
{
	uint64_t many[3] = { 1, 2, UINT64_MAX - 1 };
	int fd = MUST(eventfd(0, EFD_NONBLOCK));
	struct iovec two[] = { { many, 8 }, { NULL, 0 }, { many + 1, 8 } };
	struct iovec halves[] = { { many, 4 }, { (char *)many + 4, 4 } };
	struct iovec empty[] = { { NULL, 0 }, { many, 8 } };
	struct iovec full[] = { { many + 2, 8 }, { many, 8 } };

	is(writev(fd, two, 3), 16, "vector: each buffer is a write");
	is(take(fd), 3, "vector: of a number of its own");
	fails(writev(fd, halves, 2), EINVAL, "vector: of 8 bytes, no less");
	fails(writev(fd, empty, 2), EINVAL, "vector: an empty one is first");
	is(writev(fd, full, 2), 8, "vector: what fits is written");
	is(readv(fd, halves, 2), 8, "vector: a read may be in pieces");
	is((long)many[0], -2, "vector: of the one number");
	close(fd);
}

static void *take_one(void *fd)
{
	return (void *)take(*(int *)fd);
}

static void *give_one(void *fd)
{
	return (void *)give(*(int *)fd, 1);
}

static void test_eventfd_blocking(void)
{
	int fd = MUST(eventfd(0, 0));
	pthread_t thread = start_thread(take_one, &fd), other;

	give(fd, 9);
	is(join(thread), 9, "blocking: a read waits");
	give(fd, UINT64_MAX - 1);
	thread = start_thread(give_one, &fd);
	is(take(fd), -2, "blocking: the count does not overflow");
	is(join(thread), 8, "blocking: a write waits");
	is(take(fd), 1, "blocking: and then is counted");
	close(fd);
	fd = MUST(eventfd(0, EFD_SEMAPHORE));
	thread = start_thread(take_one, &fd);
	other = start_thread(take_one, &fd);
	give(fd, 2);
	is(join(thread) + join(other), 2, "blocking: two wait, two are served");
	close(fd);
}

static int new_timer(clockid_t clock)
{
	return MUST(timerfd_create(clock, TFD_NONBLOCK));
}

static struct itimerspec after(long ms, long interval_ms)
{
	return (struct itimerspec){
		.it_value = { ms / 1000, ms % 1000 * 1000000 },
		.it_interval = { interval_ms / 1000,
				 interval_ms % 1000 * 1000000 },
	};
}

static void test_timerfd_create(void)
{
	static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC,
					    CLOCK_BOOTTIME };
	bool all = true;
	int fd;

	fails(timerfd_create(CLOCK_MONOTONIC, 1), EINVAL,
	      "timerfd: unknown flags: EINVAL");
	fails(timerfd_create(99, 0), EINVAL, "timerfd: unknown clock: EINVAL");
	fails(timerfd_create(CLOCK_MONOTONIC_RAW, 0), EINVAL,
	      "timerfd: the raw clock: EINVAL");
	fails(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0), EINVAL,
	      "timerfd: CPU time: EINVAL");
	for (int i = 0; i < 3; i++) {
		fd = timerfd_create(clocks[i], 0);
		all &= fd >= 0;
		close(fd);
	}
	ok(all, "timerfd: real, monotonic and boot time");
	fd = MUST(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
	is(fcntl(fd, F_GETFD), FD_CLOEXEC, "timerfd: TFD_CLOEXEC");
	is(fcntl(fd, F_GETFL), O_RDWR | O_NONBLOCK, "timerfd: TFD_NONBLOCK");
	fails(give(fd, 1), EINVAL, "timerfd: write(): EINVAL");
	fails(take(fd), EAGAIN, "timerfd: not set: EAGAIN");
	is(revents(fd), 0, "timerfd: not set: neither in nor out");
	close(fd);
}

static void test_timerfd_arguments(void)
{
	int fd = new_timer(CLOCK_MONOTONIC), other = MUST(eventfd(0, 0));
	struct itimerspec t = after(1000, 0), old;

	fails(timerfd_settime(fd, 99, &t, NULL), EINVAL,
	      "settime: unknown flags: EINVAL");
	fails(timerfd_settime(fd, 0, BAD_POINTER, NULL), EFAULT,
	      "settime: EFAULT");
	fails(timerfd_settime(-1, 0, &t, NULL), EBADF, "settime: EBADF");
	fails(timerfd_settime(other, 0, &t, NULL), EINVAL,
	      "settime: no timerfd: EINVAL");
	fails(timerfd_gettime(other, &t), EINVAL,
	      "gettime: no timerfd: EINVAL");
	fails(timerfd_gettime(-1, &t), EBADF, "gettime: EBADF");
	t.it_value.tv_nsec = 1000000000;
	fails(timerfd_settime(fd, 0, &t, NULL), EINVAL,
	      "settime: 10^9 ns: EINVAL");
	t.it_value.tv_nsec = -1;
	fails(timerfd_settime(fd, 0, &t, NULL), EINVAL,
	      "settime: negative ns: EINVAL");
	t = after(1000, 0);
	t.it_value.tv_sec = -1;
	fails(timerfd_settime(fd, 0, &t, NULL), EINVAL,
	      "settime: negative seconds: EINVAL");
	t = after(1000, 0);
	t.it_interval.tv_nsec = 1000000000;
	fails(timerfd_settime(fd, 0, &t, NULL), EINVAL,
	      "settime: a bad interval: EINVAL");
	is(timerfd_gettime(fd, &old), 0, "gettime: nothing was set");
	is(old.it_value.tv_sec + old.it_value.tv_nsec, 0, "gettime: 0");
	t = after(100000, 7000);
	is(timerfd_settime(fd, 0, &t, &old), 0, "settime: 100 s");
	is(old.it_value.tv_sec, 0, "settime: the old value: 0");
	is(timerfd_gettime(fd, &old), 0, "gettime: set");
	ok(old.it_value.tv_sec == 99 || old.it_value.tv_sec == 100,
	   "gettime: the rest");
	is(old.it_interval.tv_sec, 7, "gettime: the interval");
	t = after(0, 5000);
	is(timerfd_settime(fd, 0, &t, &old), 0, "settime: disarmed");
	ok(old.it_value.tv_sec == 99 || old.it_value.tv_sec == 100,
	   "settime: the old value");
	is(timerfd_gettime(fd, &old), 0, "gettime: disarmed");
	is(old.it_value.tv_sec + old.it_value.tv_nsec, 0, "gettime: no value");
	is(timerfd_settime(fd, 0, &(struct itimerspec){ .it_value = { 50, 0 } },
			   BAD_POINTER),
	   -1, "settime: a bad pointer to the old value");
	timerfd_gettime(fd, &old);
	ok(old.it_value.tv_sec > 0, "settime: it was set nevertheless");
	close(fd);
	close(other);
}

static void test_timerfd_expires(void)
{
	int fd = new_timer(CLOCK_MONOTONIC);
	struct itimerspec t = after(100000, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	double start = now();
	uint64_t big[2];

	MUST(timerfd_settime(fd, 0, &t, NULL));
	fails(take(fd), EAGAIN, "expires: not yet: EAGAIN");
	t = after(20, 0);
	MUST(timerfd_settime(fd, 0, &t, NULL));
	is(poll(&p, 1, PATIENCE), 1, "expires: poll() waits");
	ok(now() - start >= 0.02, "expires: not before its time");
	fails(read(fd, big, 7), EINVAL, "expires: a read into 7: EINVAL");
	is(read(fd, big, 16), 8, "expires: a read into 16 gives 8");
	is((long)big[0], 1, "expires: once");
	fails(take(fd), EAGAIN, "expires: read: EAGAIN");
	is(revents(fd), 0, "expires: read: not readable");
	timerfd_gettime(fd, &t);
	is(t.it_value.tv_sec + t.it_value.tv_nsec, 0, "expires: disarmed");
	t = after(2, 2);
	MUST(timerfd_settime(fd, 0, &t, NULL));
	usleep(30000);
	ok(take(fd) >= 10, "periodic: all expirations are counted");
	fcntl(fd, F_SETFL, 0);
	ok(take(fd) >= 1, "periodic: a read waits for the next");
	timerfd_gettime(fd, &t);
	is(t.it_interval.tv_nsec, 2000000, "periodic: the interval");
	close(fd);
}

/* How a read into memory that ends after three bytes goes. */
static void test_timerfd_cut(void)
{
	char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = new_timer(CLOCK_MONOTONIC);
	struct itimerspec t = after(1, 0);

	MUST(mprotect(pages + 4096, 4096, PROT_NONE));
	MUST(timerfd_settime(fd, 0, &t, NULL));
	usleep(SETTLE);
	is(read(fd, pages + 4096 - 3, 8), 3, "cut: what fits is stored");
	fails(take(fd), EAGAIN, "cut: and the expiration is taken");
	MUST(timerfd_settime(fd, 0, &t, NULL));
	usleep(SETTLE);
	fails(read(fd, pages + 4096, 8), EFAULT, "cut: nothing fits: EFAULT");
	fails(take(fd), EAGAIN, "cut: that takes it too");
	munmap(pages, 8192);
	close(fd);
}

static struct timespec from_now(clockid_t clock, long ms)
{
	struct timespec t;

	clock_gettime(clock, &t);
	t.tv_nsec += ms % 1000 * 1000000;
	t.tv_sec += ms / 1000 + t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

static void test_timerfd_absolute(void)
{
	static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC,
					    CLOCK_BOOTTIME };
	static const char *const names[] = { "absolute: real time",
					     "absolute: monotonic",
					     "absolute: boot time" };

	for (int i = 0; i < 3; i++) {
		int fd = new_timer(clocks[i]);
		struct pollfd p = { .fd = fd, .events = POLLIN };
		struct itimerspec t = { 0 };
		double start = now();

		t.it_value = from_now(clocks[i], 20);
		MUST(timerfd_settime(fd, TFD_TIMER_ABSTIME, &t, NULL));
		ok(poll(&p, 1, PATIENCE) == 1 && now() - start > 0.019,
		   names[i]);
		t.it_value = (struct timespec){ 0, 1 };
		MUST(timerfd_settime(fd, TFD_TIMER_ABSTIME, &t, NULL));
		is(poll(&p, 1, PATIENCE), 1, "absolute: in the past");
		is(take(fd), 1, "absolute: expires once");
		close(fd);
	}
}

/* A period counts from the first time, also when that is long ago. */
static void test_timerfd_missed(void)
{
	int fd = new_timer(CLOCK_REALTIME);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct itimerspec t = { .it_interval.tv_sec = 300 };
	struct timespec time;

	t.it_value = from_now(CLOCK_REALTIME, -1000 * 1000);
	MUST(timerfd_settime(fd, TFD_TIMER_ABSTIME, &t, NULL));
	is(poll(&p, 1, PATIENCE), 1, "missed: 1000 s ago, each 300 s");
	is(take(fd), 4, "missed: four");
	timerfd_gettime(fd, &t);
	ok(t.it_value.tv_sec > 190 && t.it_value.tv_sec < 201,
	   "missed: the next is in 200 s");
	t.it_value = (struct timespec){ 3600, 0 };
	t.it_interval.tv_sec = 3600;
	MUST(timerfd_settime(fd, TFD_TIMER_ABSTIME, &t, NULL));
	clock_gettime(CLOCK_REALTIME, &time);
	is(poll(&p, 1, PATIENCE), 1, "missed: every full hour since 1970");
	ok(labs(take(fd) - time.tv_sec / 3600) < 2, "missed: all of them");
	close(fd);
	fd = new_timer(CLOCK_MONOTONIC);
	t = (struct itimerspec){ { 0, 1000000 }, { 0, 1 } };
	MUST(timerfd_settime(fd, TFD_TIMER_ABSTIME, &t, NULL));
	is(poll(&p, 1, PATIENCE), 1,
	   "missed: each millisecond since the start");
	clock_gettime(CLOCK_MONOTONIC, &time);
	ok(labs(take(fd) - time.tv_sec * 1000) < 5000, "missed: all of them");
	close(fd);
}

static void test_cancel(void)
{
	int fd = new_timer(CLOCK_REALTIME), mono = new_timer(CLOCK_MONOTONIC);
	struct itimerspec t = { .it_value = { 4000000000, 0 } };

	is(timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &t,
			   NULL),
	   0, "cancel: absolute, real time");
	is(timerfd_settime(fd, TFD_TIMER_CANCEL_ON_SET, &t, NULL), 0,
	   "cancel: without ABSTIME: no effect");
	is(timerfd_settime(mono, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
			   &t, NULL),
	   0, "cancel: monotonic: no effect");
	fails(take(fd), EAGAIN, "cancel: nothing happened");
	close(fd);
	close(mono);
}

static void test_interrupted(void)
{
	struct sigaction action = { .sa_handler = handle };
	int timer = MUST(timerfd_create(CLOCK_MONOTONIC, 0));
	int event = MUST(eventfd(0, 0));

	sigaction(SIGALRM, &action, NULL);
	ualarm(20000, 20000);
	fails(take(event), EINTR, "interrupted: eventfd: EINTR");
	ualarm(20000, 20000);
	fails(take(timer), EINTR, "interrupted: timerfd: EINTR");
	is(handled, SIGALRM, "interrupted: handled");
	deadline(30);
	action.sa_handler = SIG_DFL;
	sigaction(SIGALRM, &action, NULL);
	close(timer);
	close(event);
}

int main(void)
{
	deadline(30);
	test_eventfd_create();
	test_eventfd_count();
	test_eventfd_vectors();
	test_eventfd_blocking();
	test_timerfd_create();
	test_timerfd_arguments();
	test_timerfd_expires();
	test_timerfd_cut();
	test_timerfd_absolute();
	test_timerfd_missed();
	test_cancel();
	test_interrupted();
	return done_testing();
}
