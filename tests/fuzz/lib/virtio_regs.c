/* SPDX-License-Identifier: MIT */
/*
 * The registers of a virtio device. Those of MMIO are functions; those of PCI's
 * modern interface are memory that the driver reads and writes by itself, and
 * the input changes; ports are functions again.
 */
#include "fuzz/lib/virtio_regs.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_pci.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/mmio.h"
#include "drivers/pci.h"
#include "drivers/virtio/virtio_mmio.h"
#include "drivers/virtio/virtio_pci.h"
#include "kernel/mm/vmap.h"
#include "kernel/x86/acpi.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/irq.h"

#define MMIO_BASE 0x1000
#define MMIO_SIZE 0x200
#define BAR 0xfe000000
#define BAR_SIZE 0x4000
#define PORTS 0xc000
#define FUNCTION (3 << 3) /* 00:03.0, the only one */
#define COMMON 0
#define NOTIFY 0x1000
#define ISR 0x1800
#define CONFIG 0x2000
#define TABLE 0x3000

/* Where something says what is not so: at is a register, a port's, a byte's. */
struct lie {
	uint32_t at, value;
	bool on, once;
};

static struct fake_virtio *device;
static struct lie lies[4];
static uint8_t words[MMIO_SIZE]; /* what was written, over MMIO and ports */
static uint32_t selected, half;
static bool (*line)(void *arg);
static void *line_arg;
static struct {
	irq_handler handler;
	void *arg;
} vectors[8];
static unsigned int nr_vectors;

/* What the driver mapped, each of exactly its length. */
static struct map {
	uint64_t phys;
	size_t len;
	uint8_t *memory; /* begins as phys does in its sixteen bytes */
} maps[16];
static unsigned int nr_maps;

/* ---- Lies ---------------------------------------------------------------- */

static uint32_t told(uint32_t at, uint32_t truth)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(lies); i++)
		if (lies[i].on && lies[i].at == at) {
			lies[i].on = !lies[i].once;
			return lies[i].value;
		}
	return truth;
}

void regs_lie(struct input *in)
{
	struct lie *lie = &lies[take_below(in, ARRAY_SIZE(lies))];
	struct map *map;
	size_t at, n;

	lie->at = take8(in) & 0xfc;
	lie->once = take8(in) & 1;
	lie->value = take8(in) & 1 ? take8(in) : (uint32_t)take_near(in);
	lie->on = true;
	if (!nr_maps)
		return;
	map = &maps[take_below(in, nr_maps)];
	at = take16(in) % map->len;
	n = take_below(in, 5);
	take_bytes(in, map->memory + map->phys % 16 + at,
		   MIN(n, map->len - at));
}

/* ---- MMIO ---------------------------------------------------------------- */

static uint32_t word(size_t at)
{
	uint32_t value;

	memcpy(&value, words + at, sizeof(value));
	return value;
}

static uint32_t mmio_truth(size_t at)
{
	switch (at) {
	case VIRTIO_MMIO_MAGIC_VALUE:
		return 0x74726976;
	case VIRTIO_MMIO_VERSION:
		return device->vdev.legacy ? 1 : 2;
	case VIRTIO_MMIO_DEVICE_ID:
		return 1;
	case VIRTIO_MMIO_DEVICE_FEATURES:
		return (uint32_t)(device->offered >> (half ? 32 : 0));
	case VIRTIO_MMIO_QUEUE_NUM_MAX:
		return selected < 2 ? device->queue_max : 0;
	case VIRTIO_MMIO_STATUS:
		return device->status;
	default:
		return word(at);
	}
}

static size_t offset_of(const volatile void *reg, size_t width)
{
	size_t at = (const volatile uint8_t *)reg - maps[0].memory;

	must(at + width <= MMIO_SIZE, "virtio: a register of the device");
	return at;
}

uint32_t mmio_read32(const volatile void *reg)
{
	size_t at = offset_of(reg, 4);

	return told((uint32_t)at, mmio_truth(at));
}

uint8_t mmio_read8(const volatile void *reg)
{
	size_t at = offset_of(reg, 1) - VIRTIO_MMIO_CONFIG;

	return device->config[at % sizeof(device->config)];
}

