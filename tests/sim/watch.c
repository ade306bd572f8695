/* SPDX-License-Identifier: MIT */
/*
 * What a sleeping thread waits for is read from its system call.
 */
#include "watch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#define ALWAYS (EPOLLERR | EPOLLHUP)
#define HOW (EPOLLET | EPOLLONESHOT | EPOLLEXCLUSIVE)
/* Where memory was missing a timer wakes, not the memory. */
#define MEMORY_NS (5 * SEC)

struct item {
	struct item *next;
	int fd;
	uint32_t events;
	uint32_t told; /* ET: not news any more */
	bool is_spent; /* ONESHOT */
	void *data;
};

struct epset {
	struct epset *next; /* of the host */
	int fd;
	struct item *items;
};

uint64_t watch_looks;

/* ---- Sets ---------------------------------------------------------------- */

struct epset *ep_create(struct task *t, int *err)
{
	struct epset *set;
	int fd = sys(t, SYS_epoll_create1, 0, 0, 0, 0, 0, 0);

	*err = fd;
	if (fd < 0)
		return NULL;
	set = calloc(1, sizeof(*set));
	set->fd = fd;
	set->next = t->host->epsets;
	t->host->epsets = set;
	return set;
}

void ep_close(struct task *t, struct epset *set)
{
	struct epset **link = &t->host->epsets;
	struct item *item;

	while (*link != set)
		link = &(*link)->next;
	*link = set->next;
	while ((item = set->items)) {
		set->items = item->next;
		free(item);
	}
	sys_close(t, set->fd);
	free(set);
}

static struct item *find(struct epset *set, int fd)
{
	struct item *item = set->items;

	while (item && item->fd != fd)
		item = item->next;
	return item;
}

static int control(struct task *t, struct epset *set, int op, int fd,
		   uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return sys(t, SYS_epoll_ctl, set->fd, op, fd, ARG(&event), 0, 0);
}

int ep_add(struct task *t, struct epset *set, int fd, uint32_t events,
	   void *data)
{
	struct item *item = calloc(1, sizeof(*item));
	int err;

	item->fd = fd;
	item->events = events;
	item->data = data;
	/* Others may be told of it before the call has come back. */
	item->next = set->items;
	set->items = item;
	err = control(t, set, EPOLL_CTL_ADD, fd, events);
	if (err)
		watch_closed(t->host, fd);
	return err;
}

int ep_mod(struct task *t, struct epset *set, int fd, uint32_t events)
{
	struct item *item = find(set, fd);

	item->events = events;
	item->told = 0;
	item->is_spent = false;
	return control(t, set, EPOLL_CTL_MOD, fd, events);
}

static void told(struct epset *set, struct epoll_event *event)
{
	struct item *item = find(set, event->data.fd);
	uint32_t more = event->events & ~(item ? item->events | ALWAYS : 0);

	if (!item)
		fail("epoll tells of fd %d, which is not in the set",
		     event->data.fd);
	if (more || item->is_spent)
		fail("epoll tells %x of fd %d, which is not asked for", more,
		     event->data.fd);
	item->told |= event->events;
	item->is_spent = item->events & EPOLLONESHOT;
	event->data.ptr = item->data;
}

int ep_wait(struct task *t, struct epset *set, struct epoll_event *events,
	    int max, int64_t ns)
{
	struct timespec ts = { ns / (int64_t)SEC, ns % (int64_t)SEC };
	int n = sys(t, SYS_epoll_pwait2, set->fd, ARG(events), max,
		    ARG(ns < 0 ? NULL : &ts), 0, 8);

	for (int i = 0; i < n; i++)
		told(set, &events[i]);
	return n;
}

void watch_blocked(struct host *h, int fd, uint32_t event, long ret)
{
	if (ret != -EAGAIN)
		return;
	for (struct epset *set = h->epsets; set; set = set->next) {
		struct item *item = find(set, fd);

		if (item)
			item->told &= ~event;
	}
}

void watch_closed(struct host *h, int fd)
{
	for (struct epset *set = h->epsets; set; set = set->next) {
		struct item **link = &set->items, *item;

		while ((item = *link)) {
			if (item->fd != fd) {
				link = &item->next;
				continue;
			}
			*link = item->next;
			free(item);
		}
	}
}

/* ---- Who sleeps ---------------------------------------------------------- */

static bool item_is_news(struct host *h, const struct item *item)
{
	uint32_t mask;

	if (item->is_spent)
		return false;
	mask = h->ops->poll_mask(item->fd) & ((item->events & ~HOW) | ALWAYS);
	if (item->events & EPOLLET)
		mask &= ~item->told;
	return mask;
}

static int set_has_news(struct host *h, int epfd)
{
	struct epset *set = h->epsets;

	while (set && set->fd != epfd)
		set = set->next;
	if (!set)
		return -1;
	for (struct item *item = set->items; item; item = item->next) {
		if (item_is_news(h, item))
			return item->fd;
	}
	return -1;
}

static int polls_news(struct host *h, const struct pollfd *fds, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		if (fds[i].fd >= 0 && (h->ops->poll_mask(fds[i].fd) &
				       ((uint16_t)fds[i].events | ALWAYS)))
			return fds[i].fd;
	}
	return -1;
}

static int fd_is_ready(struct host *h, int fd, uint32_t events)
{
	return h->ops->poll_mask(fd) & (events | ALWAYS) ? fd : -1;
}

/* A descriptor that the thread should be awake for; -1: none. */
static int waits_in_vain(struct host *h, const struct task *t)
{
	switch (t->nr) {
	case SYS_epoll_pwait2:
		return set_has_news(h, t->args[0]);
	case SYS_ppoll:
		return polls_news(h, (struct pollfd *)t->args[0], t->args[1]);
	case SYS_recvfrom:
	case SYS_accept4:
		return fd_is_ready(h, t->args[0], EPOLLIN);
	case SYS_sendto:
	case SYS_connect:
		return fd_is_ready(h, t->args[0], EPOLLOUT);
	default:
		return -1;
	}
}

void watch_host(struct host *h)
{
	for (struct task *t = h->tasks; t; t = t->next) {
		int fd;

		if (!t->in_call)
			continue;
		watch_looks++;
		fd = waits_in_vain(h, t);
		if (fd < 0) {
			t->ready_since = 0;
			continue;
		}
		if (!t->ready_since)
			t->ready_since = now;
		if (host_had_trouble(h) && now < t->ready_since + MEMORY_NS)
			continue;
		fail("host %u: %s sleeps in call %ld though fd %d is ready "
		     "(%x)",
		     h->nr, t->name, t->nr, fd, h->ops->poll_mask(fd));
	}
}
