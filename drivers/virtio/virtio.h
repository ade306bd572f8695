/* SPDX-License-Identifier: MIT */
/*
 * A virtio device without its transport: status, features, configuration,
 * queues (virtio 1.2 chapters 2 and 3). The transport (PCI or MMIO) fills in
 * the operations; the drivers above know nothing of it.
 */
#ifndef DRIVERS_VIRTIO_VIRTIO_H
#define DRIVERS_VIRTIO_VIRTIO_H

#include "drivers/virtio/virtqueue.h"
#include "kernel/base.h"

#define VIRTIO_QUEUES_MAX 4

struct virtio_device;

struct virtio_transport {
	uint8_t (*get_status)(struct virtio_device *vdev);
	void (*set_status)(struct virtio_device *vdev, uint8_t status);
	uint64_t (*get_features)(struct virtio_device *vdev);
	void (*set_features)(struct virtio_device *vdev, uint64_t features);
	uint32_t (*generation)(struct virtio_device *vdev);
	/* One field of the device's configuration; zeros beyond its end. */
	void (*read_config)(struct virtio_device *vdev, unsigned int offset,
			    void *field, unsigned int len);
	/* Arms the configuration interrupt, after each reset. */
	int (*enable_config_irq)(struct virtio_device *vdev);
	/* Largest size of a queue, 0 when the device has no such queue. */
	uint32_t (*queue_max)(struct virtio_device *vdev, unsigned int index);
	/*
	 * Tells the device where vq lies, sets vq->notify, routes the
	 * interrupt to vq->callback if it has one.
	 */
	int (*enable_queue)(struct virtio_device *vdev, struct virtqueue *vq);
	/* Cuts the device off from memory. */
	void (*cut_off)(struct virtio_device *vdev);
	/* After a reset: ends cut_off. */
	void (*let_in)(struct virtio_device *vdev);
};

struct virtio_device {
	const struct virtio_transport *ops;
	uint32_t id; /* VIRTIO_ID_* */
	char where[16]; /* "00:03.0" */
	bool legacy; /* the interface from before virtio 1.0 (1.2 2.4.2) */
	bool fixed_rings; /* as large as the device says, no smaller */
	bool has_irq; /* false: queues have to be polled by a timer */
	bool shared_line; /* interrupts come by a line that may be shared */
	unsigned int vain; /* interrupts in a row that brought no buffer */
	uint64_t deaf_until; /* its interrupts are ignored until then */
	bool was_live; /* has been ready once */
	bool quiet; /* its errors have been logged */
	uint64_t features; /* negotiated */
	struct virtqueue *queues[VIRTIO_QUEUES_MAX];
	/* The driver's: from the interrupt, may be spurious. May be NULL. */
	void (*config_changed)(struct virtio_device *vdev);
	void *priv;
};

static inline bool virtio_has_feature(const struct virtio_device *vdev,
				      unsigned int bit)
{
	return vdev->features & BIT(bit);
}

/*
 * The steps of 3.1.1, in this order, also after a reset. Each returns 0 or
 * -errno; when one fails the driver calls virtio_fail().
 */
/* Reset, ACKNOWLEDGE, DRIVER. -EIO when the device does not reset. */
int virtio_begin(struct virtio_device *vdev);
/*
 * Accepts the wanted bits that are offered, and those that the transport and
 * the ring need. -ENODEV: the device has no usable interface, or refuses.
 */
int virtio_negotiate(struct virtio_device *vdev, uint64_t wanted);
/*
 * Sets up queue index with up to max entries, or as many as a device with fixed
 * rings has; the first call allocates memory. callback runs in the interrupt.
 * The pointer to the name is kept.
 */
int virtio_setup_queue(struct virtio_device *vdev, unsigned int index,
		       unsigned int max, const char *name,
		       virtqueue_fn callback, void *priv);
/* DRIVER_OK: the device is live. */
int virtio_ready(struct virtio_device *vdev);

/* Stops the device; queues and buffers are the driver's again. -EIO. */
int virtio_reset(struct virtio_device *vdev);
/* Gives up: FAILED, and the device is cut off from memory. */
void virtio_fail(struct virtio_device *vdev);
/* Whether the device says that only a reset helps (2.1). */
bool virtio_needs_reset(struct virtio_device *vdev);

/* Whether the device offers a feature; for use before virtio_negotiate(). */
bool virtio_offers(struct virtio_device *vdev, unsigned int bit);
/* A field, or a few together, read in one generation (2.5.3). */
void virtio_read_config(struct virtio_device *vdev, unsigned int offset,
			void *field, unsigned int len);

/*
 * For transports with an interrupt line: reasons (VIRTIO_ISR_*, 4.1.4.5) were
 * read and acknowledged. Calls the callbacks they concern. False: it was not
 * this device, or it interrupts so often without a buffer that it is polled for
 * a while. Interrupt context.
 */
#define VIRTIO_ISR_QUEUE 1
#define VIRTIO_ISR_CONFIG 2
bool virtio_line_interrupt(struct virtio_device *vdev, uint32_t reasons);

/* Rings the doorbell if the device asked for that; true if it rang. */
bool virtqueue_kick(struct virtqueue *vq);

/* The drivers. 0: the device is in use; otherwise it was left reset. */
int virtio_net_probe(struct virtio_device *vdev);
int virtio_rng_probe(struct virtio_device *vdev);
/*
 * Sleeps until every such device has given its first bytes, 100 ms at most.
 * Thread context.
 */
void virtio_rng_wait(void);

#endif
