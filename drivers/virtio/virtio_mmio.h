/* SPDX-License-Identifier: MIT */
/*
 * virtio over MMIO (virtio 1.2 4.2): what the probe needs of it.
 */
#ifndef DRIVERS_VIRTIO_VIRTIO_MMIO_H
#define DRIVERS_VIRTIO_VIRTIO_MMIO_H

#include "kernel/x86/ioapic.h"
#include "kernel/x86/irq.h"

struct virtio_device;

/* Registers at base, size bytes of them, and the line they interrupt by. */
struct mmio_slot {
	uint64_t base;
	uint64_t size;
	struct irq_line line;
};

/*
 * SIZE@BASE:IRQ[:ID] as Linux takes it: SIZE may end in K, M or G, the ID is
 * not used. False: it is not that, or no device can be there.
 */
bool virtio_mmio_parse(const char *text, struct mmio_slot *slot, uint32_t *irq);

/*
 * Calls fn for each place where the machine says that a virtio device may be:
 * those of ACPI (LNRO0005), then those that the command line names
 * (virtio_mmio.device=), each once.
 */
void virtio_mmio_for_each(void (*fn)(const struct mmio_slot *slot));

/*
 * The device there, its registers mapped, nothing negotiated. NULL: no device,
 * or, with a line in the log, one that cannot be used.
 */
struct virtio_device *virtio_mmio_create(const struct mmio_slot *slot);

#endif
