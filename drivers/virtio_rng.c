/* SPDX-License-Identifier: MIT */
/*
 * virtio-rng (virtio 1.2 5.4): asks the host for some bytes once, and stirs
 * them into the random generator when they come. Boot does not wait.
 */
#include <errno.h>
#include <string.h>

#include "drivers/virtio.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/printk.h"
#include "kernel/random.h"

#define RNG_BYTES 64
#define RNG_ENOUGH 32
/* A host that answers in crumbs is asked again, but not for ever. */
#define RNG_REQUESTS 16

struct virtio_rng {
	struct virtio_device *vdev;
	uint32_t received;
	unsigned int requests;
	uint8_t bytes[RNG_BYTES]; /* the device's while it is lent */
};

static int rng_request(struct virtio_rng *rng)
{
	struct virtqueue *vq = rng->vdev->queues[0];
	struct virtq_sg sg = { virt_to_phys(rng->bytes), RNG_BYTES };
	int err = virtqueue_add(vq, &sg, 0, 1, rng);

	if (err)
		return err;
	rng->requests++;
	virtqueue_kick(vq);
	return 0;
}

/* The interrupt handler. */
static void rng_done(struct virtqueue *vq)
{
	struct virtio_rng *rng = vq->priv;
	uint32_t len;

	if (!virtqueue_get_buf(vq, &len))
		return;
	random_mix(rng->bytes, len);
	memset(rng->bytes, 0, sizeof(rng->bytes));
	rng->received += len;
	if (rng->received < RNG_ENOUGH && rng->requests < RNG_REQUESTS)
		rng_request(rng);
	else
		pr_debug("%s: virtio-rng gave %u bytes", rng->vdev->where,
			 rng->received);
}

static int rng_bring_up(struct virtio_rng *rng)
{
	struct virtio_device *vdev = rng->vdev;
	int err = virtio_begin(vdev);

	if (!err)
		err = virtio_negotiate(vdev, 0);
	if (!err && !vdev->has_irq && !vdev->shared_line)
		err = -ENODEV; /* nobody polls it */
	if (!err)
		err = virtio_setup_queue(vdev, 0, 8, "virtio-rng", rng_done,
					 rng);
	if (!err)
		err = virtio_ready(vdev);
	if (!err)
		err = rng_request(rng);
	return err;
}

int virtio_rng_probe(struct virtio_device *vdev)
{
	struct virtio_rng *rng = kzalloc(sizeof(*rng));
	int err;

	if (!rng)
		return -ENOMEM;
	rng->vdev = vdev;
	vdev->priv = rng;
	err = rng_bring_up(rng);
	if (err) {
		virtio_fail(vdev);
		pr_warn("%s: virtio-rng not used (%d)", vdev->where, err);
	}
	return err;
}
