/* SPDX-License-Identifier: MIT */
/*
 * PCI functions: finding them, their configuration space, their registers
 * and MSI-X. BARs and bus numbers stay as the firmware has set them.
 * Thread context at boot.
 */
#ifndef DRIVERS_PCI_H
#define DRIVERS_PCI_H

#include "kernel/base.h"

#define PCI_CLASS_BASE_NETWORK 0x02

/* Capabilities begin at dwords after the header: at most 48. */
#define PCI_CAPS_MAX 48

struct pci_dev {
	uint8_t bus, slot, func;
	char name[16]; /* "00:03.0" */
	uint16_t vendor, device, subsystem;
	uint8_t revision;
	uint32_t class; /* base class, subclass, interface: 0x020000 */
	uint8_t msix_cap; /* offset of the capability, 0: none */
	uint16_t msix_count; /* entries of its table */
	volatile uint32_t *msix_table; /* NULL until pci_msix_enable() */
};

/*
 * Calls fn for every function except bridges. pdev is valid only during the
 * call. False: there is no function at all, not even a bridge.
 */
bool pci_scan(void (*fn)(const struct pci_dev *pdev));
/* The same behind ACPI's host bridges whose first bus is not 0. */
void pci_scan_other_roots(void (*fn)(const struct pci_dev *pdev));

/* Configuration space; offset aligned to the width. */
uint8_t pci_read8(const struct pci_dev *pdev, unsigned int offset);
uint16_t pci_read16(const struct pci_dev *pdev, unsigned int offset);
uint32_t pci_read32(const struct pci_dev *pdev, unsigned int offset);
void pci_write8(const struct pci_dev *pdev, unsigned int offset, uint8_t v);
void pci_write16(const struct pci_dev *pdev, unsigned int offset, uint16_t v);

/* Memory decoding and bus mastering on; no legacy interrupt. */
void pci_enable(const struct pci_dev *pdev);
void pci_enable_io(const struct pci_dev *pdev); /* its ports, too */
/* Allows interrupts by its pin. */
void pci_enable_intx(const struct pci_dev *pdev);
/* The PC's interrupt (1-15) that the pin leads to, 0: none (3.0, 6.2.4). */
unsigned int pci_irq(const struct pci_dev *pdev);
/* Bus mastering off: it can neither reach memory nor send interrupts. */
void pci_cut_off(const struct pci_dev *pdev);
void pci_let_in(const struct pci_dev *pdev);

/*
 * Next capability with this id after offset `after` (0: the first), 0 when
 * there is none. Ends even if the list is a loop.
 */
unsigned int pci_find_cap(const struct pci_dev *pdev, uint8_t id,
			  unsigned int after);

/* First port of an I/O BAR, 0: no I/O BAR, or no address. */
uint16_t pci_io_bar(const struct pci_dev *pdev, unsigned int bar);
/* Whether this BAR is a memory BAR with an address. */
bool pci_bar_is_memory(const struct pci_dev *pdev, unsigned int bar);
/*
 * Maps [offset, offset + len) of a memory BAR. NULL: an I/O BAR, no address, an
 * impossible range, or no memory.
 */
void *pci_map_bar(const struct pci_dev *pdev, unsigned int bar, uint64_t offset,
		  size_t len);

/* MSI-X on, up to max entries in use, all masked. -ENODEV, -ENOMEM. */
int pci_msix_enable(struct pci_dev *pdev, unsigned int max);
void pci_msix_disable(struct pci_dev *pdev);
/* From now on this entry raises this vector. */
void pci_msix_route(struct pci_dev *pdev, unsigned int entry, int vector);

#endif
