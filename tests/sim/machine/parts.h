/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the simulated machine know of each other.
 */
#ifndef TESTS_SIM_MACHINE_PARTS_H
#define TESTS_SIM_MACHINE_PARTS_H

#include "kernel/base.h"
#include "machine/machine.h"

extern struct machine_config config;
extern struct machine_env env;

/* memory.c */
void memory_up(void); /* the stack is there: from now on allocations fail */
void memory_state(struct machine_state *state);
const char *memory_leaks(void);

/* cpu.c */
void clock_sync(uint64_t now); /* simulated */
uint64_t clock_next(void); /* the same, of the timer; UINT64_MAX */

/* sched.c */
void sched_up(void);
void sched_run(void);
bool sched_wants_to_run(void);
unsigned int sched_threads(void);
void sched_thread_start(void (*fn)(void *arg), void *arg);
void sched_sleep(uint64_t ns);
void sched_leave_call(void);

/* nic.c */
void nic_up(void);
bool nic_receive(const void *frame, size_t len, bool interrupt);
void nic_serve(void);
bool nic_doorbell(void);
void nic_link(bool up);
void nic_lie(enum device_lie lie);
void nic_state(struct machine_state *state);
const char *nic_complaint(void);

/* calls.c */
void calls_up(void);
long calls_enter(long nr, const uint64_t args[6]);
uint32_t calls_poll_mask(int fd);

#endif