uint16_t mmio_read16(const volatile void *reg)
{
	return mmio_read8(reg) | mmio_read8((const volatile uint8_t *)reg + 1)
					 << 8;
}

static void set_status(uint8_t status)
{
	if (status || !device->stubborn)
		device->status = status;
	if (!status)
		memset(words, 0, sizeof(words));
	if (device->refuses)
		device->status &= ~VIRTIO_CONFIG_S_FEATURES_OK;
}

void mmio_write32(volatile void *reg, uint32_t value)
{
	size_t at = offset_of(reg, 4);

	must(at < VIRTIO_MMIO_CONFIG, "virtio: a register to write");
	switch (at) {
	case VIRTIO_MMIO_STATUS:
		set_status((uint8_t)value);
		break;
	case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
		half = value;
		break;
	case VIRTIO_MMIO_QUEUE_SEL:
		selected = value;
		break;
	default:
		memcpy(words + at, &value, sizeof(value));
	}
}

struct virtio_device *regs_find_mmio(struct input *in)
{
	struct mmio_slot slot = { .base = MMIO_BASE,
				  .size = MMIO_SIZE - take_below(in, 64) * 4,
				  .line = { .gsi = take_below(in, 2),
					    .level = take_below(in, 2) } };

	return virtio_mmio_create(&slot);
}

/* ---- PCI's configuration space and ports --------------------------------- */

static uint8_t space[256];
static uint32_t address;

static uint32_t port_truth(unsigned int reg)
{
	switch (reg) {
	case VIRTIO_PCI_HOST_FEATURES:
		return (uint32_t)device->offered;
	case VIRTIO_PCI_QUEUE_NUM:
		return selected < 2 ? device->queue_max : 0;
	case VIRTIO_PCI_STATUS:
		return device->status;
	default:
		return word(reg % (MMIO_SIZE - 4));
	}
}

uint32_t inl(uint16_t port)
{
	uint32_t value;

	if ((port & ~3) == 0xcfc) {
		if ((address >> 8 & 0xffff) != FUNCTION)
			return UINT32_MAX;
		memcpy(&value, space + (address & 0xfc), sizeof(value));
		return value >> 8 * (port & 3);
	}
	return told((uint16_t)(port - PORTS) & 0xfc,
		    port_truth((uint16_t)(port - PORTS)));
}

uint16_t inw(uint16_t port)
{
	return (uint16_t)inl(port);
}

uint8_t inb(uint16_t port)
{
	return (uint8_t)inl(port);
}

void outl(uint16_t port, uint32_t value)
{
	uint16_t reg = port - PORTS;

	if (port == 0xcf8)
		address = value;
	else if (reg == VIRTIO_PCI_STATUS)
		set_status((uint8_t)value);
	else if (reg == VIRTIO_PCI_QUEUE_SEL)
		selected = value;
	else if (reg < MMIO_SIZE - 4)
		memcpy(words + reg, &value, sizeof(value));
}

/* The space's command and MSI-X flags keep what is written. */
void outw(uint16_t port, uint16_t value)
{
	if ((port & ~3) == 0xcfc)
		memcpy(space + (address & 0xfc) + (port & 2), &value,
		       sizeof(value));
	else
		outl(port, value);
}

void outb(uint16_t port, uint8_t value)
{
	outl(port, value);
}

static void put(unsigned int at, uint32_t value)
{
	memcpy(space + at, &value, sizeof(value));
}

/* A vendor capability (virtio 1.2 4.1.4), and where the next one is. */
static void put_cap(unsigned int at, uint8_t type, uint32_t offset,
		    uint32_t len, unsigned int next)
{
	put(at, PCI_CAP_ID_VNDR | next << 8 | 20 << 16 | (uint32_t)type << 24);
	put(at + VIRTIO_PCI_CAP_BAR, 1);
	put(at + VIRTIO_PCI_CAP_OFFSET, offset);
	put(at + VIRTIO_PCI_CAP_LENGTH, len);
}

