/* SPDX-License-Identifier: MIT */
/*
 * The life of a virtio device (virtio 1.2 chapter 3), over any transport.
 * Entered by the drivers, in thread context at boot and in the softirq when a
 * device is reset.
 */
#include "drivers/virtio/virtio.h"

#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <string.h>

#include "kernel/check.h"
#include "kernel/mm/slab.h"
#include "kernel/printk.h"
#include "kernel/task/clock.h"

/*
 * The longest wait for a reset, which may take hardware some time. For a device
 * that was live it is short: its driver tries again, and nothing else can run.
 */
#define RESET_TIMEOUT_NS NSEC_PER_SEC
#define RESET_AGAIN_NS NSEC_PER_MSEC
#define GENERATION_TRIES 16

#define VAIN_MAX 500 /* interrupts in a row without a buffer */
#define DEAF_NS (60 * NSEC_PER_SEC) /* how long they are ignored then */

#define virtio_warn(vdev, fmt, ...)                                        \
	do {                                                               \
		if (!(vdev)->quiet)                                        \
			pr_warn("%s: " fmt, (vdev)->where, ##__VA_ARGS__); \
	} while (0)

/*
 * Always taken when offered. ACCESS_PLATFORM: an IOMMU that was not turned on
 * translates nothing, so physical addresses are right (6.1).
 */
#define FEATURES_TRANSPORT                                         \
	(BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_ACCESS_PLATFORM) | \
	 BIT(VIRTIO_F_ORDER_PLATFORM) | BIT(VIRTIO_RING_F_EVENT_IDX))

#define FEATURES_LEGACY \
	(BIT(VIRTIO_F_ANY_LAYOUT) | BIT(VIRTIO_RING_F_EVENT_IDX))

static void add_status(struct virtio_device *vdev, uint8_t bits)
{
	vdev->ops->set_status(vdev, vdev->ops->get_status(vdev) | bits);
}

int virtio_reset(struct virtio_device *vdev)
{
	uint64_t patience = vdev->was_live ? RESET_AGAIN_NS : RESET_TIMEOUT_NS;
	uint64_t deadline = ktime_get_ns() + patience;

	/* 2.4.2, 4.1.4.3.2: reset is complete when the status reads as 0. */
	vdev->ops->set_status(vdev, 0);
	while (vdev->ops->get_status(vdev)) {
		if (ktime_get_ns() > deadline) {
			virtio_warn(vdev, "virtio device does not reset");
			return -EIO;
		}
	}
	return 0;
}

int virtio_begin(struct virtio_device *vdev)
{
	int err = virtio_reset(vdev); /* 3.1.1 step 1 */

	if (err)
		return err;
	vdev->ops->let_in(vdev);
	vdev->features = 0;
	add_status(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE); /* step 2 */
	add_status(vdev, VIRTIO_CONFIG_S_DRIVER); /* step 3 */
	return 0;
}

bool virtio_offers(struct virtio_device *vdev, unsigned int bit)
{
	return vdev->ops->get_features(vdev) & BIT(bit);
}

/* 3.1.2: there is no FEATURES_OK; the written features are in force. */
static int negotiate_legacy(struct virtio_device *vdev, uint64_t wanted,
			    uint64_t offered)
{
	/* 2.7.4.3, 5.1.6.6: without it each header needs its own descriptor. */
	if (!(offered & BIT(VIRTIO_F_ANY_LAYOUT))) {
		virtio_warn(vdev, "legacy virtio device without ANY_LAYOUT, "
				  "not used");
		return -ENODEV;
	}
	vdev->features = offered & (wanted | FEATURES_LEGACY);
	vdev->ops->set_features(vdev, vdev->features);
	return vdev->ops->enable_config_irq(vdev);
}

int virtio_negotiate(struct virtio_device *vdev, uint64_t wanted)
{
	uint64_t offered = vdev->ops->get_features(vdev);

	if (vdev->legacy)
		return negotiate_legacy(vdev, wanted, offered);
	if (!(offered & BIT(VIRTIO_F_VERSION_1))) {
		virtio_warn(vdev, "no virtio 1.x device");
		return -ENODEV;
	}
	/* 3.1.1 step 4 */
	vdev->features = offered & (wanted | FEATURES_TRANSPORT);
	vdev->ops->set_features(vdev, vdev->features);
	/* Steps 5 and 6: the device clears the bit if it refuses. */
	add_status(vdev, VIRTIO_CONFIG_S_FEATURES_OK);
	if (!(vdev->ops->get_status(vdev) & VIRTIO_CONFIG_S_FEATURES_OK)) {
		virtio_warn(vdev, "virtio device refuses features %#lx",
			    (unsigned long)vdev->features);
		return -ENODEV;
	}
	/* 4.1.5.1.2: after a reset no interrupt is routed. */
	return vdev->ops->enable_config_irq(vdev);
}

/*
 * A ring is never freed. Legacy devices get its page number (2.7.2). It is longer
 * than a page, so kmalloc() gives it whole pages: nothing else of the heap lies
 * where the device can write.
 */
_Static_assert(VIRTQUEUE_USED_ALIGN >= PAGE_SIZE,
	       "a ring is longer than a page");

static void *ring_alloc(unsigned int num, bool legacy)
{
	size_t align = legacy ? PAGE_SIZE : 1;
	char *ring = kzalloc(virtqueue_ring_size(num) + align - 1);

	return ring ? ring + (-(uintptr_t)ring & (align - 1)) : NULL;
}

