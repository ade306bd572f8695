/* SPDX-License-Identifier: MIT */
/*
 * Connections as the simulator knows them. What each byte of a direction is
 * follows from the connection's number and the byte's place, so whoever reads
 * one knows what it has to be; the client's first eight say which connection
 * it is.
 *
 * A step moves what can be moved without waiting, and says what to wait for.
 */
#ifndef TESTS_SIM_STREAM_H
#define TESTS_SIM_STREAM_H

#include "plan.h"

#define HEADER 8
#define CONNS_MAX (1 << 17)

enum side {
	CLIENT,
	SERVER,
};

struct conn;

struct end {
	struct conn *conn; /* the server's: once the header has come */
	enum side side;
	struct host *host;
	int fd; /* -1: closed */
	uint64_t rx, tx; /* bytes taken from the socket, given to it */
	uint64_t rx_total; /* what the peer will have sent */
	bool rx_eof, tx_shut;
	bool is_open; /* there is an application on this side */
	bool done;
	int err; /* it ended with -errno */
	uint64_t pause_until; /* a slow reader's */
	uint8_t header[HEADER];
	struct rng rng;
	/* The program's own. */
	unsigned int users; /* threads: the last one closes */
	uint32_t wants; /* EPOLL* that the set has */
	uint64_t wakes; /* the loop looks at it again then; NEVER */
	struct end *next;
};

struct conn {
	uint32_t nr;
	const struct flow *flow;
	struct end *ends[2]; /* the server's: NULL until its header has come */
	bool aborted; /* by a program, amid it all */
	uint64_t started;
	struct conn *next_open;
};

extern struct conn *conns_open; /* not yet judged */

struct conn *conn_new(const struct flow *flow);
/* The one that a header names; NULL: it names none. */
struct conn *conn_find(const uint8_t header[HEADER]);

/* What is to wait for after a step. */
struct wants {
	uint32_t events; /* EPOLLIN, EPOLLOUT */
	uint64_t until; /* or until then; NEVER */
	bool done;
};

struct task;

/* A connection that is up: fd is the end's from now on. */
void end_open(struct task *t, struct end *e, int fd, enum side side);
/* A server's end that is over, unless it is one of a known connection. */
void free_server_end(struct end *e);
/* Both directions, of a socket that does not block. */
struct wants end_step(struct task *t, struct end *e);
/* One direction; blocks if the socket does. True: it is over. */
bool end_read(struct task *t, struct end *e);
bool end_write(struct task *t, struct end *e);
/* How many bytes this end may have sent, given what it has received. */
uint64_t end_may_send(const struct end *e);
uint64_t end_tx_total(const struct end *e);
/* It is over, err: -errno or 0. Closes the socket. */
void end_finish(struct task *t, struct end *e, int err);

#endif
