/* SPDX-License-Identifier: MIT */
/*
 * Helpers of the tests of TCP sockets.
 */
#ifndef TESTS_UNIT_BED_NET_TCP_H
#define TESTS_UNIT_BED_NET_TCP_H

#include "bed/net.h"

#define IN (EPOLLIN | EPOLLRDNORM)
#define OUT (EPOLLOUT | EPOLLWRNORM)
#define PORT 7

extern uint8_t data[1 << 20]; /* a pattern to send */
extern uint8_t buf[1 << 20]; /* room to receive */
extern uint16_t next_port; /* of the next peer */

void begin(void);
/* A non-blocking listener on PORT. */
int listener(int backlog);
/* A connection: the accepted socket; p is its peer. */
int accepted(int lfd, struct peer *p);
/* All TIME-WAITs pass, all caches of addresses too. */
void forget(void);
void no_leaks(const char *name);
bool got_rst(struct peer *p);
/* Reads on until nothing comes any more; acknowledges everything. */
size_t swallow(struct peer *p, uint8_t *to, size_t size, bool *fin);

#endif
