/* SPDX-License-Identifier: MIT */
/*
 * virtio over MMIO (virtio 1.2 4.2): what the probe needs of it.
 */
#ifndef DRIVERS_VIRTIO_VIRTIO_MMIO_H
#define DRIVERS_VIRTIO_VIRTIO_MMIO_H

#include "kernel/x86/ioapic.h"
#include "kernel/x86/irq.h"

struct virtio_device;

/* size bytes of registers at base, and the interrupt line. */
struct mmio_slot {
	uint64_t base;
	uint64_t size;
	struct irq_line line;
};

/*
 * SIZE@BASE:IRQ[:ID] as on Linux: SIZE may end in K, M or G, the ID is not
 * used. False: of another form, or an impossible place.
 */
bool virtio_mmio_parse(const char *text, struct mmio_slot *slot, uint32_t *irq);

/*
 * Calls fn once for each possible place of a virtio device: those of ACPI
 * (LNRO0005), then those of the command line (virtio_mmio.device=).
 */
void virtio_mmio_for_each(void (*fn)(const struct mmio_slot *slot));

/*
 * The device there, its registers mapped, nothing negotiated. NULL: no device,
 * or, with a line in the log, one that cannot be used.
 */
struct virtio_device *virtio_mmio_create(const struct mmio_slot *slot);

#endif
