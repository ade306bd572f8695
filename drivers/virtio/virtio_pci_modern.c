/* SPDX-License-Identifier: MIT */
/*
 * The PCI transport's registers as of virtio 1.0 (virtio 1.2 4.1.4), which
 * vendor capabilities point to. Entered by virtio.c.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/virtio_pci.h>
#include <string.h>

#include "drivers/virtio/virtio_pci_impl.h"
#include "kernel/mm/page.h"
#include "kernel/printk.h"

/* 4.1.4.3: the layout, and its last field of 1.0. */
_Static_assert(offsetof(struct virtio_pci_common_cfg, queue_used_hi) == 52,
	       "4.1.4.3");
#define COMMON_CFG_MIN 56

/* ---- Transport operations ------------------------------------------------ */

static uint8_t get_status(struct virtio_device *vdev)
{
	return to_virtio_pci(vdev)->common->device_status;
}

static void set_status(struct virtio_device *vdev, uint8_t status)
{
	to_virtio_pci(vdev)->common->device_status = status;
}

static uint64_t get_features(struct virtio_device *vdev)
{
	struct virtio_pci *vp = to_virtio_pci(vdev);
	uint64_t low;

	vp->common->device_feature_select = 0;
	low = vp->common->device_feature;
	vp->common->device_feature_select = 1;
	return low | (uint64_t)vp->common->device_feature << 32;
}

static void set_features(struct virtio_device *vdev, uint64_t features)
{
	struct virtio_pci *vp = to_virtio_pci(vdev);

	vp->common->guest_feature_select = 0;
	vp->common->guest_feature = (uint32_t)features;
	vp->common->guest_feature_select = 1;
	vp->common->guest_feature = (uint32_t)(features >> 32);
}

static uint32_t generation(struct virtio_device *vdev)
{
	return to_virtio_pci(vdev)->common->config_generation;
}

/* 4.1.3.1: each field in one access of its own width. */
static void read_config(struct virtio_device *vdev, unsigned int offset,
			void *field, unsigned int len)
{
	struct virtio_pci *vp = to_virtio_pci(vdev);
	volatile uint8_t *from;
	unsigned int i;

	memset(field, 0, len);
	if (!vp->config || offset > vp->config_len ||
	    len > vp->config_len - offset)
		return;
	from = vp->config + offset;
	if (len == 2 && !(offset & 1))
		*(uint16_t *)field = *(volatile uint16_t *)from;
	else if (len == 4 && !(offset & 3))
		*(uint32_t *)field = *(volatile uint32_t *)from;
	else
		for (i = 0; i < len; i++)
			((uint8_t *)field)[i] = from[i];
}

static uint32_t queue_max(struct virtio_device *vdev, unsigned int index)
{
	struct virtio_pci *vp = to_virtio_pci(vdev);

	if (index >= VIRTIO_QUEUES_MAX || index >= vp->common->num_queues)
		return 0;
	vp->common->queue_select = index;
	return vp->common->queue_size;
}

/* 4.1.4.4, 4.1.5.2: the queue's index, at its own place. */
static void notify(struct virtqueue *vq)
{
	*(volatile uint16_t *)vq->doorbell = vq->index;
}

static int map_doorbell(struct virtio_pci *vp, struct virtqueue *vq)
{
	typeof(&vp->queues[0]) q = &vp->queues[vq->index];
	uint64_t offset = (uint64_t)vp->common->queue_notify_off *
			  vp->notify_multiplier;

	if (offset & 1 || offset + sizeof(uint16_t) > vp->notify.length)
		return -ENODEV;
	/* Mappings are never undone: the one from before a reset is used. */
	if (!q->doorbell || q->offset != offset)
		q->doorbell = pci_map_bar(&vp->pdev, vp->notify.bar,
					  vp->notify.offset + offset,
					  sizeof(uint16_t));
	q->offset = offset;
	vq->doorbell = q->doorbell;
	vq->notify = notify;
	return q->doorbell ? 0 : -ENODEV;
}

/* 4.1.5.1.2.1: if the device cannot, another value reads back. */
static int enable_config_irq(struct virtio_device *vdev)
{
	struct virtio_pci *vp = to_virtio_pci(vdev);

	virtio_pci_setup_irqs(vp);
	if (!vp->msix)
		return 0;
	vp->common->msix_config = ENTRY_SHARED;
	return vp->common->msix_config == ENTRY_SHARED ? 0 : -EIO;
}

