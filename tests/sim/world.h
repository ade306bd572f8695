/* SPDX-License-Identifier: MIT */
/*
 * One run.
 */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include "plan.h"

/* What a run adds to the figures; shared with the process that started it. */
struct figures {
	uint64_t simulated_ns; /* by the clock; times the hosts, host hours */
	uint64_t host_ns;
	uint64_t steps, calls, frames, connections, bytes, datagrams;
	uint64_t excused; /* connections that faults have ended */
	uint64_t refused; /* allocations */
	uint64_t resets; /* of devices */
	uint64_t wakes; /* looks of the watcher at threads that sleep */
	uint64_t faults[NR_FAULTS];
	uint64_t lost, corrupted, reordered, made, cut_off, too_long, no_buffer;
	uint64_t hash;
	uint64_t failure; /* which, if it failed */
};

/* Runs a plan to its end, or fails. */
void world_run(const struct plan *plan, struct figures *figures);

#endif
