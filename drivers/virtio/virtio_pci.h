/* SPDX-License-Identifier: MIT */
/*
 * virtio over PCI (virtio 1.2 4.1): what the probe needs of it.
 */
#ifndef DRIVERS_VIRTIO_VIRTIO_PCI_H
#define DRIVERS_VIRTIO_VIRTIO_PCI_H

#include <stdint.h>

struct pci_dev;
struct virtio_device;

/* VIRTIO_ID_* of a function, 0 when it is no virtio device (4.1.2). */
uint32_t virtio_pci_id(const struct pci_dev *pdev);

/*
 * The device behind a function, its registers mapped, nothing negotiated.
 * NULL, with a line in the log, when it cannot be used.
 */
struct virtio_device *virtio_pci_create(const struct pci_dev *pdev);

#endif
