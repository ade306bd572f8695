/* SPDX-License-Identifier: MIT */
/*
 * Which driver takes which device.
 */
#include "drivers/drivers.h"

#include <linux/virtio_ids.h>

#include "drivers/netdev.h"
#include "drivers/pci.h"
#include "drivers/virtio.h"
#include "drivers/virtio_pci.h"
#include "kernel/printk.h"

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

static void probe_virtio(const struct pci_dev *pdev, uint32_t id)
{
	const struct virtio_driver *driver = find_driver(id);
	struct virtio_device *vdev;

	if (!driver) {
		pr_debug("%s: virtio device type %u, no driver", pdev->name,
			 id);
		return;
	}
	if (id == VIRTIO_ID_NET && netdev_first()) {
		pr_notice("%s: another network device, not used", pdev->name);
		return;
	}
	vdev = virtio_pci_create(pdev);
	if (vdev)
		driver->probe(vdev);
}

static void probe_pci(const struct pci_dev *pdev)
{
	uint32_t id = virtio_pci_id(pdev);

	if (id)
		probe_virtio(pdev, id);
	else if (pdev->class >> 16 == PCI_CLASS_BASE_NETWORK)
		pr_warn("%s: network device %04x:%04x is not supported, "
			"virtio-net is",
			pdev->name, pdev->vendor, pdev->device);
}

void drivers_init(void)
{
	pci_scan(probe_pci);
}
