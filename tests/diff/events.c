/* SPDX-License-Identifier: MIT */
/*
 * Operations that ask for events: epoll, poll, select. None of them waits.
 */
#define _GNU_SOURCE
#include "trace.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MAX 80

static uint32_t pick_events(void)
{
	static const uint32_t common[] = {
		EPOLLIN,
		EPOLLIN,
		EPOLLOUT,
		EPOLLIN | EPOLLOUT,
		0,
		EPOLLIN | EPOLLRDHUP,
		EPOLLIN | EPOLLPRI,
	};
	static const uint32_t odd[] = { EPOLLRDNORM, EPOLLWRNORM, EPOLLERR,
					EPOLLHUP,    EPOLLRDBAND, EPOLLMSG,
					EPOLLWAKEUP, 1U << 20,	  1U << 27 };
	uint32_t events = PICK(common);

	if (chance(45))
		events |= EPOLLET;
	if (chance(15))
		events |= EPOLLONESHOT;
	if (chance(8))
		events |= EPOLLEXCLUSIVE;
	if (chance(8))
		events |= PICK(odd);
	return events;
}

static int pick_epoll(void)
{
	return chance(97) ? pick_fd(EPOLL) : pick_any();
}

static int pick_watched(void)
{
	return chance(25) ? pick_fd(EPOLL) : pick_any();
}

/* Watches that were added; some of them are gone again. */
static struct watch {
	int epfd;
	int fd;
} watches[32];
static int watch_count;

void forget_watches(void)
{
	watch_count = 0;
}

static void remember(int epfd, int fd)
{
	int at = watch_count < (int)ARRAY_SIZE(watches) ?
			 watch_count++ :
			 (int)rnd(ARRAY_SIZE(watches));

	watches[at] = (struct watch){ epfd, fd };
}

/* Changes and removals are mostly of what has been added. */
static void pick_watch(int op, int *epfd, int *fd)
{
	if (op != EPOLL_CTL_ADD && watch_count && chance(80)) {
		const struct watch *watch = &watches[rnd(watch_count)];

		*epfd = watch->epfd;
		*fd = watch->fd;
		return;
	}
	*epfd = pick_epoll();
	*fd = pick_watched();
	if (*fd == *epfd && chance(90))
		*fd = pick_watched();
}

static void op_epoll_ctl(void)
{
	static const int ops[] = { EPOLL_CTL_ADD, EPOLL_CTL_ADD, EPOLL_CTL_ADD,
				   EPOLL_CTL_MOD, EPOLL_CTL_MOD, EPOLL_CTL_DEL };
	static const int odd[] = { 0, 4, -1 };
	int op = chance(98) ? PICK(ops) : PICK(odd);
	struct epoll_event event = { .events = pick_events() };
	struct epoll_event *p = chance(98) ? &event :
				chance(50) ? NULL :
					     (struct epoll_event *)8;
	int epfd, fd;

	pick_watch(op, &epfd, &fd);
	if (op == EPOLL_CTL_MOD && chance(90))
		event.events &= ~EPOLLEXCLUSIVE;
	event.data.u64 = ((uint64_t)rnd(3) << 32) | (uint32_t)fd;
	say("epoll_ctl(%d, %d, %d, %#x%s)", epfd, op, fd, event.events,
	    p == &event ? "" :
	    p		? " bad" :
			  " NULL");
	if (!say_result(syscall(SYS_epoll_ctl, epfd, op, fd, p)) &&
	    op == EPOLL_CTL_ADD)
		remember(epfd, fd);
}

static long wait_any_way(int epfd, struct epoll_event *events, int max)
{
	struct timespec zero = { 0, 0 };

	switch (rnd(3)) {
	case 0:
		return syscall(SYS_epoll_wait, epfd, events, max, 0);
	case 1:
		return syscall(SYS_epoll_pwait, epfd, events, max, 0, NULL, 8);
	default:
		return syscall(SYS_epoll_pwait2, epfd, events, max, &zero, NULL,
			       8);
	}
}

static void op_epoll_wait(void)
{
	static const int maxes[] = { 1, 1, 1, 2, 3, 8, 64, 64, 64 };
	static const int odd[] = { 0, -1, 1 << 30 };
	int epfd = pick_epoll(), max = chance(97) ? PICK(maxes) : PICK(odd);
	struct epoll_event *events = (struct epoll_event *)(fenced);
	long n;

	say("epoll_wait(%d, %d", epfd, max);
	if (chance(3)) {
		int good = rnd(3);

		say(" bad from %d", good);
		events = (struct epoll_event *)(fenced + DATA_MAX - 4096) -
			 good;
	}
	say(")");
	n = say_result(wait_any_way(epfd, events, max));
	for (long i = 0; i < n; i++)
		say(" %llx:%x", (unsigned long long)events[i].data.u64,
		    events[i].events);
}

static void op_poll(void)
{
	static const short masks[] = {
		0,	    POLLIN,
		POLLOUT,    POLLIN | POLLOUT,
		POLLPRI,    POLLIN | POLLRDHUP,
		POLLRDNORM, 0x7fff,
	};
	struct pollfd fds[6];
	int n = rnd(7);

	say("poll(");
	for (int i = 0; i < n; i++) {
		fds[i] = (struct pollfd){ pick_any(), PICK(masks), 0x5555 };
		say(" %d:%x", fds[i].fd, fds[i].events);
	}
	say(")");
	if (say_result(poll(fds, n, 0)) >= 0) {
		for (int i = 0; i < n; i++)
			say(" %x", fds[i].revents);
	}
}

static void pick_set(fd_set *set)
{
	FD_ZERO(set);
	for (int n = rnd(4); n; n--) {
		int fd = pick_any();

		if (fd < FD_FIRST || fd >= fd_limit)
			continue;
		FD_SET(fd, set);
		say(" %d", fd);
	}
	say(",");
}

static void say_set(const fd_set *set)
{
	for (int fd = FD_FIRST; fd < FD_MAX; fd++) {
		if (FD_ISSET(fd, set))
			say(" %d", fd);
	}
	say(",");
}

static void op_select(void)
{
	struct timeval zero = { 0, 0 };
	fd_set sets[3];

	say("select(");
	for (int i = 0; i < 3; i++)
		pick_set(&sets[i]);
	say(")");
	if (say_result(select(fd_limit, &sets[0], &sets[1], &sets[2], &zero)) <
	    0)
		return;
	for (int i = 0; i < 3; i++)
		say_set(&sets[i]);
}

const struct operation event_operations[] = {
	{ op_epoll_ctl, 130 }, { op_epoll_wait, 130 },
	{ op_poll, 14 },       { op_select, 6 },
	{ NULL, 0 },
};
