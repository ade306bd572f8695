/* SPDX-License-Identifier: MIT */
/*
 * epoll_create(2) and epoll_ctl(2): what is accepted, and which of several
 * errors is told.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "events.h"

#define UNKNOWN_OP 99
#define CLOSED 1000

static void test_create(void)
{
	int ep;

	fails(epoll_create1(1), EINVAL, "create1: an unknown flag: EINVAL");
	fails(epoll_create1(EPOLL_CLOEXEC | O_NONBLOCK), EINVAL,
	      "create1: O_NONBLOCK is an unknown flag");
	fails(epoll_create1(-1), EINVAL, "create1: all flags: EINVAL");
	fails(syscall(SYS_epoll_create, 0), EINVAL,
	      "create: a size of 0: EINVAL");
	fails(syscall(SYS_epoll_create, -1), EINVAL,
	      "create: a negative size: EINVAL");
	ep = (int)syscall(SYS_epoll_create, 1);
	ok(ep >= 0, "create: a size of 1");
	is(fcntl(ep, F_GETFD), 0, "create: no close-on-exec");
	is(fcntl(ep, F_GETFL), O_RDWR, "create: open for reading and writing");
	close(ep);
	ep = epoll_create1(EPOLL_CLOEXEC);
	is(fcntl(ep, F_GETFD), FD_CLOEXEC, "create1: EPOLL_CLOEXEC");
	close(ep);
}

/* What an epoll is not. */
static void test_other_calls(void)
{
	int ep = new_epoll();
	struct stat st;
	char byte;

	fails(read(ep, &byte, 1), EINVAL, "epoll: read(): EINVAL");
	fails(write(ep, "x", 1), EINVAL, "epoll: write(): EINVAL");
	is(lseek(ep, 7, SEEK_SET), 0, "epoll: lseek() does nothing");
	fails(pread(ep, &byte, 1, 0), ESPIPE, "epoll: pread(): ESPIPE");
	fails(ftruncate(ep, 0), EINVAL, "epoll: ftruncate(): EINVAL");
	is(fstat(ep, &st), 0, "epoll: fstat()");
	is(st.st_size, 0, "epoll: has no size");
	is(fcntl(ep, F_SETFL, O_NONBLOCK), 0, "epoll: takes O_NONBLOCK");
	is(epoll_wait(ep, &(struct epoll_event){ 0 }, 1, 20), 0,
	   "epoll: O_NONBLOCK does not change the wait");
	close(ep);
}

static void test_operations(void)
{
	int ep = new_epoll();
	int fd = MUST(eventfd(0, 0));

	fails(mod(ep, fd, EPOLLIN, 'a'), ENOENT, "ctl: MOD before ADD: ENOENT");
	fails(del(ep, fd), ENOENT, "ctl: DEL before ADD: ENOENT");
	is(add(ep, fd, EPOLLIN, 'a'), 0, "ctl: ADD");
	fails(add(ep, fd, EPOLLIN, 'a'), EEXIST, "ctl: ADD again: EEXIST");
	fails(ctl(ep, UNKNOWN_OP, fd, EPOLLIN, 'a'), EINVAL,
	      "ctl: an unknown operation: EINVAL");
	fails(ctl(ep, 0, fd, EPOLLIN, 'a'), EINVAL, "ctl: operation 0: EINVAL");
	fails(ctl(ep, -1, fd, EPOLLIN, 'a'), EINVAL,
	      "ctl: operation -1: EINVAL");
	is(mod(ep, fd, EPOLLOUT, 'b'), 0, "ctl: MOD");
	sees(ep, "b:OUT", "ctl: MOD changes events and data");
	is(del(ep, fd), 0, "ctl: DEL");
	fails(del(ep, fd), ENOENT, "ctl: DEL again: ENOENT");
	is(add(ep, fd, EPOLLIN, 'a'), 0, "ctl: ADD after DEL");
	is(epoll_ctl(ep, EPOLL_CTL_DEL, fd, BAD_POINTER), 0,
	   "ctl: DEL does not look at the event");
	close(fd);
	close(ep);
}

