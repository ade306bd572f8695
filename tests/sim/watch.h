/* SPDX-License-Identifier: MIT */
/*
 * A model beside the kernel's waits: when all threads of a host sleep, none of
 * them sleeps for something that is there. Sets of epoll are kept here a
 * second time, with what each has told.
 */
#ifndef TESTS_SIM_WATCH_H
#define TESTS_SIM_WATCH_H

#include <sys/epoll.h>

#include "host.h"

struct epset;

/* NULL: -errno in *err. */
struct epset *ep_create(struct task *t, int *err);
void ep_close(struct task *t, struct epset *set);
/* data comes back with each event. 0, -errno. */
int ep_add(struct task *t, struct epset *set, int fd, uint32_t events,
	   void *data);
int ep_mod(struct task *t, struct epset *set, int fd, uint32_t events);
/* As epoll_wait(2), with -1 ns for ever. */
int ep_wait(struct task *t, struct epset *set, struct epoll_event *events,
	    int max, int64_t ns);

/* A call on fd said -EAGAIN: what it was for is news again when it comes. */
void watch_blocked(struct host *h, int fd, uint32_t event, long ret);
void watch_closed(struct host *h, int fd);
/* All threads of the host sleep. */
void watch_host(struct host *h);
/* Looks at threads that sleep, so far. */
extern uint64_t watch_looks;

#endif
