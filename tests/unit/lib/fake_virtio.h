/* SPDX-License-Identifier: MIT */
/*
 * A virtio device without a bus, for tests of drivers: it is a transport
 * whose registers are this struct. It checks the order of initialisation
 * (virtio 1.2 3.1.1); its queues are fake_rings that the test plays.
 */
#ifndef TESTS_UNIT_LIB_FAKE_VIRTIO_H
#define TESTS_UNIT_LIB_FAKE_VIRTIO_H

#include "drivers/virtio/virtio.h"
#include "lib/fake_ring.h"

struct fake_virtio {
	struct virtio_device vdev; /* what the driver gets */
	uint64_t offered;
	uint64_t accepted;
	uint8_t status;
	uint8_t config[64];
	uint32_t queue_max;
	bool stubborn; /* does not reset */
	bool refuses; /* does not set FEATURES_OK */
	bool cut_off;
	unsigned int resets, notified;
	struct virtqueue *vq[VIRTIO_QUEUES_MAX]; /* enabled ones */
	struct fake_ring ring[VIRTIO_QUEUES_MAX];
	const char *complaint;
};

/* base: what fake_ring adds to the driver's addresses. */
void fake_virtio_init(struct fake_virtio *fv, uint64_t offered, uint64_t base);
/* Raises the interrupt of a queue if the driver wants it; whether. */
bool fake_virtio_interrupt(struct fake_virtio *fv, unsigned int index);
/* The first complaint of device or rings, NULL if none. */
const char *fake_virtio_complaint(const struct fake_virtio *fv);

#endif