/* The first of several things that are wrong is the one that is told. */
static void test_order_of_errors(void)
{
	int ep = new_epoll();
	int fd = MUST(eventfd(0, 0));
	int file = MUST(open("/", O_RDONLY | O_DIRECTORY));

	fails(epoll_ctl(CLOSED, EPOLL_CTL_ADD, CLOSED, BAD_POINTER), EFAULT,
	      "order: ADD: the event before the descriptors");
	fails(epoll_ctl(CLOSED, EPOLL_CTL_MOD, CLOSED, NULL), EFAULT,
	      "order: MOD: the event before the descriptors");
	fails(epoll_ctl(CLOSED, UNKNOWN_OP, CLOSED, NULL), EFAULT,
	      "order: an unknown operation: the event first of all");
	fails(epoll_ctl(CLOSED, EPOLL_CTL_DEL, fd, NULL), EBADF,
	      "order: DEL: a closed epoll");
	fails(add(CLOSED, fd, EPOLLIN, 'a'), EBADF,
	      "order: ADD: a closed epoll");
	fails(add(-1, fd, EPOLLIN, 'a'), EBADF, "order: ADD: -1 for an epoll");
	fails(add(fd, CLOSED, EPOLLIN, 'a'), EBADF,
	      "order: a closed target before one that is no epoll");
	fails(add(fd, file, EPOLLIN, 'a'), EPERM,
	      "order: a target that cannot be polled before no epoll");
	fails(add(ep, file, EPOLLIN, 'a'), EPERM, "order: a directory: EPERM");
	fails(ctl(ep, UNKNOWN_OP, file, EPOLLIN, 'a'), EPERM,
	      "order: EPERM before an unknown operation");
	fails(del(ep, file), EPERM, "order: DEL of a directory: EPERM");
	fails(add(fd, fd, EPOLLIN, 'a'), EINVAL,
	      "order: an eventfd for an epoll");
	fails(add(ep, ep, EPOLLIN, 'a'), EINVAL, "order: itself: EINVAL");
	fails(del(ep, ep), EINVAL, "order: DEL of itself: EINVAL");
	fails(mod(ep, ep, EPOLLIN, 'a'), EINVAL,
	      "order: MOD of itself: EINVAL");
	fails(ctl(ep, UNKNOWN_OP, CLOSED, EPOLLIN, 'a'), EBADF,
	      "order: EBADF before an unknown operation");
	close(file);
	close(fd);
	close(ep);
}

static void test_exclusive_rules(void)
{
	static const struct {
		uint32_t events;
		const char *name;
	} refused[] = {
		{ EPOLLRDHUP, "exclusive: with RDHUP: EINVAL" },
		{ EPOLLPRI, "exclusive: with PRI: EINVAL" },
		{ EPOLLRDNORM, "exclusive: with RDNORM: EINVAL" },
		{ EPOLLWRNORM, "exclusive: with WRNORM: EINVAL" },
		{ EPOLLRDBAND, "exclusive: with RDBAND: EINVAL" },
		{ EPOLLMSG, "exclusive: with MSG: EINVAL" },
		{ EPOLLONESHOT, "exclusive: with ONESHOT: EINVAL" },
		{ 1 << 16, "exclusive: with an unknown bit: EINVAL" },
	};
	int ep = new_epoll();
	int inner = new_epoll();
	int fd = MUST(eventfd(0, 0));

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		fails(add(ep, fd, EPOLLEXCLUSIVE | EPOLLIN | refused[i].events,
			  'a'),
		      EINVAL, refused[i].name);
	fails(add(ep, inner, EPOLLEXCLUSIVE | EPOLLIN, 'a'), EINVAL,
	      "exclusive: of an epoll: EINVAL");
	fails(mod(ep, fd, EPOLLEXCLUSIVE | EPOLLIN, 'a'), EINVAL,
	      "exclusive: MOD to it before ADD: EINVAL, not ENOENT");
	is(add(ep, fd,
	       EPOLLEXCLUSIVE | EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP |
		       EPOLLWAKEUP | EPOLLET,
	       'a'),
	   0, "exclusive: with IN, OUT, ERR, HUP, WAKEUP and ET");
	fails(add(ep, fd, EPOLLEXCLUSIVE | EPOLLIN, 'a'), EEXIST,
	      "exclusive: ADD again: EEXIST");
	fails(mod(ep, fd, EPOLLIN, 'a'), EINVAL,
	      "exclusive: cannot be changed: EINVAL");
	is(del(ep, fd), 0, "exclusive: DEL");
	is(add(ep, fd, EPOLLIN, 'a'), 0, "exclusive: ADD without it");
	fails(mod(ep, fd, EPOLLEXCLUSIVE | EPOLLIN, 'a'), EINVAL,
	      "exclusive: cannot be set by MOD: EINVAL");
	is(mod(ep, fd, EPOLLOUT, 'a'), 0, "exclusive: a MOD without it");
	close(fd);
	close(inner);
	close(ep);
}

