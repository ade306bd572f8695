/* SPDX-License-Identifier: MIT */
/*
 * The differential tester: diff.c has the program, steps.c the operations.
 */
#ifndef TESTS_CONFORM_DIFF_H
#define TESTS_CONFORM_DIFF_H

#include <stdint.h>

#include "../events.h"

/* A number below n, the next of the seed's sequence. */
unsigned int pick(unsigned int n);
/* Adds to the trace. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Makes what a seed starts with. Letters: p pipe, s socket pair, e eventfd,
 * t timerfd, E epoll; one that is there twice is as likely.
 */
void begin(const char *letters);
/* One random operation. */
void step(void);
/* Closes all that a seed left open. */
void finish(void);

#endif