/* 4.1.5.1.3 */
static int enable_queue(struct virtio_device *vdev, struct virtqueue *vq)
{
	struct virtio_pci *vp = to_virtio_pci(vdev);
	volatile struct virtio_pci_common_cfg *common = vp->common;
	uint64_t desc = virt_to_phys(vq->desc);
	uint64_t avail = virt_to_phys(vq->avail);
	uint64_t used = virt_to_phys(vq->used);
	uint16_t entry = virtio_pci_queue_entry(vp, vq);
	int err;

	common->queue_select = vq->index;
	err = map_doorbell(vp, vq);
	if (err)
		return err;
	common->queue_size = vq->num;
	common->queue_desc_lo = (uint32_t)desc;
	common->queue_desc_hi = (uint32_t)(desc >> 32);
	common->queue_avail_lo = (uint32_t)avail;
	common->queue_avail_hi = (uint32_t)(avail >> 32);
	common->queue_used_lo = (uint32_t)used;
	common->queue_used_hi = (uint32_t)(used >> 32);
	common->queue_msix_vector = entry;
	if (common->queue_msix_vector != entry)
		return -EIO;
	common->queue_enable = 1;
	return 0;
}

static const struct virtio_transport modern_ops = {
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

/* ---- Finding the registers ----------------------------------------------- */

struct layout {
	struct region common, notify, config, isr;
	uint32_t notify_multiplier;
};

/*
 * 4.1.4: reserved types are skipped; of each kind the first usable one is
 * taken. A device may also have its doorbells as ports, and list them first.
 */
static void read_cap(const struct pci_dev *pdev, unsigned int cap,
		     struct layout *layout)
{
	struct region *region;
	uint8_t type = pci_read8(pdev, cap + VIRTIO_PCI_CAP_CFG_TYPE);
	uint8_t bar;

	switch (type) {
	case VIRTIO_PCI_CAP_COMMON_CFG:
		region = &layout->common;
		break;
	case VIRTIO_PCI_CAP_NOTIFY_CFG:
		region = &layout->notify;
		break;
	case VIRTIO_PCI_CAP_DEVICE_CFG:
		region = &layout->config;
		break;
	case VIRTIO_PCI_CAP_ISR_CFG:
		region = &layout->isr;
		break;
	default:
		return;
	}
	bar = pci_read8(pdev, cap + VIRTIO_PCI_CAP_BAR);
	if (region->length || !pci_bar_is_memory(pdev, bar))
		return;
	region->bar = bar;
	region->offset = pci_read32(pdev, cap + VIRTIO_PCI_CAP_OFFSET);
	region->length = pci_read32(pdev, cap + VIRTIO_PCI_CAP_LENGTH);
	if (type == VIRTIO_PCI_CAP_NOTIFY_CFG)
		layout->notify_multiplier = pci_read32(
			pdev, cap + VIRTIO_PCI_NOTIFY_CAP_MULT);
}

static void read_layout(const struct pci_dev *pdev, struct layout *layout)
{
	unsigned int cap, i;

	memset(layout, 0, sizeof(*layout));
	cap = pci_find_cap(pdev, PCI_CAP_ID_VNDR, 0);
	for (i = 0; cap && i < PCI_CAPS_MAX; i++) {
		read_cap(pdev, cap, layout);
		cap = pci_find_cap(pdev, PCI_CAP_ID_VNDR, cap);
	}
}

static int map_registers(struct virtio_pci *vp, const struct layout *layout)
{
	const struct region *common = &layout->common;
	const struct region *config = &layout->config;

	if (common->length < COMMON_CFG_MIN || common->offset & 3)
		return -ENODEV;
	vp->common = pci_map_bar(&vp->pdev, common->bar, common->offset,
				 COMMON_CFG_MIN);
	if (!vp->common)
		return -ENODEV;
	vp->notify = layout->notify;
	vp->notify_multiplier = layout->notify_multiplier;
	if (config->length && !(config->offset & 3)) {
		vp->config_len = MIN(config->length, PAGE_SIZE);
		vp->config = pci_map_bar(&vp->pdev, config->bar, config->offset,
					 vp->config_len);
	}
	if (layout->isr.length)
		vp->isr = pci_map_bar(&vp->pdev, layout->isr.bar,
				      layout->isr.offset, 1);
	return 0;
}

int virtio_pci_modern_init(struct virtio_pci *vp)
{
	struct layout layout;

	read_layout(&vp->pdev, &layout);
	if (!layout.common.length)
		return -ENOENT;
	vp->vdev.ops = &modern_ops;
	return map_registers(vp, &layout);
}
