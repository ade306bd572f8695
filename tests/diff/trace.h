/* SPDX-License-Identifier: MIT */
/*
 * Shared by the parts of the differential tester: what is random, what is
 * open, and the trace. main.c says what it is all for.
 */
#ifndef TESTS_DIFF_TRACE_H
#define TESTS_DIFF_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PICK(a) ((a)[rnd(ARRAY_SIZE(a))])

/* Descriptors of a run lie from FD_FIRST to below fd_limit. */
#define FD_FIRST 3
#define FD_MAX 64
#define MARKER_FD 100 /* inet.c: a UDP socket that is connected to itself */

enum kind {
	NONE,
	PIPE_R,
	PIPE_W,
	EVENTFD,
	TIMERFD,
	EPOLL,
	SOCK, /* AF_UNIX */
	TCP,
	UDP,
	KINDS
};

/* What the program believes is open, from the results it has seen. */
extern enum kind kind_of[FD_MAX];
extern int fd_limit;

/* Below n; the same for the same seed everywhere. */
uint32_t rnd(uint32_t n);
/* True p times of 100. */
bool chance(uint32_t p);

/* An open descriptor of that kind, mostly; else any number at all. */
int pick_fd(enum kind kind);
/* An open descriptor of any kind, mostly. */
int pick_any(void);

/* Appends to the line of the operation under way. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* " = result" or the name of errno. Returns the result. */
long say_result(long result);
/* A new descriptor as the result. */
int say_opened(int fd, enum kind kind);

/* A checksum of data. */
uint32_t checksum(const void *data, size_t size);

#define DATA_MAX (128 * 1024)
extern unsigned char pattern[DATA_MAX]; /* to be written */
extern unsigned char buffer[DATA_MAX]; /* to be read into */
/* DATA_MAX bytes, the last page of which cannot be touched. */
extern unsigned char *fenced;

/* Once: where the file lies that is read. 0 or -1. */
int find_known(void);

/* A new run: nothing is watched. */
void forget_watches(void);

/* inet.c: a new network, and what it needs; for a new run, while MARKER_FD is
   allowed. */
void prepare_inet(void);
/* For a new run; after each operation. */
void forget_ports(void);
void settle(void);
void reset_inet(void); /* at the end of a run */
/* How many of size bytes may be sent on fd: few, if it is TCP's or UDP's. */
size_t inet_room(int fd, size_t size);

/* The operations. Each leaves one line. */
struct operation {
	void (*run)(void);
	int weight;
};

extern const struct operation file_operations[];
extern const struct operation event_operations[];
extern const struct operation socket_operations[];
extern const struct operation splice_operations[];
extern const struct operation splice_socket_operations[];
extern const struct operation inet_operations[];

#endif
