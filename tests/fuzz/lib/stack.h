/* SPDX-License-Identifier: MIT */
/*
 * The network's bed for one input after the other. Each begins with a stack
 * that has been left alone for minutes, and ends with the proof that nothing of
 * it is left: sockets are closed, time passes, memory is back, and all
 * registered invariants hold.
 */
#ifndef TESTS_FUZZ_LIB_STACK_H
#define TESTS_FUZZ_LIB_STACK_H

#include "bed/net.h"
#include "fuzz/lib/fuzz.h"

/* Boots it, once a program. */
void stack_init(void);
/* Random numbers begin anew with each input. */
void stack_begin(void);
void stack_end(void);

/* A descriptor that stack_end() closes; negative ones are none. */
#define STACK_FDS 24
int stack_fd(int fd);
/* One of those that were noted; -1: there is none. */
int stack_pick(struct input *in);
void stack_close(struct input *in);

/* Something happens to the machine: memory, the link, the device, time. */
void stack_disturb(struct input *in);
/* A frame leaves nothing out that a neighbour would say: ARP is answered. */
void stack_answer_arp(const uint8_t *frame, size_t len);
/* Reads a file of /proc/net. */
void stack_read_proc(struct input *in);

#endif
