/* SPDX-License-Identifier: MIT */
/*
 * The IO-APIC (82093AA; ACPI 6.4 5.2.12): lines to vectors. One is enough:
 * PCI devices signal by message. Entered at boot, and to silence a line.
 */
#include <errno.h>

#include "kernel/mm/vmap.h"
#include "kernel/printk.h"
#include "kernel/x86/acpi.h"
#include "kernel/x86/apic.h"

/* Register window, and what lies behind it. */
#define IOREGSEL (0x00 / 4)
#define IOWIN (0x10 / 4)
#define IOAPIC_VERSION 0x01
#define IOAPIC_REDIRECTION 0x10 /* two words a line */

#define REDIRECT_ACTIVE_LOW BIT(13)
#define REDIRECT_LEVEL BIT(15)
#define REDIRECT_MASKED BIT(16)
#define REDIRECT_DESTINATION_SHIFT 24 /* in the high word */

static volatile uint32_t *ioapic;
static uint32_t first_gsi;
static unsigned int nr_lines;

static uint32_t ioapic_read(uint32_t reg)
{
	ioapic[IOREGSEL] = reg;
	return ioapic[IOWIN];
}

static void ioapic_write(uint32_t reg, uint32_t value)
{
	ioapic[IOREGSEL] = reg;
	ioapic[IOWIN] = value;
}

void ioapic_init(void)
{
	uint64_t address;

	if (!acpi_ioapic(&address, &first_gsi)) {
		pr_notice("no IO-APIC: no legacy interrupts");
		return;
	}
	ioapic = ioremap(address, PAGE_SIZE);
	if (!ioapic)
		panic("no memory to map the IO-APIC");
	nr_lines = (ioapic_read(IOAPIC_VERSION) >> 16 & 0xff) + 1;
	for (unsigned int i = 0; i < nr_lines; i++)
		ioapic_write(IOAPIC_REDIRECTION + 2 * i, REDIRECT_MASKED);
}

/* The line's entry, 0 when it is none of this IO-APIC. */
static uint32_t redirection(uint32_t gsi)
{
	if (!ioapic || gsi < first_gsi || gsi - first_gsi >= nr_lines)
		return 0;
	return IOAPIC_REDIRECTION + 2 * (gsi - first_gsi);
}

int ioapic_route(uint32_t gsi, bool active_low, bool level, uint8_t vector)
{
	uint32_t reg = redirection(gsi);

	if (!reg)
		return -ENODEV;
	ioapic_write(reg + 1, apic_id() << REDIRECT_DESTINATION_SHIFT);
	ioapic_write(reg, vector | (active_low ? REDIRECT_ACTIVE_LOW : 0) |
				  (level ? REDIRECT_LEVEL : 0));
	return 0;
}

void ioapic_mask(uint32_t gsi)
{
	uint32_t reg = redirection(gsi);

	if (reg)
		ioapic_write(reg, REDIRECT_MASKED);
}
