/* SPDX-License-Identifier: MIT */
/*
 * Which driver takes which device.
 */
#include "drivers/drivers.h"

#include <linux/virtio_ids.h>

#include "drivers/acpi/vmgenid.h"
#include "drivers/i6300esb.h"
#include "drivers/netdev.h"
#include "drivers/pci.h"
#include "drivers/pci_nics.h"
#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtio_mmio.h"
#include "drivers/virtio/virtio_pci.h"
#include "kernel/cmdline.h"
#include "kernel/printk.h"
#include "kernel/x86/acpi.h"

#define ACPI_PCI_EXPRESS "PNP0A08" /* a host bridge */

static const struct virtio_driver {
	uint32_t id;
	int (*probe)(struct virtio_device *vdev);
} virtio_drivers[] = {
	{ VIRTIO_ID_NET, virtio_net_probe },
	{ VIRTIO_ID_RNG, virtio_rng_probe },
};

static const struct virtio_driver *find_driver(uint32_t id)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(virtio_drivers); i++)
		if (virtio_drivers[i].id == id)
			return &virtio_drivers[i];
	return NULL;
}

static void no_driver(const char *where, uint32_t id)
{
	pr_debug("%s: virtio device type %u, no driver", where, id);
}

static void probe_virtio_pci(const struct pci_dev *pdev, uint32_t id)
{
	const struct virtio_driver *driver = find_driver(id);
	struct virtio_device *vdev;

	if (!driver) {
		no_driver(pdev->name, id);
		return;
	}
	vdev = virtio_pci_create(pdev);
	if (vdev)
		driver->probe(vdev);
}

static void probe_mmio(const struct mmio_slot *slot)
{
	struct virtio_device *vdev = virtio_mmio_create(slot);
	const struct virtio_driver *driver;

	if (!vdev)
		return;
	driver = find_driver(vdev->id);
	if (driver)
		driver->probe(vdev);
	else
		no_driver(vdev->where, vdev->id);
}

static void refuse_nic(const struct pci_dev *pdev)
{
	const char *name = pci_nic_name(pdev->vendor, pdev->device);

	pr_warn("%s: network device %04x:%04x%s%s%s is not supported, "
		"virtio-net is",
		pdev->name, pdev->vendor, pdev->device, name ? " (" : "",
		name ? name : "", name ? ")" : "");
}

static void probe_pci(const struct pci_dev *pdev)
{
	uint32_t id = virtio_pci_id(pdev);

	if (id)
		probe_virtio_pci(pdev, id);
	else if (pdev->class >> 16 == PCI_CLASS_BASE_NETWORK)
		refuse_nic(pdev);
	else if (i6300esb_is(pdev))
		i6300esb_start(pdev);
}

static void note_bridge(struct aml device, void *ctx)
{
	pr_notice("PCI: reached through memory alone, not used");
}

/*
 * QEMU's microvm with pcie=on has no ports for configuration space, and no
 * firmware that places BARs. Roots other than bus 0 are rare (QEMU's pxb): they
 * are searched only on a machine without a network device so far.
 */
static void scan_pci(void)
{
	if (!pci_scan(probe_pci))
		acpi_for_each_device(ACPI_PCI_EXPRESS, note_bridge, NULL);
	else if (!netdev_first())
		pci_scan_other_roots(probe_pci);
}

void drivers_init(void)
{
	vmgenid_init();
	if (!cmdline_is("pci", "off"))
		scan_pci();
	virtio_mmio_for_each(probe_mmio);
	virtio_rng_wait();
}
