/* SPDX-License-Identifier: MIT */
/*
 * The PCI transport's registers from before virtio 1.0 (virtio 1.2 4.1.4.10):
 * ports of the first BAR, the only interface of a legacy device and one of two
 * of a transitional device. Entered by virtio.c.
 */
#include <errno.h>
#include <linux/virtio_pci.h>
#include <string.h>

#include "drivers/virtio/virtio_pci_impl.h"
#include "kernel/mm/page.h"
#include "kernel/printk.h"
#include "kernel/x86/cpu.h"

#define LEGACY_BAR 0
#define LEGACY_REVISION 0 /* 4.1.2.3 */

/* A ring's address is written as the number of its page, in 32 bits. */
_Static_assert(VIRTIO_PCI_QUEUE_ADDR_SHIFT == PAGE_SHIFT, "4.1.5.1.3.1");
_Static_assert(VIRTIO_PCI_VRING_ALIGN == VIRTQUEUE_USED_ALIGN, "2.7.2");

static uint16_t port(struct virtio_device *vdev, unsigned int reg)
{
	return (uint16_t)(to_virtio_pci(vdev)->port + reg);
}

static uint8_t get_status(struct virtio_device *vdev)
{
	return inb(port(vdev, VIRTIO_PCI_STATUS));
}

static void set_status(struct virtio_device *vdev, uint8_t status)
{
	outb(port(vdev, VIRTIO_PCI_STATUS), status);
}

static uint64_t get_features(struct virtio_device *vdev)
{
	return inl(port(vdev, VIRTIO_PCI_HOST_FEATURES));
}

static void set_features(struct virtio_device *vdev, uint64_t features)
{
	outl(port(vdev, VIRTIO_PCI_GUEST_FEATURES), (uint32_t)features);
}

/* A legacy device has no generation. */
static uint32_t generation(struct virtio_device *vdev)
{
	return 0;
}

/* With MSI-X on, two more words lie before the configuration. */
static void read_config(struct virtio_device *vdev, unsigned int offset,
			void *field, unsigned int len)
{
	unsigned int start = VIRTIO_PCI_CONFIG_OFF(to_virtio_pci(vdev)->msix) +
			     offset;
	uint8_t *to = field;

	for (unsigned int i = 0; i < len; i++)
		to[i] = inb(port(vdev, start + i));
}

/* 4.1.5.1.2.1: if the device cannot, another value reads back. */
static int enable_config_irq(struct virtio_device *vdev)
{
	uint16_t reg = port(vdev, VIRTIO_MSI_CONFIG_VECTOR);

	virtio_pci_setup_irqs(to_virtio_pci(vdev));
	if (!to_virtio_pci(vdev)->msix)
		return 0;
	outw(reg, ENTRY_SHARED);
	return inw(reg) == ENTRY_SHARED ? 0 : -EIO;
}

static uint32_t queue_max(struct virtio_device *vdev, unsigned int index)
{
	if (index >= VIRTIO_QUEUES_MAX)
		return 0;
	outw(port(vdev, VIRTIO_PCI_QUEUE_SEL), (uint16_t)index);
	return inw(port(vdev, VIRTIO_PCI_QUEUE_NUM));
}

static void notify(struct virtqueue *vq)
{
	outw(port(vq->vdev, VIRTIO_PCI_QUEUE_NOTIFY), vq->index);
}

static int enable_queue(struct virtio_device *vdev, struct virtqueue *vq)
{
	struct virtio_pci *vp = to_virtio_pci(vdev);
	uint64_t page = virt_to_phys(vq->desc) >> PAGE_SHIFT;
	uint16_t entry = virtio_pci_queue_entry(vp, vq);

	vq->notify = notify;
	outw(port(vdev, VIRTIO_PCI_QUEUE_SEL), vq->index);
	if (page > UINT32_MAX || inl(port(vdev, VIRTIO_PCI_QUEUE_PFN)))
		return -EBUSY;
	outl(port(vdev, VIRTIO_PCI_QUEUE_PFN), (uint32_t)page);
	if (!vp->msix)
		return 0;
	outw(port(vdev, VIRTIO_MSI_QUEUE_VECTOR), entry);
	return inw(port(vdev, VIRTIO_MSI_QUEUE_VECTOR)) == entry ? 0 : -EIO;
}

static const struct virtio_transport legacy_ops = {
	.get_status = get_status,
	.set_status = set_status,
	.get_features = get_features,
	.set_features = set_features,
	.generation = generation,
	.read_config = read_config,
	.enable_config_irq = enable_config_irq,
	.queue_max = queue_max,
	.enable_queue = enable_queue,
	.cut_off = virtio_pci_cut_off,
	.let_in = virtio_pci_let_in,
};

int virtio_pci_legacy_init(struct virtio_pci *vp)
{
	vp->port = pci_io_bar(&vp->pdev, LEGACY_BAR);
	if (!vp->port || vp->pdev.revision != LEGACY_REVISION ||
	    !virtio_pci_is_transitional(&vp->pdev))
		return -ENODEV;
	pci_enable_io(&vp->pdev);
	vp->vdev.ops = &legacy_ops;
	vp->vdev.legacy = true;
	vp->vdev.fixed_rings = true;
	return 0;
}
