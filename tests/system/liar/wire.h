/* SPDX-License-Identifier: MIT */
/*
 * The network behind the device: lib/wire.py on a UNIX socket, each frame with
 * its length in front.
 */
#ifndef LIAR_WIRE_H
#define LIAR_WIRE_H

#include <stddef.h>
#include <stdint.h>

#define WIRE_FRAME_MAX 1518

struct wire {
	int fd;
	uint8_t in[1 << 16];
	size_t have, taken;
	uint8_t out[1 << 18]; /* what the socket did not take */
	size_t waiting;
};

void wire_connect(struct wire *w, const char *path);
/* Reads what is there; ends the program when the network is gone. */
void wire_read(struct wire *w);
/* The next whole frame, NULL when there is none. */
const uint8_t *wire_next(struct wire *w, size_t *len);
/* A frame that finds no room is lost. */
void wire_send(struct wire *w, const void *frame, size_t len);
void wire_flush(struct wire *w);

#endif
