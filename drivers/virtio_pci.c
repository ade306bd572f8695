/* SPDX-License-Identifier: MIT */
/*
 * The PCI transport (virtio 1.2 4.1), modern interface only: registers found
 * through vendor capabilities, MSI-X. Entered by virtio.c and by the MSI-X
 * vectors.
 */
#include "drivers/virtio_pci.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/virtio_pci.h>
#include <string.h>

#include "drivers/pci.h"
#include "drivers/virtio.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/printk.h"
#include "kernel/x86/irq.h"

#define VENDOR_VIRTIO 0x1af4
/* 4.1.2.1: 0x1040 + id, or the transitional range with the id elsewhere. */
#define DEVICE_TRANSITIONAL 0x1000
#define DEVICE_MODERN 0x1040
#define DEVICE_END 0x1080

/* Table entry of the configuration interrupt and of queues without one. */
#define ENTRY_SHARED 0

/* A structure that a capability points to. */
struct region {
	uint8_t bar;
	uint32_t offset;
	uint32_t length; /* 0: there is none */
};

struct virtio_pci {
	struct virtio_device vdev;
	struct pci_dev pdev;
	volatile struct virtio_pci_common_cfg *common;
	volatile uint8_t *config; /* the device's own, may be NULL */
	uint32_t config_len;
	struct region notify;
	uint32_t notify_multiplier;
	unsigned int nr_entries; /* of the MSI-X table, that may be used */
	unsigned int next_entry;
	struct {
		void *doorbell;
		uint32_t offset; /* of the doorbell in the notify region */
		int entry; /* -1: not given one yet */
	} queues[VIRTIO_QUEUES_MAX];
};

/* 4.1.4.3: the layout, and its last field of 1.0. */
_Static_assert(offsetof(struct virtio_pci_common_cfg, queue_used_hi) == 52,
	       "4.1.4.3");
#define COMMON_CFG_MIN 56

static struct virtio_pci *to_virtio_pci(struct virtio_device *vdev)
{
	return container_of(vdev, struct virtio_pci, vdev);
}

uint32_t virtio_pci_id(const struct pci_dev *pdev)
{
	if (pdev->vendor != VENDOR_VIRTIO ||
	    pdev->device < DEVICE_TRANSITIONAL || pdev->device >= DEVICE_END)
		return 0;
	return pdev->device >= DEVICE_MODERN ? pdev->device - DEVICE_MODERN :
					       pdev->subsystem;
}

/* --- Transport operations ------------------------------------------------- */

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
	volatile uint8_t *from = vp->config + offset;
	unsigned int i;

	memset(field, 0, len);
	if (!vp->config || offset > vp->config_len ||
	    len > vp->config_len - offset)
		return;
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
	/* A mapping is for ever: the one from before the reset is used. */
	if (!q->doorbell || q->offset != offset)
		q->doorbell = pci_map_bar(&vp->pdev, vp->notify.bar,
					  vp->notify.offset + offset,
					  sizeof(uint16_t));
	q->offset = offset;
	vq->doorbell = q->doorbell;
	vq->notify = notify;
	return q->doorbell ? 0 : -ENODEV;
}

static void queue_irq(void *arg)
{
	struct virtqueue *vq = arg;

	vq->callback(vq);
}

/* A change of configuration, or a queue for which no entry was left. */
static void shared_irq(void *arg)
{
	struct virtio_pci *vp = arg;
	unsigned int i;

	if (vp->vdev.config_changed)
		vp->vdev.config_changed(&vp->vdev);
	for (i = 0; i < VIRTIO_QUEUES_MAX; i++)
		if (vp->queues[i].entry == ENTRY_SHARED && vp->vdev.queues[i] &&
		    vp->vdev.queues[i]->callback)
			vp->vdev.queues[i]->callback(vp->vdev.queues[i]);
}

static int route_entry(struct virtio_pci *vp, unsigned int entry,
		       const char *name, irq_handler handler, void *arg)
{
	int vector = irq_alloc_vector(name, handler, arg);

	if (vector < 0)
		return vector;
	pci_msix_route(&vp->pdev, entry, vector);
	return 0;
}

static uint16_t queue_entry(struct virtio_pci *vp, struct virtqueue *vq)
{
	int *entry = &vp->queues[vq->index].entry;

	if (!vq->callback || !vp->vdev.has_irq)
		return VIRTIO_MSI_NO_VECTOR;
	if (*entry >= 0)
		return *entry;
	*entry = ENTRY_SHARED;
	if (vp->next_entry < vp->nr_entries &&
	    !route_entry(vp, vp->next_entry, vq->name, queue_irq, vq))
		*entry = vp->next_entry++;
	return *entry;
}

/* 4.1.5.1.2.1: a device that cannot do it says so in what reads back. */
static int enable_config_irq(struct virtio_device *vdev)
{
	struct virtio_pci *vp = to_virtio_pci(vdev);

	if (!vdev->has_irq)
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
	uint16_t entry = queue_entry(vp, vq);
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

static void cut_off(struct virtio_device *vdev)
{
	pci_cut_off(&to_virtio_pci(vdev)->pdev);
}

static const struct virtio_transport virtio_pci_ops = {
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
};

/* --- Finding the registers ------------------------------------------------ */

struct layout {
	struct region common, notify, config;
	uint32_t notify_multiplier;
};

/* 4.1.4.1: reserved types are skipped, the first of each kind counts. */
static void read_cap(const struct pci_dev *pdev, unsigned int cap,
		     struct layout *layout)
{
	struct region *region;
	uint8_t type = pci_read8(pdev, cap + VIRTIO_PCI_CAP_CFG_TYPE);

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
	default:
		return;
	}
	if (region->length)
		return;
	region->bar = pci_read8(pdev, cap + VIRTIO_PCI_CAP_BAR);
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
	return 0;
}

/* Without interrupts the device still works, looked at by a timer. */
static void setup_irqs(struct virtio_pci *vp)
{
	struct pci_dev *pdev = &vp->pdev;

	if (pci_msix_enable(pdev, VIRTIO_QUEUES_MAX + 1) ||
	    route_entry(vp, ENTRY_SHARED, "virtio-config", shared_irq, vp)) {
		pr_warn("%s: no MSI-X, the device is polled", pdev->name);
		return;
	}
	vp->nr_entries = pdev->msix_count;
	vp->next_entry = ENTRY_SHARED + 1;
	vp->vdev.has_irq = true;
}

struct virtio_device *virtio_pci_create(const struct pci_dev *pdev)
{
	struct virtio_pci *vp;
	struct layout layout;
	unsigned int i;

	read_layout(pdev, &layout);
	if (!layout.common.length) {
		pr_warn("%s: legacy virtio device %04x without the virtio 1.x "
			"interface, not used",
			pdev->name, pdev->device);
		return NULL;
	}
	vp = kzalloc(sizeof(*vp));
	if (!vp)
		return NULL;
	vp->pdev = *pdev;
	vp->vdev.ops = &virtio_pci_ops;
	vp->vdev.id = virtio_pci_id(pdev);
	memcpy(vp->vdev.where, pdev->name, sizeof(vp->vdev.where));
	for (i = 0; i < VIRTIO_QUEUES_MAX; i++)
		vp->queues[i].entry = -1;
	pci_enable(&vp->pdev);
	if (map_registers(vp, &layout)) {
		pr_err("%s: virtio registers cannot be mapped", pdev->name);
		pci_cut_off(pdev);
		kfree(vp);
		return NULL;
	}
	setup_irqs(vp);
	return &vp->vdev;
}
