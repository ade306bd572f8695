/* SPDX-License-Identifier: MIT */
/*
 * How long a thread that wants to run does not, while another one makes a
 * long system call: "NAME CYCLES" a line. The time stamp counter is read,
 * which counts instructions under QEMU's `-icount shift=0`.
 *
 * Two threads watch. One gives the CPU away in a loop, so what it measures is
 * how long the caller keeps it; the other is woken by a timer. Each case
 * prepares, lets the watchers begin anew, and makes its call; what the
 * preparation took does not count.
 */
#ifndef LATENCY_H
#define LATENCY_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define KIB 1024UL
#define MIB (KIB * KIB)
#define GIB (KIB * MIB)
#define TIB (KIB * GIB)
#define PAGE 4096UL

void need(int good, const char *what); /* ends the program */
char *map(size_t len, int flags); /* anonymous memory */

/* Around what is measured; end() prints. */
void begin(void);
void end(const char *name, long result);

/* Measures one expression, whose value is the call's. */
#define MEASURE(name, call)             \
	do {                            \
		long result_;           \
                                        \
		begin();                \
		result_ = (long)(call); \
		end(name, result_);     \
	} while (0)

/* memory.c */
void dense_memory(void);
void sparse_memory(void);
void many_areas(void);
/* files.c */
void devices(void);
void files(void);
void descriptors(void);
void epolls(void);
/* sockets.c */
void unix_sockets(void);
void in_flight(void);
void connections(void);
void ports(void);
/* crowds.c */
void peers(void);
void members(void);
void pingers(void);
void nested(void);
/* threads.c */
void waiters(void);
void timers(void);
void signals(void);

#endif
