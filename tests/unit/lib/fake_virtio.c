/* SPDX-License-Identifier: MIT */
/*
 * A virtio device without a bus. The driver enters through the transport's
 * operations.
 */
#include "lib/fake_virtio.h"

#include <errno.h>
#include <linux/virtio_config.h>
#include <string.h>

static struct fake_virtio *to_fake(struct virtio_device *vdev)
{
	return container_of(vdev, struct fake_virtio, vdev);
}

static void complain(struct fake_virtio *fv, const char *what)
{
	if (!fv->complaint)
		fv->complaint = what;
}

static uint8_t get_status(struct virtio_device *vdev)
{
	return to_fake(vdev)->status;
}

static void device_reset(struct fake_virtio *fv)
{
	unsigned int i;

	fv->resets++;
	if (fv->stubborn)
		return;
	fv->status = 0;
	fv->accepted = 0;
	for (i = 0; i < VIRTIO_QUEUES_MAX; i++)
		fv->vq[i] = NULL;
}

static void set_status(struct virtio_device *vdev, uint8_t status)
{
	static const uint8_t order[] = { VIRTIO_CONFIG_S_ACKNOWLEDGE,
					 VIRTIO_CONFIG_S_DRIVER,
					 VIRTIO_CONFIG_S_FEATURES_OK,
					 VIRTIO_CONFIG_S_DRIVER_OK };
	struct fake_virtio *fv = to_fake(vdev);
	unsigned int i;

	if (!status) {
		device_reset(fv);
		return;
	}
	if (fv->status & ~status)
		complain(fv, "a status bit was cleared (2.1.1)");
	for (i = 1; i < ARRAY_SIZE(order) && !fv->vdev.legacy; i++)
		if ((status & order[i]) && !(fv->status & order[i - 1]))
			complain(fv, "initialised out of order (3.1.1)");
	if (fv->vdev.legacy && (status & VIRTIO_CONFIG_S_FEATURES_OK))
		complain(fv, "FEATURES_OK for a legacy device (3.1.2)");
	fv->status = status;
	if (fv->refuses)
		fv->status &= ~VIRTIO_CONFIG_S_FEATURES_OK;
}

static uint64_t get_features(struct virtio_device *vdev)
{
	return to_fake(vdev)->offered;
}

static void set_features(struct virtio_device *vdev, uint64_t features)
{
	struct fake_virtio *fv = to_fake(vdev);

	if (features & ~fv->offered)
		complain(fv, "a feature that was not offered (2.2.1)");
	if (fv->status & VIRTIO_CONFIG_S_FEATURES_OK)
		complain(fv, "features after FEATURES_OK (3.1.1)");
	fv->accepted = features;
}

static uint32_t generation(struct virtio_device *vdev)
{
	return 0;
}

static void read_config(struct virtio_device *vdev, unsigned int offset,
			void *field, unsigned int len)
{
	memcpy(field, to_fake(vdev)->config + offset, len);
}

static int enable_config_irq(struct virtio_device *vdev)
{
	return 0;
}

static uint32_t queue_max(struct virtio_device *vdev, unsigned int index)
{
	return index < 2 ? to_fake(vdev)->queue_max : 0;
}

static void notify(struct virtqueue *vq)
{
	struct fake_virtio *fv = to_fake(vq->vdev);

	if (!(fv->status & VIRTIO_CONFIG_S_DRIVER_OK))
		complain(fv, "doorbell before DRIVER_OK (3.1.1)");
	fv->notified++;
}

static int enable_queue(struct virtio_device *vdev, struct virtqueue *vq)
{
	struct fake_virtio *fv = to_fake(vdev);
	bool event_idx = fv->accepted & BIT(VIRTIO_RING_F_EVENT_IDX);

	uint8_t before = fv->vdev.legacy ? VIRTIO_CONFIG_S_DRIVER :
					   VIRTIO_CONFIG_S_FEATURES_OK;

	if (fv->vdev.legacy && !IS_ALIGNED((uintptr_t)vq->desc, PAGE_SIZE))
		complain(fv, "a legacy ring that begins no page (2.7.2)");
	if (!(fv->status & before) || (fv->status & VIRTIO_CONFIG_S_DRIVER_OK))
		complain(fv, "queue enabled out of order (3.1.1)");
	if (vq->num > fv->queue_max)
		complain(fv, "queue larger than offered");
	fv->vq[vq->index] = vq;
	fake_ring_init(&fv->ring[vq->index], vq->num, event_idx, vq->desc,
		       vq->avail, vq->used);
	vq->notify = notify;
	return 0;
}

static void cut_off(struct virtio_device *vdev)
{
	to_fake(vdev)->cut_off = true;
}

static void let_in(struct virtio_device *vdev)
{
	if (to_fake(vdev)->status)
		complain(to_fake(vdev), "let in before it was reset");
	to_fake(vdev)->cut_off = false;
}

static const struct virtio_transport fake_ops = {
	.get_status = get_status,
	.set_status = set_status,
	.get_features = get_features,
	.set_features = set_features,
	.generation = generation,
	.read_config = read_config,
	.enable_config_irq = enable_config_irq,
	.queue_max = queue_max,
	.enable_queue = enable_queue,
	.cut_off = cut_off,
	.let_in = let_in,
};

void fake_virtio_init(struct fake_virtio *fv, uint64_t offered, uint64_t base)
{
	unsigned int i;

	memset(fv, 0, sizeof(*fv));
	fv->vdev.ops = &fake_ops;
	fv->vdev.has_irq = true;
	strcpy(fv->vdev.where, "fake");
	fv->offered = offered;
	fv->queue_max = 256;
	for (i = 0; i < VIRTIO_QUEUES_MAX; i++)
		fv->ring[i].base = base;
}

bool fake_virtio_interrupt(struct fake_virtio *fv, unsigned int index)
{
	struct virtqueue *vq = fv->vq[index];

	if (!vq || !fake_ring_should_interrupt(&fv->ring[index]))
		return false;
	if (vq->callback)
		vq->callback(vq);
	return true;
}

const char *fake_virtio_complaint(const struct fake_virtio *fv)
{
	unsigned int i;

	for (i = 0; i < VIRTIO_QUEUES_MAX; i++)
		if (fv->ring[i].complaint)
			return fv->ring[i].complaint;
	return fv->complaint;
}
