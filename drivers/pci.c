/* SPDX-License-Identifier: MIT */
/*
 * PCI by configuration mechanism 1: an address port and a data port (PCI
 * Local Bus 3.0, 3.2.2.3.2). That reaches the first 256 bytes of every
 * function, which hold all that is needed here.
 */
#include "drivers/pci.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <stdio.h>

#include "kernel/mm/vmap.h"
#include "kernel/printk.h"
#include "kernel/x86/acpi.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/irq.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define CONFIG_ENABLE BIT(31)

#define PCI_BUSES 256
#define PCI_SLOTS 32
#define PCI_FUNCS 8
/* An empty slot reads as this; as 0 with a broken bridge, or with none. */
#define VENDOR_NONE 0xffff
#define VENDOR_ZERO 0x0000
#define HEADER_MULTIFUNCTION 0x80
#define CLASS_BASE_BRIDGE 0x06

#define ISA_IRQS 16

#define CAP_FIRST 0x40 /* capabilities come after the header */

/* No x86 CPU has more physical address bits (SDM vol 3 4.1.4). */
#define PHYS_MAX BIT(52)

static void select_config(const struct pci_dev *pdev, unsigned int offset)
{
	outl(CONFIG_ADDRESS, CONFIG_ENABLE | pdev->bus << 16 |
				     pdev->slot << 11 | pdev->func << 8 |
				     (offset & 0xfc));
}

uint32_t pci_read32(const struct pci_dev *pdev, unsigned int offset)
{
	select_config(pdev, offset);
	return inl(CONFIG_DATA);
}

uint16_t pci_read16(const struct pci_dev *pdev, unsigned int offset)
{
	select_config(pdev, offset);
	return inw(CONFIG_DATA + (offset & 2));
}

uint8_t pci_read8(const struct pci_dev *pdev, unsigned int offset)
{
	select_config(pdev, offset);
	return inb(CONFIG_DATA + (offset & 3));
}

void pci_write8(const struct pci_dev *pdev, unsigned int offset, uint8_t v)
{
	select_config(pdev, offset);
	outb(CONFIG_DATA + (offset & 3), v);
}

void pci_write16(const struct pci_dev *pdev, unsigned int offset, uint16_t v)
{
	select_config(pdev, offset);
	outw(CONFIG_DATA + (offset & 2), v);
}

/* Writes only on a change: each write costs a hypervisor a new memory map. */
static void set_command(const struct pci_dev *pdev, uint16_t set,
			uint16_t clear)
{
	uint16_t old = pci_read16(pdev, PCI_COMMAND);
	uint16_t new = (old & ~clear) | set;

	if (new != old)
		pci_write16(pdev, PCI_COMMAND, new);
}

void pci_enable(const struct pci_dev *pdev)
{
	set_command(pdev,
		    PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
			    PCI_COMMAND_INTX_DISABLE,
		    0);
}

void pci_enable_io(const struct pci_dev *pdev)
{
	set_command(pdev, PCI_COMMAND_IO, 0);
}

void pci_enable_intx(const struct pci_dev *pdev)
{
	set_command(pdev, 0, PCI_COMMAND_INTX_DISABLE);
}

unsigned int pci_irq(const struct pci_dev *pdev)
{
	uint8_t irq = pci_read8(pdev, PCI_INTERRUPT_LINE);

	return pci_read8(pdev, PCI_INTERRUPT_PIN) && irq < ISA_IRQS ? irq : 0;
}

void pci_cut_off(const struct pci_dev *pdev)
{
	set_command(pdev, 0, PCI_COMMAND_MASTER);
}

void pci_let_in(const struct pci_dev *pdev)
{
	set_command(pdev, PCI_COMMAND_MASTER, 0);
}

