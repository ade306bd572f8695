/* SPDX-License-Identifier: MIT */
/*
 * Frames that an input describes. Sums and lengths are right, but for what the
 * input spoils.
 */
#ifndef TESTS_FUZZ_LIB_FRAMES_H
#define TESTS_FUZZ_LIB_FRAMES_H

#include "bed/packets.h"
#include "fuzz/lib/fuzz.h"

struct peer;

/* At most 40 bytes, whole words: how many. */
size_t take_tcp_options(struct input *in, uint8_t *options);
/* One of ours, a neighbour's, or one that is special. */
const char *take_address(struct input *in);
/* Anything but a segment; ICMP errors quote one of those that p would get. */
void take_packet(struct input *in, struct packet *packet, const struct peer *p);

#endif
