/* SPDX-License-Identifier: MIT */
/*
 * What a seed stands for. Nothing of it is drawn later, so that what a run is
 * made of can be left out piece by piece.
 */
#ifndef TESTS_SIM_PLAN_H
#define TESTS_SIM_PLAN_H

#include "host.h"
#include "wire.h"

#define FAULTS_MAX 64
#define FLOWS_MAX 512

/* After all faults have ended: for what is under way, and to forget. */
#define PATIENCE (40 * MINUTE)
#define QUIET (400 * SEC)

/* X(name, text) */
#define FAULT_KINDS(X)                                    \
	X(FAULT_LOSS, "frames are lost")                  \
	X(FAULT_BURST, "frames are lost in rows")         \
	X(FAULT_DUP, "frames come twice")                 \
	X(FAULT_REORDER, "frames overtake each other")    \
	X(FAULT_CORRUPT, "bits are set")                  \
	X(FAULT_DELAY, "the wire is slow")                \
	X(FAULT_MTU, "the wire takes short packets only") \
	X(FAULT_PARTITION, "two halves")                  \
	X(FAULT_ONE_WAY, "one does not hear another")     \
	X(FAULT_LINK, "a link is down")                   \
	X(FAULT_FREEZE, "a host stands still")            \
	X(FAULT_DEVICE_STOPS, "a device stands still")    \
	X(FAULT_DEVICE_LIES, "a device lies")             \
	X(FAULT_IRQ_LOST, "interrupts are lost")          \
	X(FAULT_MEMORY_NONE, "no allocation succeeds")    \
	X(FAULT_MEMORY_SOME, "some allocations fail")

enum fault_kind {
#define X(name, text) name,
	FAULT_KINDS(X)
#undef X
	NR_FAULTS
};

extern const char *const fault_names[NR_FAULTS];

struct fault {
	enum fault_kind kind;
	uint64_t starts, lasts;
	unsigned int host; /* or nr_hosts: all */
	unsigned int other;
	uint64_t value; /* probability in a million, mask, bytes, kind */
	bool left_out;
};

enum flow_kind {
	FLOW_ECHO,
	FLOW_REQUESTS,
	FLOW_UP,
	FLOW_DOWN,
	FLOW_HALF_CLOSE, /* the answer comes after the client's end */
	FLOW_DUPLEX,
	NR_FLOWS
};

extern const char *const flow_names[NR_FLOWS];

struct flow {
	enum flow_kind kind;
	unsigned int client, server; /* hosts, maybe the same */
	enum style style; /* of the client */
	uint64_t starts;
	unsigned int times; /* one after the other */
	uint64_t up, down; /* bytes; of FLOW_REQUESTS each */
	unsigned int rounds;
	unsigned int chunk; /* at most, in one call */
	uint64_t slow; /* pauses of a reader, up to so long; 0: none */
	unsigned int slow_side; /* bit 0: the client, 1: the server */
	bool shuts; /* its own direction, as soon as all is sent */
	bool server_ends; /* closes first */
	bool aborts; /* closes amid it all */
	bool lingers; /* ... by a reset */
	bool nodelay;
	int sndbuf, rcvbuf; /* 0: as they are */
	bool last; /* after all faults: it has to succeed */
	bool left_out;
};

struct host_plan {
	struct machine_config config;
	enum style style;
	uint64_t latency;
	uint32_t addr;
};

struct plan {
	uint64_t seed;
	unsigned int nr_hosts;
	struct host_plan hosts[HOSTS_MAX];
	struct wire wire;
	uint64_t starts, heals;
	unsigned int nr_faults, nr_flows;
	struct fault faults[FAULTS_MAX];
	struct flow flows[FLOWS_MAX];
};

void plan_make(struct plan *plan, uint64_t seed);
/* "f1,f3,p0": nothing else stays, but the probes at the end. */
void plan_keep(struct plan *plan, const char *list);
void plan_print(const struct plan *plan);

#endif
