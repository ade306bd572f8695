/* SPDX-License-Identifier: MIT */
/* Devices, files, descriptors by the million, and who waits for them. */
#include "latency.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define CLOSE_RANGE_CLOEXEC 4
#define MANY_FDS 1000000

static long close_fds(unsigned int first, unsigned int last, int flags)
{
	return syscall(SYS_close_range, first, last, flags);
}

/* ---- Devices ------------------------------------------------------------- */

void devices(void)
{
	size_t len = 16 * MIB;
	char *p = map(len, MAP_POPULATE);
	struct iovec iov[1024];
	int zero = open("/dev/zero", O_RDWR), null = open("/dev/null", O_RDWR);
	int urandom = open("/dev/urandom", O_RDWR), pipes[2];

	for (int i = 0; i < 1024; i++)
		iov[i] = (struct iovec){ p, len };
	need(!pipe(pipes), "pipe");
	MEASURE("getrandom", getrandom(p, len, 0));
	MEASURE("read/urandom", read(urandom, p, len));
	MEASURE("write/urandom", write(urandom, p, len));
	MEASURE("read/zero", read(zero, p, len));
	MEASURE("write/null", write(null, p, len));
	MEASURE("writev/null", writev(null, iov, 1024));
	for (int i = 0; i < 1024; i++)
		iov[i].iov_len = 64 * KIB;
	MEASURE("readv/zero", readv(zero, iov, 1024));
	MEASURE("preadv/zero", preadv(zero, iov, 1024, 0));
	MEASURE("setpipe", fcntl(pipes[1], F_SETPIPE_SZ, MIB));
	MEASURE("splice/zero", splice(zero, NULL, pipes[1], NULL, MIB, 0));
	MEASURE("splice/null", splice(pipes[0], NULL, null, NULL, MIB, 0));
	MEASURE("write/pipe", write(pipes[1], p, MIB));
	MEASURE("read/pipe", read(pipes[0], p, MIB));
	for (int i = 0; i < 1024; i++)
		iov[i].iov_len = 16 * KIB;
	MEASURE("vmsplice", vmsplice(pipes[1], iov, 64, SPLICE_F_NONBLOCK));
	munmap(p, len);
	MEASURE("close/pipe", close(pipes[0]) | close(pipes[1]));
	close(zero);
	close(null);
	close(urandom);
}

void files(void)
{
	int self = open("/proc/self/exe", O_RDONLY);
	int null = open("/dev/null", O_WRONLY);
	off_t start = 0;
	char path[4096] = "";
	size_t n = 0;

	MEASURE("sendfile/null", sendfile(null, self, &start, 2 * GIB));
	while (n + 8 < sizeof(path))
		n += sprintf(path + n, "/dev/..");
	MEASURE("access/long", access(path, R_OK));
	close(self);
	close(null);
}

/* ---- Descriptors --------------------------------------------------------- */

void descriptors(void)
{
	struct pollfd *fds = (void *)map(MANY_FDS * sizeof(*fds), MAP_POPULATE);
	char *sets = map(3 * MANY_FDS / 8 + PAGE, MAP_POPULATE);
	static char names[MIB];
	struct timeval now = { 0, 0 }, soon = { 0, 1000 };
	int event = eventfd(0, 0), dir, i, ready = eventfd(1, 0);

	for (i = 0; i < MANY_FDS; i++)
		fds[i] = (struct pollfd){ event, POLLIN, 0 };
	MEASURE("poll/same", poll(fds, MANY_FDS, 0));
	MEASURE("dup2", dup2(event, MANY_FDS - 1));
	for (i = 100; i < MANY_FDS; i++)
		need(dup2(event, i) == i, "dup2");
	for (i = 0; i < MANY_FDS; i++)
		fds[i].fd = i < 100 ? event : i;
	MEASURE("poll/now", poll(fds, MANY_FDS, 0));
	MEASURE("poll/wait", poll(fds, MANY_FDS, 1));
	for (i = 0; i < MANY_FDS; i++)
		fds[i].fd = ready;
	MEASURE("poll/ready", poll(fds, MANY_FDS, -1));
	memset(sets, 0xff, MANY_FDS / 8);
	sets[0] = 0;
	memset(sets, 0, 13);
	MEASURE("select/now",
		select(MANY_FDS, (fd_set *)sets, NULL, NULL, &now));
	memset(sets + 13, 0xff, MANY_FDS / 8 - 13);
	MEASURE("select/wait",
		select(MANY_FDS, (fd_set *)sets, NULL, NULL, &soon));
	dir = open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
	MEASURE("getdents", syscall(SYS_getdents64, dir, names, sizeof(names)));
	close(dir);
	MEASURE("close_range/cloexec",
		close_fds(100, ~0U, CLOSE_RANGE_CLOEXEC));
	MEASURE("close_range", close_fds(100, ~0U, 0));
	munmap(fds, MANY_FDS * sizeof(*fds));
	munmap(sets, 3 * MANY_FDS / 8 + PAGE);
	close(event);
	close(ready);
}

/* ---- epoll --------------------------------------------------------------- */

#define WATCHED 25000

static int watch_fd(int ep, int fd, uint32_t events)
{
	struct epoll_event event = { events, { .fd = fd } };

	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
}

void epolls(void)
{
	struct epoll_event *events = (void *)map(WATCHED * sizeof(*events), 0);
	int ep = epoll_create1(0), event = eventfd(0, 0), outer[400], i, info;
	char name[40];

	for (i = 100; i < 100 + WATCHED; i++) {
		need(dup2(event, i) == i, "dup2");
		need(!watch_fd(ep, i, EPOLLIN), "epoll_ctl");
	}
	MEASURE("epoll/wake", eventfd_write(event, 1));
	MEASURE("epoll/wait", epoll_wait(ep, events, WATCHED, 0));
	MEASURE("epoll/again", epoll_wait(ep, events, WATCHED, 0));
	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", ep);
	info = open(name, O_RDONLY);
	MEASURE("read/fdinfo", read(info, name, sizeof(name)));
	close(info);
	MEASURE("epoll/close", close(ep));
	ep = epoll_create1(0);
	for (i = 100; i < 100 + WATCHED; i++)
		need(!watch_fd(ep, i, EPOLLIN), "epoll_ctl");
	close(event);
	MEASURE("epoll/close_range", close_fds(100, 100 + WATCHED - 2, 0));
	MEASURE("epoll/close_last", close(100 + WATCHED - 1));
	close(ep);

	/* An event that many sets hear of, each of them in many others. */
	event = eventfd(0, 0);
	for (i = 0; i < 400; i++) {
		outer[i] = epoll_create1(0);
		need(outer[i] >= 0, "epoll_create1");
	}
	for (i = 0; i < 200; i++)
		watch_fd(outer[i], event, EPOLLIN);
	for (i = 0; i < 200 * 200; i++)
		if (watch_fd(outer[200 + i / 200], outer[i % 200], EPOLLIN))
			break;
	MEASURE("epoll/nested_wake", eventfd_write(event, 1));
	MEASURE("epoll/nested_add", watch_fd(outer[0], 0, EPOLLIN));
	MEASURE("epoll/nested_wait", epoll_wait(outer[399], events, 400, 0));
	MEASURE("epoll/nested_close", close(event));
	for (i = 0; i < 400; i++)
		close(outer[i]);
	munmap(events, WATCHED * sizeof(*events));
}
