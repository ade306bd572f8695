/* SPDX-License-Identifier: MIT */
/*
 * A client's connection from socket() to close(), in the style of its flow.
 */
#include "clients.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "judge.h"
#include "servers.h"

#define REST_NS MSEC /* between two connections: others have their turn */

static const struct plan *plan;
static unsigned int nr_running; /* flows that are not over */

/* Errors are the program's to be told of: nothing here asks for more. */
static void set_options(struct task *t, int fd, const struct flow *f)
{
	int err = 0;

	if (f->nodelay)
		err = sys_set(t, fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (!err && f->sndbuf)
		err = sys_set(t, fd, SOL_SOCKET, SO_SNDBUF, f->sndbuf);
	if (!err && f->rcvbuf)
		err = sys_set(t, fd, SOL_SOCKET, SO_RCVBUF, f->rcvbuf);
	if (err)
		fail("host %u: setsockopt: %d", t->host->nr, err);
}

static int connect_to(struct task *t, int fd, uint32_t addr)
{
	int err = sys_connect(t, fd, addr, SERVER_PORT);

	if (err != -EINPROGRESS)
		return err;
	err = sys_poll(t, fd, EPOLLOUT, -1);
	if (err < 0)
		return err;
	return -sys_get(t, fd, SOL_SOCKET, SO_ERROR);
}

static void run_by_epoll(struct task *t, struct end *e, enum style style)
{
	struct loop loop;
	int err = loop_init(t, &loop, style, -1);

	if (err) {
		end_finish(t, e, err);
		return;
	}
	err = loop_add(t, &loop, e);
	if (err)
		end_finish(t, e, err);
	while (loop.nr_ends)
		loop_turn(t, &loop);
	ep_close(t, loop.set);
}

static void converse(struct task *t, struct end *e, enum style style)
{
	if (style == STYLE_BLOCK)
		run_by_threads(t, e);
	else if (style == STYLE_POLL)
		run_by_poll(t, e);
	else
		run_by_epoll(t, e, style);
}

static void connect_once(struct task *t, const struct flow *f)
{
	struct conn *c = conn_new(f);
	struct end *e = c->ends[CLIENT];
	int fd = sys_socket(t, SOCK_STREAM, f->style != STYLE_BLOCK), err;

	if (fd < 0) {
		judge_no_socket(t->host, c, fd);
		return;
	}
	end_open(t, e, fd, CLIENT);
	set_options(t, fd, f);
	err = connect_to(t, fd, hosts[f->server].addr);
	if (err)
		end_finish(t, e, err);
	else
		converse(t, e, f->style);
}

static void run_flow(struct task *t, void *arg)
{
	const struct flow *f = arg;

	for (unsigned int i = 0; i < f->times; i++) {
		connect_once(t, f);
		task_sleep(t, REST_NS);
	}
	nr_running--;
}

static void start_flow(void *arg)
{
	const struct flow *f = arg;

	task_start(&hosts[f->client], "client", run_flow, arg);
}

void clients_plan(const struct plan *p)
{
	plan = p;
	for (unsigned int i = 0; i < plan->nr_flows; i++) {
		const struct flow *f = &plan->flows[i];

		if (f->left_out)
			continue;
		nr_running++;
		at(f->starts, start_flow, (void *)f);
	}
}

bool clients_are_done(void)
{
	return !nr_running;
}