static struct virtqueue *queue_alloc(unsigned int num, bool legacy)
{
	struct virtqueue *vq = kzalloc(sizeof(*vq));

	if (!vq)
		return NULL;
	vq->num = num;
	vq->state = kzalloc(virtqueue_state_size(num));
	if (vq->state)
		vq->desc = ring_alloc(num, legacy);
	if (vq->desc)
		return vq;
	kfree(vq->state);
	kfree(vq);
	return NULL;
}

static bool is_power(uint32_t n)
{
	return n && !(n & (n - 1));
}

/* Split rings have a power of two of entries (2.7). 0: none fits. */
static unsigned int queue_num(const struct virtio_device *vdev,
			      uint32_t offered, unsigned int max)
{
	unsigned int num = MIN(max, VIRTQUEUE_MAX);

	if (vdev->fixed_rings)
		return offered <= VIRTQUEUE_MAX && is_power(offered) ? offered :
								       0;
	while (num > offered)
		num /= 2;
	return num;
}

static struct virtqueue *all_queues;

static const char *queues_check(void)
{
	const struct virtqueue *vq;
	const char *broken = NULL;

	for (vq = all_queues; vq && !broken; vq = vq->next)
		broken = virtqueue_check(vq);
	return broken;
}

/* A new queue, which is never freed. */
static struct virtqueue *queue_add(struct virtio_device *vdev,
				   unsigned int index, unsigned int num)
{
	struct virtqueue *vq = queue_alloc(num, vdev->legacy);

	if (!vq)
		return NULL;
	vq->next = all_queues;
	all_queues = vq;
	vdev->queues[index] = vq;
	check_register("virtqueues", queues_check);
	return vq;
}

int virtio_setup_queue(struct virtio_device *vdev, unsigned int index,
		       unsigned int max, const char *name,
		       virtqueue_fn callback, void *priv)
{
	uint32_t offered = vdev->ops->queue_max(vdev, index);
	struct virtqueue *vq = vdev->queues[index];
	unsigned int num = queue_num(vdev, offered, max);

	ASSERT(is_power(max));
	if (!num || (vq && vq->num != num))
		return -ENODEV;
	if (!vq)
		vq = queue_add(vdev, index, num);
	if (!vq)
		return -ENOMEM;
	vq->vdev = vdev;
	vq->name = name;
	vq->index = index;
	vq->callback = callback;
	vq->priv = priv;
	virtqueue_init(vq, vq->num,
		       virtio_has_feature(vdev, VIRTIO_RING_F_EVENT_IDX),
		       vq->desc, vq->state);
	return vdev->ops->enable_queue(vdev, vq); /* 3.1.1 step 7 */
}

int virtio_ready(struct virtio_device *vdev)
{
	add_status(vdev, VIRTIO_CONFIG_S_DRIVER_OK); /* 3.1.1 step 8 */
	vdev->was_live = true;
	return virtio_needs_reset(vdev) ? -EIO : 0;
}

bool virtio_needs_reset(struct virtio_device *vdev)
{
	return vdev->ops->get_status(vdev) & VIRTIO_CONFIG_S_NEEDS_RESET;
}

void virtio_fail(struct virtio_device *vdev)
{
	add_status(vdev, VIRTIO_CONFIG_S_FAILED); /* 3.1.1, last paragraph */
	vdev->ops->cut_off(vdev);
}

void virtio_read_config(struct virtio_device *vdev, unsigned int offset,
			void *field, unsigned int len)
{
	unsigned int tries = GENERATION_TRIES;
	uint32_t before, after;

	/* 2.5.1: fields that do not fit one access may change in between. */
	do {
		before = vdev->ops->generation(vdev);
		vdev->ops->read_config(vdev, offset, field, len);
		after = vdev->ops->generation(vdev);
	} while (before != after && --tries);
}

/* Calls the queues' callbacks; true: one of them had used buffers. */
static bool handle_queues(struct virtio_device *vdev)
{
	bool used = false;

	for (unsigned int i = 0; i < VIRTIO_QUEUES_MAX; i++) {
		struct virtqueue *vq = vdev->queues[i];

		if (!vq || !vq->callback)
			continue;
		used |= virtqueue_has_used(vq);
		vq->callback(vq);
	}
	return used;
}

static void stop_listening(struct virtio_device *vdev)
{
	if (!vdev->deaf_until)
		pr_warn("%s: interrupts for nothing, the device is polled",
			vdev->where);
	vdev->deaf_until = ktime_get_ns() + DEAF_NS;
}

/* Whether its interrupts are ignored; they are tried again after a while. */
static bool is_deaf(struct virtio_device *vdev)
{
	if (vdev->vain < VAIN_MAX)
		return false;
	if (ktime_get_ns() < vdev->deaf_until)
		return true;
	vdev->vain = 0;
	return false;
}

bool virtio_line_interrupt(struct virtio_device *vdev, uint32_t reasons)
{
	if (!reasons || is_deaf(vdev))
		return false;
	if (reasons & VIRTIO_ISR_CONFIG && vdev->config_changed)
		vdev->config_changed(vdev);
	if (reasons & VIRTIO_ISR_QUEUE && handle_queues(vdev))
		vdev->vain = 0;
	else
		vdev->vain++;
	vdev->has_irq = vdev->vain < VAIN_MAX;
	if (unlikely(!vdev->has_irq))
		stop_listening(vdev);
	return vdev->has_irq;
}

bool virtqueue_kick(struct virtqueue *vq)
{
	if (!virtqueue_kick_prepare(vq))
		return false;
	vq->notify(vq);
	return true;
}
