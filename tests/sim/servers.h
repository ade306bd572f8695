/* SPDX-License-Identifier: MIT */
/*
 * Servers, one on each host, in the host's style; and the loop around a set
 * of epoll, which clients use too.
 */
#ifndef TESTS_SIM_SERVERS_H
#define TESTS_SIM_SERVERS_H

#include "stream.h"
#include "watch.h"

#define SERVER_PORT 7

void servers_start(struct host *h);

/* One set, any number of ends. */
struct loop {
	struct epset *set;
	enum style style;
	int lfd; /* -1: no listener */
	unsigned int nr_ends;
	struct end *ends;
	uint64_t accept_again; /* memory was missing; NEVER */
};

/* A set; 0, -errno. */
int loop_init(struct task *t, struct loop *loop, enum style style, int lfd);
/* An end that is open; 0, -errno. */
int loop_add(struct task *t, struct loop *loop, struct end *e);
/* One wait, and what it brings. */
void loop_turn(struct task *t, struct loop *loop);

/* Both directions of an end until it is over, by poll(2). */
void run_by_poll(struct task *t, struct end *e);
/* ... by two threads, of which the caller is one. */
void run_by_threads(struct task *t, struct end *e);

/* A listener, or -errno. */
int listen_on(struct task *t, uint16_t port, bool nonblock);

#endif