unsigned int pci_find_cap(const struct pci_dev *pdev, uint8_t id,
			  unsigned int after)
{
	unsigned int at, i;

	if (!(pci_read16(pdev, PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	at = pci_read8(pdev,
		       after ? after + PCI_CAP_LIST_NEXT : PCI_CAPABILITY_LIST);
	for (i = 0; i < PCI_CAPS_MAX; i++) {
		at &= ~3U; /* the low bits are reserved (3.0, 6.7) */
		if (at < CAP_FIRST)
			return 0;
		if (pci_read8(pdev, at + PCI_CAP_LIST_ID) == id)
			return at;
		at = pci_read8(pdev, at + PCI_CAP_LIST_NEXT);
	}
	return 0;
}

/* The address of a memory BAR, 0: no memory BAR, or no address (6.2.5.1). */
static uint64_t bar_address(const struct pci_dev *pdev, unsigned int bar)
{
	unsigned int offset = PCI_BASE_ADDRESS_0 + 4 * bar;
	uint32_t low;
	uint64_t high = 0;

	if (bar >= PCI_STD_NUM_BARS)
		return 0;
	low = pci_read32(pdev, offset);
	if (low & PCI_BASE_ADDRESS_SPACE_IO)
		return 0;
	if ((low & PCI_BASE_ADDRESS_MEM_TYPE_MASK) ==
	    PCI_BASE_ADDRESS_MEM_TYPE_64) {
		if (bar + 1 >= PCI_STD_NUM_BARS)
			return 0;
		high = pci_read32(pdev, offset + 4);
	}
	return high << 32 | (low & PCI_BASE_ADDRESS_MEM_MASK);
}

uint16_t pci_io_bar(const struct pci_dev *pdev, unsigned int bar)
{
	uint32_t low = pci_read32(pdev, PCI_BASE_ADDRESS_0 + 4 * bar);

	if (!(low & PCI_BASE_ADDRESS_SPACE_IO) || low > UINT16_MAX)
		return 0;
	return low & PCI_BASE_ADDRESS_IO_MASK;
}

bool pci_bar_is_memory(const struct pci_dev *pdev, unsigned int bar)
{
	return bar_address(pdev, bar);
}

void *pci_map_bar(const struct pci_dev *pdev, unsigned int bar, uint64_t offset,
		  size_t len)
{
	uint64_t address = bar_address(pdev, bar);

	if (!address || address >= PHYS_MAX || offset >= PHYS_MAX ||
	    len >= PHYS_MAX || address + offset + len > PHYS_MAX)
		return NULL;
	return ioremap(address + offset, len);
}

int pci_msix_enable(struct pci_dev *pdev, unsigned int max)
{
	unsigned int i, used = MIN(max, pdev->msix_count);
	uint32_t table;
	uint16_t flags;

	if (!used)
		return -ENODEV;
	table = pci_read32(pdev, pdev->msix_cap + PCI_MSIX_TABLE);
	pdev->msix_table = pci_map_bar(pdev, table & PCI_MSIX_TABLE_BIR,
				       table & PCI_MSIX_TABLE_OFFSET,
				       used * PCI_MSIX_ENTRY_SIZE);
	if (!pdev->msix_table)
		return -ENOMEM;
	for (i = 0; i < used; i++)
		pdev->msix_table[(i * PCI_MSIX_ENTRY_SIZE +
				  PCI_MSIX_ENTRY_VECTOR_CTRL) /
				 4] = PCI_MSIX_ENTRY_CTRL_MASKBIT;
	pdev->msix_count = used;

	flags = pci_read16(pdev, pdev->msix_cap + PCI_MSIX_FLAGS);
	flags &= ~PCI_MSIX_FLAGS_MASKALL;
	pci_write16(pdev, pdev->msix_cap + PCI_MSIX_FLAGS,
		    flags | PCI_MSIX_FLAGS_ENABLE);
	return 0;
}

void pci_msix_disable(struct pci_dev *pdev)
{
	uint16_t flags = pci_read16(pdev, pdev->msix_cap + PCI_MSIX_FLAGS);

	pci_write16(pdev, pdev->msix_cap + PCI_MSIX_FLAGS,
		    flags & ~PCI_MSIX_FLAGS_ENABLE);
}

void pci_msix_route(struct pci_dev *pdev, unsigned int entry, int vector)
{
	volatile uint32_t *e;
	uint64_t address;
	uint32_t data;

	ASSERT(pdev->msix_table && entry < pdev->msix_count);
	e = &pdev->msix_table[entry * PCI_MSIX_ENTRY_SIZE / 4];
	irq_msi_message(vector, &address, &data);
	/* Changed only while masked (PCI Local Bus 3.0, 6.8.2.9). */
	e[PCI_MSIX_ENTRY_VECTOR_CTRL / 4] = PCI_MSIX_ENTRY_CTRL_MASKBIT;
	e[PCI_MSIX_ENTRY_LOWER_ADDR / 4] = (uint32_t)address;
	e[PCI_MSIX_ENTRY_UPPER_ADDR / 4] = (uint32_t)(address >> 32);
	e[PCI_MSIX_ENTRY_DATA / 4] = data;
	e[PCI_MSIX_ENTRY_VECTOR_CTRL / 4] = 0;
}

/* ---- Finding the functions ----------------------------------------------- */

struct scan {
	void (*fn)(const struct pci_dev *pdev);
	uint8_t header; /* of the function last read */
	bool found; /* any function */
	uint8_t pending[PCI_BUSES]; /* buses found, in the order of finding */
	unsigned int nr_pending;
	bool seen[PCI_BUSES];
};

static void scan_add_bus(struct scan *scan, uint8_t bus)
{
	if (scan->seen[bus])
		return;
	scan->seen[bus] = true;
	scan->pending[scan->nr_pending++] = bus;
}

static void read_function(struct scan *scan, struct pci_dev *pdev)
{
	uint32_t class;

	snprintf(pdev->name, sizeof(pdev->name), "%02x:%02x.%x", pdev->bus,
		 pdev->slot, pdev->func);
	pdev->device = pci_read16(pdev, PCI_DEVICE_ID);
	class = pci_read32(pdev, PCI_CLASS_REVISION);
	pdev->class = class >> 8;
	pdev->revision = (uint8_t) class;
	scan->header = pci_read8(pdev, PCI_HEADER_TYPE);
	if ((scan->header & PCI_HEADER_TYPE_MASK) != PCI_HEADER_TYPE_NORMAL)
		return;
	pdev->subsystem = pci_read16(pdev, PCI_SUBSYSTEM_ID);
	pdev->msix_cap = pci_find_cap(pdev, PCI_CAP_ID_MSIX, 0);
	if (pdev->msix_cap)
		pdev->msix_count = (pci_read16(pdev, pdev->msix_cap +
							     PCI_MSIX_FLAGS) &
				    PCI_MSIX_FLAGS_QSIZE) +
				   1;
}

/* False: there is no such function. */
static bool scan_function(struct scan *scan, uint8_t bus, uint8_t slot,
			  uint8_t func)
{
	struct pci_dev pdev = { .bus = bus, .slot = slot, .func = func };

	pdev.vendor = pci_read16(&pdev, PCI_VENDOR_ID);
	if (pdev.vendor == VENDOR_NONE || pdev.vendor == VENDOR_ZERO)
		return false;
	scan->found = true;
	read_function(scan, &pdev);
	switch (scan->header & PCI_HEADER_TYPE_MASK) {
	case PCI_HEADER_TYPE_NORMAL:
		if (pdev.class >> 16 != CLASS_BASE_BRIDGE)
			scan->fn(&pdev);
		break;
	case PCI_HEADER_TYPE_BRIDGE:
		/* 0: the firmware left the bridge closed. */
		scan_add_bus(scan, pci_read8(&pdev, PCI_SECONDARY_BUS));
		break;
	}
	return true;
}

static void scan_slot(struct scan *scan, uint8_t bus, uint8_t slot)
{
	unsigned int func;

	if (!scan_function(scan, bus, slot, 0) ||
	    !(scan->header & HEADER_MULTIFUNCTION))
		return;
	for (func = 1; func < PCI_FUNCS; func++)
		scan_function(scan, bus, slot, func);
}

static bool scan_buses(struct scan *scan)
{
	unsigned int i, slot;

	for (i = 0; i < scan->nr_pending; i++)
		for (slot = 0; slot < PCI_SLOTS; slot++)
			scan_slot(scan, scan->pending[i], slot);
	return scan->found;
}

bool pci_scan(void (*fn)(const struct pci_dev *pdev))
{
	struct scan scan = { .fn = fn };

	scan_add_bus(&scan, 0);
	return scan_buses(&scan);
}

/* A host bridge's first bus (ACPI 6.5, 6.5.5). */
static void add_root(struct aml device, void *ctx)
{
	struct aml number;
	uint64_t bus;

	if (aml_find_name(device, "_BBN", &number) &&
	    aml_integer(number, &bus) && bus < PCI_BUSES)
		scan_add_bus(ctx, (uint8_t)bus);
}

void pci_scan_other_roots(void (*fn)(const struct pci_dev *pdev))
{
	struct scan scan = { .fn = fn, .seen = { true } };

	acpi_for_each_device("PNP0A03", add_root, &scan);
	acpi_for_each_device("PNP0A08", add_root, &scan);
	scan_buses(&scan);
}
