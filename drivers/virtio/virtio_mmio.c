/* SPDX-License-Identifier: MIT */
/*
 * The MMIO transport (virtio 1.2 4.2): version 2, and version 1, the legacy
 * interface (4.2.4), which is the default of QEMU's devices.
 * Entered by virtio.c and by the interrupt lines, which devices may share.
 */
#include "drivers/virtio/virtio_mmio.h"

#include <errno.h>
#include <linux/virtio_mmio.h>
#include <stdio.h>
#include <string.h>

#include "drivers/mmio.h"
#include "drivers/virtio/virtio.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/vmap.h"
#include "kernel/printk.h"
#include "kernel/x86/ioapic.h"

#define MAGIC 0x74726976 /* "virt" */
#define VERSION_LEGACY 1
#define VERSION_1 2

/* Registers that every device has; the configuration comes after them. */
#define REGISTERS_SIZE VIRTIO_MMIO_CONFIG
#define CONFIG_MAX PAGE_SIZE

#define ACK_ROUNDS 16 /* of one interrupt */

struct virtio_mmio {
	struct virtio_device vdev;
	volatile uint8_t *regs;
	uint32_t config_len;
	bool level; /* how it interrupts */
};

static struct virtio_mmio *to_virtio_mmio(struct virtio_device *vdev)
{
	return container_of(vdev, struct virtio_mmio, vdev);
}

/* 4.2.2.2: registers are little-endian words, read and written whole. */
static uint32_t reg_read(const struct virtio_mmio *vm, unsigned int reg)
{
	return mmio_read32(vm->regs + reg);
}

static void reg_write(const struct virtio_mmio *vm, unsigned int reg,
		      uint32_t value)
{
	mmio_write32(vm->regs + reg, value);
}

static void reg_write64(const struct virtio_mmio *vm, unsigned int low,
			uint64_t value)
{
	reg_write(vm, low, (uint32_t)value);
	reg_write(vm, low + 4, (uint32_t)(value >> 32));
}

/* ---- Transport operations ------------------------------------------------ */

static uint8_t get_status(struct virtio_device *vdev)
{
	return (uint8_t)reg_read(to_virtio_mmio(vdev), VIRTIO_MMIO_STATUS);
}

static void set_status(struct virtio_device *vdev, uint8_t status)
{
	reg_write(to_virtio_mmio(vdev), VIRTIO_MMIO_STATUS, status);
}

