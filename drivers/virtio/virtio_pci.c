/* SPDX-License-Identifier: MIT */
/*
 * The PCI transport (virtio 1.2 4.1): which functions are virtio devices, and
 * their interrupts, by MSI-X or by a line that others may share. Entered by
 * the probe and by the interrupts.
 */
#include "drivers/virtio/virtio_pci.h"

#include <errno.h>
#include <linux/virtio_pci.h>
#include <string.h>

#include "drivers/virtio/virtio_pci_impl.h"
#include "kernel/mm/slab.h"
#include "kernel/printk.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/ioapic.h"
#include "kernel/x86/irq.h"

#define VENDOR_VIRTIO 0x1af4
/* 4.1.2.1: 0x1040 + id; in the transitional range the id is elsewhere. */
#define DEVICE_TRANSITIONAL 0x1000
#define DEVICE_MODERN 0x1040
#define DEVICE_END 0x1080

uint32_t virtio_pci_id(const struct pci_dev *pdev)
{
	if (pdev->vendor != VENDOR_VIRTIO ||
	    pdev->device < DEVICE_TRANSITIONAL || pdev->device >= DEVICE_END)
		return 0;
	return pdev->device >= DEVICE_MODERN ? pdev->device - DEVICE_MODERN :
					       pdev->subsystem;
}

bool virtio_pci_is_transitional(const struct pci_dev *pdev)
{
	return pdev->device >= DEVICE_TRANSITIONAL &&
	       pdev->device < DEVICE_MODERN;
}

void virtio_pci_cut_off(struct virtio_device *vdev)
{
	pci_cut_off(&to_virtio_pci(vdev)->pdev);
}

void virtio_pci_let_in(struct virtio_device *vdev)
{
	pci_let_in(&to_virtio_pci(vdev)->pdev);
}

/* ---- Interrupts by message ----------------------------------------------- */

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

uint16_t virtio_pci_queue_entry(struct virtio_pci *vp, struct virtqueue *vq)
{
	int *entry = &vp->queues[vq->index].entry;

	if (!vq->callback || !vp->msix)
		return VIRTIO_MSI_NO_VECTOR;
	if (*entry >= 0)
		return *entry;
	*entry = ENTRY_SHARED;
	if (vp->next_entry < vp->nr_entries &&
	    !route_entry(vp, vp->next_entry, vq->name, queue_irq, vq))
		*entry = vp->next_entry++;
	return *entry;
}

static bool setup_msix(struct virtio_pci *vp)
{
	struct pci_dev *pdev = &vp->pdev;

	if (pci_msix_enable(pdev, VIRTIO_QUEUES_MAX + 1))
		return false;
	if (route_entry(vp, ENTRY_SHARED, "virtio-config", shared_irq, vp)) {
		pci_msix_disable(pdev);
		return false;
	}
	vp->nr_entries = pdev->msix_count;
	vp->next_entry = ENTRY_SHARED + 1;
	vp->msix = true;
	vp->vdev.has_irq = true;
	return true;
}

/* ---- Interrupts by a line ------------------------------------------------ */

/* 4.1.4.5: the read acknowledges and lowers the line. */
static bool line_irq(void *arg)
{
	struct virtio_pci *vp = arg;
	uint8_t reasons = vp->port ? inb(vp->port + VIRTIO_PCI_ISR) : *vp->isr;

	return virtio_line_interrupt(&vp->vdev, reasons);
}

/*
 * The firmware has stored to which line of the PC's two interrupt controllers
 * the function's pin leads; a PCI line is level-triggered whatever the tables
 * say. Until the first interrupt comes the device is polled.
 */
static bool setup_line(struct virtio_pci *vp)
{
	const struct pci_dev *pdev = &vp->pdev;
	unsigned int irq = pci_irq(pdev);
	struct irq_line line = irq_legacy_line(irq);

	if ((!vp->isr && !vp->port) || !irq ||
	    irq_request_line(line.gsi, line.active_low, true, "virtio",
			     line_irq, vp))
		return false;
	vp->vdev.shared_line = true;
	pci_enable_intx(pdev);
	pr_info("%s: no MSI-X, interrupt line %u", pdev->name, irq);
	return true;
}

/* Without interrupts the device still works, polled by a timer. */
void virtio_pci_setup_irqs(struct virtio_pci *vp)
{
	if (vp->irqs_ready)
		return;
	vp->irqs_ready = true;
	if (!setup_msix(vp) && !setup_line(vp))
		pr_warn("%s: no interrupt, the device is polled",
			vp->pdev.name);
}

/* ---- Making the device --------------------------------------------------- */

static int find_registers(struct virtio_pci *vp)
{
	struct pci_dev *pdev = &vp->pdev;
	int err = virtio_pci_modern_init(vp);

	if (err == -ENOENT)
		err = virtio_pci_legacy_init(vp);
	if (err)
		pr_err("%s: virtio device %04x without registers that can be "
		       "used",
		       pdev->name, pdev->device);
	return err;
}

struct virtio_device *virtio_pci_create(const struct pci_dev *pdev)
{
	struct virtio_pci *vp = kzalloc(sizeof(*vp));
	unsigned int i;

	if (!vp)
		return NULL;
	vp->pdev = *pdev;
	vp->vdev.id = virtio_pci_id(pdev);
	memcpy(vp->vdev.where, pdev->name, sizeof(vp->vdev.where));
	for (i = 0; i < VIRTIO_QUEUES_MAX; i++)
		vp->queues[i].entry = -1;
	pci_enable(&vp->pdev);
	if (find_registers(vp)) {
		pci_cut_off(pdev);
		kfree(vp);
		return NULL;
	}
	return &vp->vdev;
}
