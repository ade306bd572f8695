/* SPDX-License-Identifier: MIT */
/*
 * For the conformance programs that watch descriptors: each watched one is
 * known by a letter, and what a wait delivers is written as "a:IN b:IN|HUP",
 * in the order of delivery.
 */
#ifndef TESTS_CONFORM_EVENTS_H
#define TESTS_CONFORM_EVENTS_H

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "tap.h"

#define EVENTS_MAX 16

/* A pointer that no program may use; the compiler shall not see it. */
static volatile uintptr_t bad_pointer = 8;
#define BAD_POINTER ((void *)(uintptr_t)bad_pointer)

static inline void events_mask(char *text, uint32_t mask)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = {
		{ EPOLLIN, "IN" },	   { EPOLLPRI, "PRI" },
		{ EPOLLOUT, "OUT" },	   { EPOLLERR, "ERR" },
		{ EPOLLHUP, "HUP" },	   { EPOLLRDNORM, "RDNORM" },
		{ EPOLLRDBAND, "RDBAND" }, { EPOLLWRNORM, "WRNORM" },
		{ EPOLLWRBAND, "WRBAND" }, { EPOLLMSG, "MSG" },
		{ EPOLLRDHUP, "RDHUP" },
	};
	const char *between = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!(mask & names[i].bit))
			continue;
		text += sprintf(text, "%s%s", between, names[i].name);
		between = "|";
		mask &= ~names[i].bit;
	}
	if (mask || !*between)
		sprintf(text, "%s%#x", between, mask);
}

/* What epoll_wait() delivers within ms; the text is valid until the next. */
static inline const char *delivered(int ep, int max, int ms)
{
	struct epoll_event events[EVENTS_MAX];
	static char text[EVENTS_MAX * 64];
	char *at = text;
	int n = epoll_wait(ep, events, max, ms);

	if (n < 0)
		return strerror(errno);
	*at = '\0';
	for (int i = 0; i < n; i++) {
		at += sprintf(at, "%s%c:", i ? " " : "",
			      (char)events[i].data.u64);
		events_mask(at, events[i].events);
		at += strlen(at);
	}
	return text;
}

/* A wait that does not block delivers exactly this. */
static inline void sees(int ep, const char *want, const char *name)
{
	is_str(delivered(ep, EVENTS_MAX, 0), want, name);
}

/* A wait that may block for a while delivers exactly this. */
static inline void waits_for(int ep, const char *want, const char *name)
{
	is_str(delivered(ep, EVENTS_MAX, PATIENCE), want, name);
}

static inline int ctl(int ep, int op, int fd, uint32_t events, char letter)
{
	struct epoll_event event = {
		.events = events,
		.data.u64 = (unsigned char)letter,
	};

	return epoll_ctl(ep, op, fd, &event);
}

static inline int add(int ep, int fd, uint32_t events, char letter)
{
	return ctl(ep, EPOLL_CTL_ADD, fd, events, letter);
}

static inline int mod(int ep, int fd, uint32_t events, char letter)
{
	return ctl(ep, EPOLL_CTL_MOD, fd, events, letter);
}

static inline int del(int ep, int fd)
{
	return epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL);
}

/* What a test needs to go on: without it, the program ends. */
static inline int must(long result, const char *what)
{
	if (result < 0) {
		printf("Bail out! %s: %s\n", what, strerror(errno));
		exit(1);
	}
	return (int)result;
}
#define MUST(call) must(call, #call)

static inline int new_epoll(void)
{
	return MUST(epoll_create1(0));
}

/* A pipe whose ends do not block. */
static inline void new_pipe(int ends[2])
{
	MUST(pipe2(ends, O_NONBLOCK));
}

static inline void put(int fd, const char *bytes)
{
	MUST(write(fd, bytes, strlen(bytes)));
}

/* Reads until there is nothing left, or the end. */
static inline void drain(int fd)
{
	char bytes[4096];

	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
}

static inline void close_pipe(int ends[2])
{
	close(ends[0]);
	close(ends[1]);
}

#endif
