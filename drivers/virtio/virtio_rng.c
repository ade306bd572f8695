/* SPDX-License-Identifier: MIT */
/*
 * virtio-rng (virtio 1.2 5.4): requests bytes from the host whenever the
 * generator reseeds, and mixes them in when they come, one request at a time.
 * Boot waits for the first answer, because secrets drawn at boot are kept; a
 * host that gives none is not waited for again. Interrupt context, and any that
 * draws random numbers.
 */
#include <errno.h>
#include <string.h>

#include "drivers/virtio/virtio.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/printk.h"
#include "kernel/random.h"
#include "kernel/task/clock.h"
#include "kernel/task/wait.h"

#define RNG_BYTES 64
#define RNG_ENOUGH 32
/* The most requests of a round, to a host that answers with few bytes. */
#define RNG_REQUESTS 16

/* QEMU answers within a millisecond. */
#define WAIT_NS (100 * NSEC_PER_MSEC)
#define LOOK_NS (1 * NSEC_PER_MSEC)

#define RESET_PAUSE_NS (60 * NSEC_PER_SEC)

struct virtio_rng {
	struct random_source source;
	struct virtio_device *vdev;
	bool asked; /* the device has the buffer */
	uint32_t received; /* of this round */
	unsigned int requests; /* of this round */
	uint64_t next_reset; /* of a device that lied: the earliest time */
	struct virtio_rng *next;
	uint8_t *bytes; /* a page of its own, the device's while asked */
};

static struct virtio_rng *devices;
static struct wait_queue_head answered;

static void rng_done(struct virtqueue *vq);

static int rng_bring_up(struct virtio_rng *rng)
{
	struct virtio_device *vdev = rng->vdev;
	int err = virtio_begin(vdev);

	if (!err)
		err = virtio_negotiate(vdev, 0);
	if (!err)
		err = virtio_setup_queue(vdev, 0, 8, "virtio-rng", rng_done,
					 rng);
	if (!err)
		err = virtio_ready(vdev);
	return err;
}

/* Resets a device that lied, with pauses between tries. */
static void revive(struct virtio_rng *rng)
{
	uint64_t now = ktime_get_ns();

	if (now < rng->next_reset)
		return;
	rng->next_reset = now + RESET_PAUSE_NS;
	if (virtio_reset(rng->vdev))
		return;
	while (virtqueue_detach(rng->vdev->queues[0]))
		rng->asked = false;
	if (rng_bring_up(rng))
		virtio_fail(rng->vdev);
}

static void ask(struct virtio_rng *rng)
{
	struct virtqueue *vq = rng->vdev->queues[0];
	struct virtq_sg sg = { virt_to_phys(rng->bytes), RNG_BYTES };

	if (virtqueue_add(vq, &sg, 0, 1, rng))
		return;
	rng->asked = true;
	rng->requests++;
	virtqueue_kick(vq);
}

static bool is_over(const struct virtio_rng *rng)
{
	return rng->received >= RNG_ENOUGH || rng->requests >= RNG_REQUESTS;
}

/* Logs the first lie. */
static void note_lie(struct virtio_rng *rng, const struct virtqueue *vq)
{
	if (!rng->vdev->quiet)
		pr_warn("%s: virtio-rng lies about %s, reset each minute",
			rng->vdev->where, vq->lie);
	rng->vdev->quiet = true;
	rng->next_reset = ktime_get_ns() + RESET_PAUSE_NS;
}

/* The interrupt handler; also called without an interrupt. */
static void rng_done(struct virtqueue *vq)
{
	struct virtio_rng *rng = vq->priv;
	bool was_broken = vq->broken;
	uint32_t len;

	if (!virtqueue_get_buf(vq, &len)) {
		if (vq->broken && !was_broken)
			note_lie(rng, vq);
		return;
	}
	rng->asked = false;
	random_answer(&rng->source, rng->bytes, len);
	memset(rng->bytes, 0, RNG_BYTES);
	rng->received += len;
	if (!is_over(rng))
		ask(rng);
	wake_up(&answered);
}

/* What is still out is not asked for twice. */
static void rng_request(struct random_source *source)
{
	struct virtio_rng *rng = container_of(source, struct virtio_rng,
					      source);

	if (rng->vdev->queues[0]->broken)
		revive(rng);
	if (rng->asked)
		rng_done(rng->vdev->queues[0]);
	if (rng->asked)
		return;
	rng->received = 0;
	rng->requests = 0;
	ask(rng);
}

static bool has_answered(const struct virtio_rng *rng)
{
	return is_over(rng) || !rng->asked || rng->vdev->queues[0]->broken;
}

static void wait_for(struct virtio_rng *rng, uint64_t deadline)
{
	uint64_t now = ktime_get_ns();

	while (!has_answered(rng) && now < deadline) {
		(void)wait_event_until(&answered, has_answered(rng),
				       MIN(deadline, now + LOOK_NS));
		rng_done(rng->vdev->queues[0]);
		now = ktime_get_ns();
	}
	if (!has_answered(rng))
		pr_notice("%s: virtio-rng does not answer", rng->vdev->where);
}

void virtio_rng_wait(void)
{
	uint64_t deadline = ktime_get_ns() + WAIT_NS;

	for (struct virtio_rng *rng = devices; rng; rng = rng->next)
		wait_for(rng, deadline);
}

int virtio_rng_probe(struct virtio_device *vdev)
{
	struct virtio_rng *rng = kzalloc(sizeof(*rng));
	int err;

	if (!rng)
		return -ENOMEM;
	rng->bytes = kzalloc(PAGE_SIZE);
	if (!rng->bytes) {
		kfree(rng);
		return -ENOMEM;
	}
	if (!devices)
		init_waitqueue_head(&answered);
	rng->vdev = vdev;
	rng->source = (struct random_source){ vdev->where, rng_request, NULL };
	vdev->priv = rng;
	err = rng_bring_up(rng);
	if (err) {
		virtio_fail(vdev);
		pr_warn("%s: virtio-rng not used (%d)", vdev->where, err);
		return err;
	}
	rng->next = devices;
	devices = rng;
	random_add_source(&rng->source);
	return 0;
}
