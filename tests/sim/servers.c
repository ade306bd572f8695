/* SPDX-License-Identifier: MIT */
/*
 * How programs wait: the loop around epoll, poll(2), and blocking threads.
 */
#include "servers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define BACKLOG 128
#define EVENTS 16
#define WORKERS 3
#define FDS_MAX 4096
#define FDS_STEP 64
#define RETRY_NS (50 * MSEC)
/*
 * No wait is shorter: a host's own clock is ahead of the simulation's by what
 * it has done, and such a wait would be over before any time has passed.
 */
#define WAIT_LEAST (100 * USEC)

/* What a call that waits until then is told; -1: for ever. */
static int64_t wait_ns(uint64_t until)
{
	if (until == NEVER)
		return -1;
	return until > now ? MAX(until - now, WAIT_LEAST) : 0;
}

/* ---- The loop ------------------------------------------------------------ */

int loop_init(struct task *t, struct loop *loop, enum style style, int lfd)
{
	uint32_t events = EPOLLIN | (style == STYLE_EPOLL_ET ? EPOLLET : 0);
	int err;

	*loop = (struct loop){ .style = style, .lfd = lfd };
	loop->accept_again = NEVER;
	loop->set = ep_create(t, &err);
	if (!loop->set)
		return err;
	err = lfd < 0 ? 0 : ep_add(t, loop->set, lfd, events, NULL);
	if (err)
		ep_close(t, loop->set);
	return err;
}

static uint32_t first_events(const struct loop *loop)
{
	switch (loop->style) {
	case STYLE_EPOLL_ET:
		return EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
	case STYLE_EPOLL_ONESHOT:
		return EPOLLIN | EPOLLOUT | EPOLLONESHOT;
	default:
		return EPOLLIN | EPOLLOUT;
	}
}

int loop_add(struct task *t, struct loop *loop, struct end *e)
{
	int err;

	e->wants = first_events(loop);
	e->next = loop->ends;
	loop->ends = e;
	loop->nr_ends++;
	err = ep_add(t, loop->set, e->fd, e->wants, e);
	if (err) {
		loop->ends = e->next;
		loop->nr_ends--;
	}
	return err;
}

static void loop_remove(struct loop *loop, struct end *e)
{
	struct end **link = &loop->ends;

	while (*link != e)
		link = &(*link)->next;
	*link = e->next;
	loop->nr_ends--;
	if (e->side == SERVER)
		free_server_end(e);
}

static void advance(struct task *t, struct loop *loop, struct end *e)
{
	struct wants w = end_step(t, e);
	uint32_t events = w.events;
	int err = 0;

	if (w.done) {
		loop_remove(loop, e);
		return;
	}
	e->wakes = w.until;
	if (loop->style == STYLE_EPOLL_ONESHOT) {
		if (w.until == NEVER)
			err = ep_mod(t, loop->set, e->fd,
				     events | EPOLLONESHOT);
	} else if (loop->style == STYLE_EPOLL_LT && events != e->wants) {
		e->wants = events;
		err = ep_mod(t, loop->set, e->fd, events);
	}
	if (err)
		fail("epoll_ctl: %d", err);
}

static void accept_all(struct task *t, struct loop *loop)
{
	int fd;

	loop->accept_again = NEVER;
	while ((fd = sys_accept(t, loop->lfd, true)) >= 0) {
		struct end *e = calloc(1, sizeof(*e));

		end_open(t, e, fd, SERVER);
		if (loop_add(t, loop, e)) {
			end_finish(t, e, -ENOMEM);
			free_server_end(e);
		}
	}
	if (fd != -EAGAIN)
		loop->accept_again = now + RETRY_NS;
}

static uint64_t next_wake(const struct loop *loop)
{
	uint64_t next = loop->accept_again;

	for (const struct end *e = loop->ends; e; e = e->next)
		next = MIN(next, e->wakes);
	return next;
}

/* Whose time has come; anyone may go meanwhile, so one at a time. */
static void wake_due(struct task *t, struct loop *loop)
{
	struct end *e;

	if (loop->accept_again <= now)
		accept_all(t, loop);
	do {
		for (e = loop->ends; e && e->wakes > now; e = e->next)
			;
		if (e) {
			e->wakes = NEVER;
			advance(t, loop, e);
		}
	} while (e && e->wakes > now);
}

