/* SPDX-License-Identifier: MIT */
/*
 * A run is a process of its own: what it breaks is its own, too.
 */
#ifndef TESTS_SIM_RUNS_H
#define TESTS_SIM_RUNS_H

#include <sys/types.h>

#include "world.h"

struct run {
	uint64_t seed;
	pid_t pid;
	int output; /* a file without a name: what it printed */
	struct figures *figures; /* shared */
	bool failed;
};

/* program: argv[0]; the hosts' object is beside it. */
void runs_init(const char *program);
const char *run_program(void);
/* Starts it; keep as for plan_keep(), or NULL: all of the plan. */
void run_start(struct run *run, uint64_t seed, const char *keep);
/* It was waited for. */
void run_ended(struct run *run, int status);
/* What it has printed goes to standard output. */
void run_print(const struct run *run);
void run_free(struct run *run);
/* With a part of the same plan: whether it fails in the same way. */
bool run_fails_again(const struct run *first, const char *keep);

#endif