/* EPOLLET is accepted with each bit that has no meaning. */
static void test_masks(void)
{
	int ep = new_epoll();
	int fd = MUST(eventfd(1, 0));

	is(add(ep, fd, 0x0ffff000 & ~(uint32_t)EPOLLRDHUP, 'a'), 0,
	   "mask: unknown bits are accepted");
	sees(ep, "", "mask: and tell nothing");
	is(mod(ep, fd, EPOLLIN | EPOLLWAKEUP, 'a'), 0, "mask: WAKEUP");
	sees(ep, "a:IN", "mask: WAKEUP is not told");
	mod(ep, fd, EPOLLRDNORM, 'a');
	sees(ep, "", "mask: an eventfd has no RDNORM");
	mod(ep, fd, EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP, 'a');
	sees(ep, "a:IN|OUT", "mask: what is asked for and there");
	mod(ep, fd, 0, 'a');
	sees(ep, "", "mask: an empty one tells nothing");
	put(fd, "\xfd\xff\xff\xff\xff\xff\xff\xff");
	sees(ep, "", "mask: of what is not asked for nothing is told");
	mod(ep, fd, EPOLLIN | EPOLLOUT, 'a');
	sees(ep, "a:IN", "mask: no OUT from a full eventfd");
	close(fd);
	close(ep);
}

static void test_hup_unasked(void)
{
	int ep = new_epoll();
	int ends[2];

	new_pipe(ends);
	add(ep, ends[0], 0, 'r');
	add(ep, ends[1], 0, 'w');
	put(ends[1], "x");
	sees(ep, "", "empty mask: neither IN nor OUT");
	close(ends[1]);
	sees(ep, "r:HUP", "empty mask: HUP is told unasked");
	sees(ep, "r:HUP", "empty mask: again, since it is level-triggered");
	close(ends[0]);
	new_pipe(ends);
	add(ep, ends[1], 0, 'w');
	close(ends[0]);
	sees(ep, "w:ERR", "empty mask: ERR is told unasked");
	close(ends[1]);
	close(ep);
}

static void test_special_files(void)
{
	static const struct {
		const char *path, *name;
	} files[] = {
		{ "/dev/null", "files: /dev/null cannot be watched: EPERM" },
		{ "/dev/zero", "files: /dev/zero cannot be watched: EPERM" },
		{ "/dev/urandom", "files: nor can /dev/urandom: EPERM" },
		{ "/proc/self/exe", "files: nor can a program: EPERM" },
	};
	int ep = new_epoll();
	int fd;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		fd = MUST(open(files[i].path, O_RDONLY));
		fails(add(ep, fd, EPOLLIN, 'a'), EPERM, files[i].name);
		close(fd);
	}
	fd = MUST(open("/dev/random", O_RDONLY));
	is(add(ep, fd, EPOLLIN | EPOLLOUT | EPOLLRDNORM, 'a'), 0,
	   "files: /dev/random can be");
	sees(ep, "a:IN|RDNORM", "files: /dev/random is readable");
	close(fd);
	fd = MUST(open("/", O_PATH));
	fails(add(ep, fd, EPOLLIN, 'a'), EBADF, "files: O_PATH: EBADF");
	close(fd);
	close(ep);
}

/* Without a free number there is no epoll, and nothing is left behind. */
static void test_no_number_free(void)
{
	struct rlimit was, limit;
	int first = MUST(dup(0));
	int ep;

	close(first);
	MUST(getrlimit(RLIMIT_NOFILE, &was));
	limit = was;
	limit.rlim_cur = (rlim_t)first;
	MUST(setrlimit(RLIMIT_NOFILE, &limit));
	fails(epoll_create1(0), EMFILE, "limit: no number is free: EMFILE");
	fails(epoll_create1(1), EINVAL, "limit: EINVAL comes before EMFILE");
	MUST(setrlimit(RLIMIT_NOFILE, &was));
	ep = epoll_create1(0);
	is(ep, first, "limit: the lowest free number is taken");
	close(ep);
}

/* A target at many numbers, an epoll with many targets. */
static void test_many(void)
{
	enum {
		N = 500
	};
	struct epoll_event events[N];
	int ep = new_epoll();
	int fds[N], added = 0, seen = 0, removed = 0;
	char told[N] = { 0 };

	for (int i = 0; i < N; i++) {
		struct epoll_event event = { .events = EPOLLIN,
					     .data.u64 = (uint64_t)i };

		fds[i] = MUST(eventfd(i % 5 == 0, 0));
		added += !epoll_ctl(ep, EPOLL_CTL_ADD, fds[i], &event);
	}
	is(added, N, "many: all are added");
	is(epoll_wait(ep, events, N, 0), N / 5, "many: each ready one is told");
	for (int i = 0; i < N / 5; i++)
		told[events[i].data.u64]++;
	for (int i = 0; i < N; i += 5)
		seen += told[i] == 1;
	is(seen, N / 5, "many: once each");
	for (int i = 0; i < N; i++)
		removed += !del(ep, fds[i]);
	is(removed, N, "many: all are removed");
	sees(ep, "", "many: nothing is left");
	for (int i = 0; i < N; i++)
		close(fds[i]);
	close(ep);
}

int main(void)
{
	deadline(30);
	test_create();
	test_other_calls();
	test_operations();
	test_order_of_errors();
	test_exclusive_rules();
	test_masks();
	test_hup_unasked();
	test_special_files();
	test_no_number_free();
	test_many();
	return done_testing();
}