void loop_turn(struct task *t, struct loop *loop)
{
	struct epoll_event events[EVENTS];
	int n = ep_wait(t, loop->set, events, EVENTS, wait_ns(next_wake(loop)));

	for (int i = 0; i < n; i++) {
		struct end *e = events[i].data.ptr;

		if (!e) {
			accept_all(t, loop);
			continue;
		}
		/* A slow reader is not slow to see the end. */
		if (events[i].events & (EPOLLHUP | EPOLLERR))
			e->pause_until = 0;
		advance(t, loop, e);
	}
	wake_due(t, loop);
}

/* ---- Others -------------------------------------------------------------- */

void run_by_poll(struct task *t, struct end *e)
{
	struct wants w;
	int mask;

	for (;;) {
		w = end_step(t, e);
		if (w.done)
			return;
		mask = sys_poll(t, e->fd, w.events, wait_ns(w.until));
		if (mask > 0 && (mask & (EPOLLHUP | EPOLLERR)))
			e->pause_until = 0;
	}
}

static void run_writer(struct task *t, void *arg)
{
	struct end *e = arg;
	uint64_t nap = MSEC;

	while (!end_write(t, e)) {
		if (end_may_send(e) > e->tx) {
			nap = MSEC;
			continue;
		}
		task_sleep(t, nap);
		nap = MIN(2 * nap, 100 * MSEC);
	}
	if (!e->tx_shut) {
		e->tx_shut = true;
		sys_shutdown(t, e->fd,
			     e->err || (e->conn && e->conn->aborted) ?
				     SHUT_RDWR :
				     SHUT_WR);
	}
	end_finish(t, e, e->err);
}

void run_by_threads(struct task *t, struct end *e)
{
	e->users = 2;
	task_start(t->host, "writer", run_writer, e);
	while (!end_read(t, e))
		;
	while (e->users > 1)
		task_sleep(t, 5 * MSEC);
	end_finish(t, e, e->err);
}

/* Tables of descriptors stay as large as they were: this one is from the start. */
static void use_descriptors(struct task *t, int fd)
{
	for (int n = 0; n < FDS_MAX; n += FDS_STEP) {
		int copy = sys(t, SYS_fcntl, fd, F_DUPFD, n, 0, 0, 0);

		if (copy < 0)
			fail("host %u: F_DUPFD: %d", t->host->nr, copy);
		sys_close(t, copy);
	}
}

/* ---- Servers ------------------------------------------------------------- */

int listen_on(struct task *t, uint16_t port, bool nonblock)
{
	int fd = sys_socket(t, SOCK_STREAM, nonblock);
	int err = fd < 0 ? fd : sys_set(t, fd, SOL_SOCKET, SO_REUSEADDR, 1);

	if (!err)
		err = sys_bind(t, fd, 0, port);
	if (!err)
		err = sys_listen(t, fd, BACKLOG);
	if (err)
		fail("host %u: listen: %d", t->host->nr, err);
	use_descriptors(t, fd);
	return fd;
}

static void serve_one(struct task *t, void *arg)
{
	struct end *e = arg;

	if (t->host->style == STYLE_BLOCK)
		run_by_threads(t, e);
	else
		run_by_poll(t, e);
	free_server_end(e);
}

static void accept_threads(struct task *t, void *arg)
{
	bool nonblock = t->host->style == STYLE_POLL;
	int lfd = listen_on(t, SERVER_PORT, nonblock), fd;

	for (;;) {
		struct end *e;

		fd = sys_accept(t, lfd, nonblock);
		if (fd == -EAGAIN) {
			sys_poll(t, lfd, EPOLLIN, -1);
			continue;
		}
		if (fd < 0) {
			task_sleep(t, RETRY_NS);
			continue;
		}
		e = calloc(1, sizeof(*e));
		end_open(t, e, fd, SERVER);
		task_start(t->host, "connection", serve_one, e);
	}
}

static void turn_for_ever(struct task *t, void *arg)
{
	for (;;)
		loop_turn(t, arg);
}

static void run_loop(struct task *t, void *arg)
{
	struct loop *loop = malloc(sizeof(*loop));
	enum style style = t->host->style;

	if (loop_init(t, loop, style, listen_on(t, SERVER_PORT, true)))
		fail("host %u: no epoll", t->host->nr);
	for (int i = 1; style == STYLE_EPOLL_ONESHOT && i < WORKERS; i++)
		task_start(t->host, "worker", turn_for_ever, loop);
	turn_for_ever(t, loop);
}

void servers_start(struct host *h)
{
	if (h->style == STYLE_BLOCK || h->style == STYLE_POLL)
		task_start(h, "acceptor", accept_threads, NULL);
	else
		task_start(h, "loop", run_loop, NULL);
}