static void put_space(bool modern)
{
	memset(space, 0, sizeof(space));
	put(PCI_VENDOR_ID, 0x1af4 | (modern ? 0x1041U : 0x1000U) << 16);
	put(PCI_COMMAND, (uint32_t)PCI_STATUS_CAP_LIST << 16);
	put(PCI_CLASS_REVISION, 0x02000000 | modern);
	put(PCI_BASE_ADDRESS_0, PORTS | 1);
	put(PCI_BASE_ADDRESS_1, BAR);
	put(PCI_SUBSYSTEM_VENDOR_ID, 1 << 16);
	put(PCI_CAPABILITY_LIST, 0x40);
	put(PCI_INTERRUPT_LINE, 0x010b);
	put(0x40, PCI_CAP_ID_MSIX | (modern ? 0x50 : 0) << 8 | 3 << 16);
	put(0x44, TABLE | 1);
	put_cap(0x50, VIRTIO_PCI_CAP_COMMON_CFG, COMMON, 56, 0x60);
	put_cap(0x60, VIRTIO_PCI_CAP_NOTIFY_CFG, NOTIFY, 0x100, 0x80);
	put(0x60 + VIRTIO_PCI_NOTIFY_CAP_MULT, 4);
	put_cap(0x80, VIRTIO_PCI_CAP_DEVICE_CFG, CONFIG, 20, 0x90);
	put_cap(0x90, VIRTIO_PCI_CAP_ISR_CFG, ISR, 1, 0);
}

static struct virtio_device *found;

static void take_function(const struct pci_dev *pdev)
{
	if (!found && virtio_pci_id(pdev) == 1)
		found = virtio_pci_create(pdev);
}

struct virtio_device *regs_find_pci(struct input *in)
{
	put_space(take8(in) & 1);
	for (unsigned int i = take_below(in, 6); i; i--)
		space[take8(in)] = take8(in);
	found = NULL;
	(void)pci_scan(take_function);
	return found;
}

void acpi_for_each_device(const char *id,
			  void (*fn)(struct aml device, void *ctx), void *ctx)
{
}

/* ---- What the machine has ------------------------------------------------ */

/* The common configuration as a device has it that was reset. */
static void fill_common(uint8_t *memory)
{
	struct virtio_pci_common_cfg common = {
		.device_feature = (uint32_t)(device->offered | 1),
		.num_queues = 2,
		.queue_size = (uint16_t)device->queue_max,
	};

	memcpy(memory, &common, sizeof(common));
}

void *ioremap(uint64_t phys, size_t size)
{
	struct map *map = &maps[nr_maps];

	if (nr_maps == ARRAY_SIZE(maps) || size > BAR_SIZE)
		return NULL;
	nr_maps++;
	map->phys = phys;
	map->len = size;
	map->memory = calloc(1, phys % 16 + size);
	if (phys == BAR + COMMON && size >= 56)
		fill_common(map->memory);
	else if (phys == BAR + CONFIG)
		memcpy(map->memory, device->config,
		       MIN(size, sizeof(device->config)));
	return map->memory + phys % 16;
}

int irq_request_line(uint32_t gsi, bool active_low, bool level,
		     const char *name, bool (*handler)(void *arg), void *arg)
{
	line = handler;
	line_arg = arg;
	return gsi ? 0 : -ENODEV;
}

struct irq_line irq_legacy_line(unsigned int irq)
{
	return (struct irq_line){ .gsi = irq };
}

int irq_alloc_vector(const char *name, irq_handler handler, void *arg)
{
	if (nr_vectors == ARRAY_SIZE(vectors))
		return -ENOSPC;
	vectors[nr_vectors].handler = handler;
	vectors[nr_vectors].arg = arg;
	return (int)nr_vectors++;
}

void irq_msi_message(int vector, uint64_t *to, uint32_t *data)
{
	*to = 0xfee00000;
	*data = (uint32_t)vector;
}

bool regs_interrupt(uint32_t reasons)
{
	memcpy(words + VIRTIO_MMIO_INTERRUPT_STATUS, &reasons, sizeof(reasons));
	for (unsigned int i = 0; i < nr_vectors; i++)
		vectors[i].handler(vectors[i].arg);
	if (line)
		(void)line(line_arg);
	return line || nr_vectors;
}

void regs_reset(struct fake_virtio *fv)
{
	device = fv;
	memset(words, 0, sizeof(words));
	memset(lies, 0, sizeof(lies));
	selected = half = 0;
	nr_vectors = 0;
	line = NULL;
}

void regs_free(void)
{
	while (nr_maps)
		free(maps[--nr_maps].memory);
}
