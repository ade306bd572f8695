/* SPDX-License-Identifier: MIT */
/*
 * The backend's side of the vhost-user protocol, as far as a network device of
 * one pair of queues needs it (QEMU's documentation, "Vhost-user Protocol"). QEMU listens,
 * we connect.
 */
#ifndef LIAR_VHOST_H
#define LIAR_VHOST_H

#include <stdbool.h>
#include <stdint.h>

#include "ring.h"

struct vhost {
	int fd; /* -1: not connected */
	uint64_t offered; /* virtio features */
	struct ring ring[RINGS];
	unsigned int header; /* bytes in front of a frame, as agreed on */
	unsigned long stops; /* times that the receive ring was stopped */
};

void vhost_init(struct vhost *v, uint64_t offered);
/* Waits until QEMU is there. */
void vhost_connect(struct vhost *v, const char *path);
void vhost_disconnect(struct vhost *v);
/* Takes one message and does what it says; false: QEMU is gone. */
bool vhost_message(struct vhost *v);
/* Both rings are in use. */
bool vhost_live(const struct vhost *v);

#endif