static uint64_t get_features(struct virtio_device *vdev)
{
	struct virtio_mmio *vm = to_virtio_mmio(vdev);
	uint64_t high = 0;

	if (!vm->vdev.legacy) {
		reg_write(vm, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
		high = reg_read(vm, VIRTIO_MMIO_DEVICE_FEATURES);
	}
	reg_write(vm, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	return high << 32 | reg_read(vm, VIRTIO_MMIO_DEVICE_FEATURES);
}

static void set_features(struct virtio_device *vdev, uint64_t features)
{
	struct virtio_mmio *vm = to_virtio_mmio(vdev);

	if (!vm->vdev.legacy) {
		reg_write(vm, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
		reg_write(vm, VIRTIO_MMIO_DRIVER_FEATURES,
			  (uint32_t)(features >> 32));
	}
	reg_write(vm, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	reg_write(vm, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)features);
}

static uint32_t generation(struct virtio_device *vdev)
{
	struct virtio_mmio *vm = to_virtio_mmio(vdev);

	return vm->vdev.legacy ? 0 :
				 reg_read(vm, VIRTIO_MMIO_CONFIG_GENERATION);
}

/* 4.2.2.2: each field in one access of its own width, where it has one. */
static void read_config(struct virtio_device *vdev, unsigned int offset,
			void *field, unsigned int len)
{
	struct virtio_mmio *vm = to_virtio_mmio(vdev);
	volatile uint8_t *from;

	memset(field, 0, len);
	if (offset > vm->config_len || len > vm->config_len - offset)
		return;
	from = vm->regs + VIRTIO_MMIO_CONFIG + offset;
	if (len == 2 && !(offset & 1))
		*(uint16_t *)field = mmio_read16(from);
	else if (len == 4 && !(offset & 3))
		*(uint32_t *)field = mmio_read32(from);
	else
		for (unsigned int i = 0; i < len; i++)
			((uint8_t *)field)[i] = mmio_read8(from + i);
}

/* The device's only line was routed when the device was found. */
static int enable_config_irq(struct virtio_device *vdev)
{
	return 0;
}

static uint32_t queue_max(struct virtio_device *vdev, unsigned int index)
{
	struct virtio_mmio *vm = to_virtio_mmio(vdev);

	if (index >= VIRTIO_QUEUES_MAX)
		return 0;
	reg_write(vm, VIRTIO_MMIO_QUEUE_SEL, index);
	return reg_read(vm, VIRTIO_MMIO_QUEUE_NUM_MAX);
}

/* 4.2.3.3 */
static void notify(struct virtqueue *vq)
{
	mmio_write32(vq->doorbell, vq->index);
}

/* 4.2.4: the three parts in one piece, by the number of its first page. */
static int place_legacy(struct virtio_mmio *vm, struct virtqueue *vq)
{
	uint64_t phys = virt_to_phys(vq->desc);

	ASSERT(IS_ALIGNED(phys, PAGE_SIZE));
	if (phys >> PAGE_SHIFT > UINT32_MAX)
		return -ENOMEM;
	if (reg_read(vm, VIRTIO_MMIO_QUEUE_PFN))
		return -EBUSY;
	reg_write(vm, VIRTIO_MMIO_GUEST_PAGE_SIZE, PAGE_SIZE);
	reg_write(vm, VIRTIO_MMIO_QUEUE_NUM, vq->num);
	reg_write(vm, VIRTIO_MMIO_QUEUE_ALIGN, VIRTQUEUE_USED_ALIGN);
	reg_write(vm, VIRTIO_MMIO_QUEUE_PFN, (uint32_t)(phys >> PAGE_SHIFT));
	return 0;
}

/* 4.2.3.2 */
static int place_queue(struct virtio_mmio *vm, struct virtqueue *vq)
{
	if (reg_read(vm, VIRTIO_MMIO_QUEUE_READY))
		return -EBUSY;
	reg_write(vm, VIRTIO_MMIO_QUEUE_NUM, vq->num);
	reg_write64(vm, VIRTIO_MMIO_QUEUE_DESC_LOW, virt_to_phys(vq->desc));
	reg_write64(vm, VIRTIO_MMIO_QUEUE_AVAIL_LOW, virt_to_phys(vq->avail));
	reg_write64(vm, VIRTIO_MMIO_QUEUE_USED_LOW, virt_to_phys(vq->used));
	reg_write(vm, VIRTIO_MMIO_QUEUE_READY, 1);
	return reg_read(vm, VIRTIO_MMIO_QUEUE_READY) == 1 ? 0 : -EIO;
}

static int enable_queue(struct virtio_device *vdev, struct virtqueue *vq)
{
	struct virtio_mmio *vm = to_virtio_mmio(vdev);

	vq->doorbell = (void *)(vm->regs + VIRTIO_MMIO_QUEUE_NOTIFY);
	vq->notify = notify;
	reg_write(vm, VIRTIO_MMIO_QUEUE_SEL, vq->index);
	return vm->vdev.legacy ? place_legacy(vm, vq) : place_queue(vm, vq);
}

/* There is no bus to cut it off from: a reset ends its queues (2.4). */
static void cut_off(struct virtio_device *vdev)
{
	set_status(vdev, 0);
}

static void let_in(struct virtio_device *vdev)
{
}

static const struct virtio_transport virtio_mmio_ops = {
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
	.let_in = let_in,
};

/* ---- Interrupts ---------------------------------------------------------- */

/*
 * Reads and acknowledges the interrupt's reasons. An edge-triggered line has to
 * fall before it can rise again, so none may be left.
 */
static uint32_t take_reasons(struct virtio_mmio *vm)
{
	unsigned int rounds = vm->level ? 1 : ACK_ROUNDS;
	uint32_t reasons, all = 0;

	do {
		reasons = reg_read(vm, VIRTIO_MMIO_INTERRUPT_STATUS);
		if (!reasons)
			break;
		reg_write(vm, VIRTIO_MMIO_INTERRUPT_ACK, reasons);
		all |= reasons;
	} while (--rounds);
	return all;
}

/*
 * Acknowledges first, then handles: buffers that the device adds meanwhile are
 * seen, or raise the line again.
 */
static bool line_interrupt(void *arg)
{
	struct virtio_mmio *vm = arg;

	return virtio_line_interrupt(&vm->vdev, take_reasons(vm));
}

static void setup_irq(struct virtio_mmio *vm, const struct irq_line *line)
{
	int err = irq_request_line(line->gsi, line->active_low, line->level,
				   "virtio-mmio", line_interrupt, vm);

	vm->level = line->level;
	vm->vdev.has_irq = !err;
	vm->vdev.shared_line = !err;
	if (err)
		pr_warn("%s: no interrupt line %u (%d), the device is polled",
			vm->vdev.where, line->gsi, err);
}

/* ---- Finding the device -------------------------------------------------- */

/* A device's version, 1 or 2; 0: no device, or no usable one. */
static uint32_t read_version(const struct virtio_mmio *vm)
{
	uint32_t version;

	if (reg_read(vm, VIRTIO_MMIO_MAGIC_VALUE) != MAGIC) {
		pr_warn("%s: no virtio-mmio registers", vm->vdev.where);
		return 0;
	}
	version = reg_read(vm, VIRTIO_MMIO_VERSION);
	if (version != VERSION_LEGACY && version != VERSION_1) {
		pr_warn("%s: virtio-mmio of version %u, not used",
			vm->vdev.where, version);
		return 0;
	}
	return version;
}

static void init_device(struct virtio_mmio *vm, const struct mmio_slot *slot)
{
	vm->vdev.ops = &virtio_mmio_ops;
	snprintf(vm->vdev.where, sizeof(vm->vdev.where), "mmio@%lx",
		 (unsigned long)slot->base);
	vm->config_len = MIN(slot->size - REGISTERS_SIZE, CONFIG_MAX);
}

/* 4.2.3.1.1: id 0 is a place without a device. */
static int identify(struct virtio_mmio *vm)
{
	uint32_t version = read_version(vm);

	if (!version)
		return -ENODEV;
	vm->vdev.id = reg_read(vm, VIRTIO_MMIO_DEVICE_ID);
	vm->vdev.legacy = version == VERSION_LEGACY;
	return vm->vdev.id ? 0 : -ENODEV;
}

struct virtio_device *virtio_mmio_create(const struct mmio_slot *slot)
{
	struct virtio_mmio *vm = kzalloc(sizeof(*vm));

	if (!vm)
		return NULL;
	init_device(vm, slot);
	vm->regs = ioremap(slot->base, REGISTERS_SIZE + vm->config_len);
	if (!vm->regs || identify(vm)) {
		kfree(vm);
		return NULL;
	}
	setup_irq(vm, &slot->line);
	return &vm->vdev;
}
