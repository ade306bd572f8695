/* SPDX-License-Identifier: MIT */
/*
 * virtio over PCI, private to the transport's files: virtio_pci.c (finding a
 * device, its interrupts), virtio_pci_modern.c and virtio_pci_legacy.c (its
 * registers).
 */
#ifndef DRIVERS_VIRTIO_VIRTIO_PCI_IMPL_H
#define DRIVERS_VIRTIO_VIRTIO_PCI_IMPL_H

#include "drivers/pci.h"
#include "drivers/virtio/virtio.h"

struct virtio_pci_common_cfg;

/* A structure that a capability points to. */
struct region {
	uint8_t bar;
	uint32_t offset;
	uint32_t length; /* 0: there is none */
};

struct virtio_pci {
	struct virtio_device vdev;
	struct pci_dev pdev;

	/* The interface of virtio 1.x: virtio_pci_modern.c. */
	volatile struct virtio_pci_common_cfg *common;
	volatile uint8_t *config; /* the device's own, may be NULL */
	uint32_t config_len;
	struct region notify;
	uint32_t notify_multiplier;

	uint16_t port; /* of the interface before that: virtio_pci_legacy.c */

	/* Interrupts: by message if the device has them, else by a line. */
	bool irqs_ready, msix;
	volatile uint8_t *isr; /* of the interface of virtio 1.x, may be NULL */
	unsigned int nr_entries; /* usable ones of the MSI-X table */
	unsigned int next_entry;
	struct {
		void *doorbell;
		uint32_t offset; /* of the doorbell in the notify region */
		int entry; /* -1: not given one yet */
	} queues[VIRTIO_QUEUES_MAX];
};

static inline struct virtio_pci *to_virtio_pci(struct virtio_device *vdev)
{
	return container_of(vdev, struct virtio_pci, vdev);
}

/* Entry of the configuration interrupt and of queues without one. */
#define ENTRY_SHARED 0

/* On the first call: routes the device's interrupts. */
void virtio_pci_setup_irqs(struct virtio_pci *vp);
/* The MSI-X entry of a queue, VIRTIO_MSI_NO_VECTOR if it gets none. */
uint16_t virtio_pci_queue_entry(struct virtio_pci *vp, struct virtqueue *vq);

/*
 * Finds and maps the registers of virtio 1.x. -ENOENT: the device has no such
 * interface; -ENODEV: the device cannot be used.
 */
int virtio_pci_modern_init(struct virtio_pci *vp);
/* Finds the registers from before virtio 1.0. -ENODEV: there are none. */
int virtio_pci_legacy_init(struct virtio_pci *vp);

bool virtio_pci_is_transitional(const struct pci_dev *pdev); /* by its id */
void virtio_pci_cut_off(struct virtio_device *vdev);
void virtio_pci_let_in(struct virtio_device *vdev);

#endif
