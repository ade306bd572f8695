/* SPDX-License-Identifier: MIT */
/*
 * The wire: one segment that all hosts are on. A frame ends in exactly one of
 * the places that are counted.
 */
#ifndef TESTS_SIM_WIRE_H
#define TESTS_SIM_WIRE_H

#include "host.h"

#define WIRE_MTU 1500

/* What may happen to a frame, out of a million, while a fault lasts. */
struct wire_faults {
	unsigned int loss, dup, reorder, corrupt;
	unsigned int burst; /* begins: then all are lost for a while */
};

struct wire {
	struct rng rng;
	struct wire_faults common; /* for all */
	struct wire_faults of[HOSTS_MAX]; /* for what a host sends, beside it */
	uint64_t burst_until[HOSTS_MAX];
	uint64_t latency, jitter, extra; /* one way */
	uint64_t byte_ns; /* on a host's line */
	uint64_t free_at[HOSTS_MAX]; /* the line is busy until then */
	uint64_t arrives[HOSTS_MAX][HOSTS_MAX]; /* the last one, from, to */
	uint64_t cut[HOSTS_MAX]; /* bit: whom it does not reach */
	unsigned int mtu;
};

extern struct wire wire;

/* X(name): where copies of frames end, but for the first three. */
#define WIRE_COUNTS(X)                                             \
	X(sent) /* by hosts */                                     \
	X(made) /* by the wire: duplicates, broadcasts, answers */ \
	X(corrupted)                                               \
	X(reordered)                                               \
	X(delivered)                                               \
	X(no_buffer)                                               \
	X(lost)                                                    \
	X(cut_off)                                                 \
	X(too_long)                                                \
	X(queue_full)                                              \
	X(nobody)

struct wire_counts {
#define X(name) uint64_t name;
	WIRE_COUNTS(X)
#undef X
	uint64_t in_flight;
};

extern struct wire_counts wire_counts;

/* A host's device sends. */
void wire_send(struct host *from, const uint8_t *frame, size_t len);
/* A frame of the wire's own sets out for a host, unharmed. */
void wire_make(struct host *to, const uint8_t *frame, size_t len);
/* Each frame is in one place: NULL, or what is wrong. */
const char *wire_check(void);

/* router.c: what an IP packet becomes that is longer than the wire takes. */
void router_take(struct host *from, const uint8_t *frame, size_t len,
		 unsigned int mtu,
		 void (*forward)(struct host *from, const uint8_t *frame,
				 size_t len));
extern uint64_t router_refused, router_cut;

#endif
