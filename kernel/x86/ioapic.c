/* SPDX-License-Identifier: MIT */
/*
 * The IO-APICs (82093AA; ACPI 6.5 5.2.12.3): interrupt lines to vectors. The
 * MADT has their addresses, on a machine without ACPI the MP table; without
 * both, the usual address of a PC is tried. Owns the interrupt number of each
 * pin. Entered at boot, and to mask a line.
 */
#include "kernel/x86/ioapic.h"

#include <errno.h>

#include "kernel/mm/vmap.h"
#include "kernel/printk.h"
#include "kernel/x86/acpi.h"
#include "kernel/x86/apic.h"
#include "kernel/x86/firmware.h"
#include "kernel/x86/irq.h"
#include "kernel/x86/mptable.h"

#define IOAPICS_MAX MP_APICS_MAX
#define DEFAULT_ADDRESS 0xfec00000
#define ISA_LINES 16

/* The register window, and the registers reached through it. */
#define IOREGSEL (0x00 / 4)
#define IOWIN (0x10 / 4)
#define IOAPIC_VERSION 0x01
#define IOAPIC_REDIRECTION 0x10 /* two words a line */

#define REDIRECT_ACTIVE_LOW BIT(13)
#define REDIRECT_LEVEL BIT(15)
#define REDIRECT_MASKED BIT(16)
#define REDIRECT_DESTINATION_SHIFT 24 /* in the high word */

#define LINES_MAX 240 /* of one: SDM vol 3 10.5.1 has no more vectors */

struct ioapic {
	volatile uint32_t *regs;
	uint32_t first_gsi;
	unsigned int nr_lines;
	uint8_t id; /* the MP table's */
};

static struct ioapic ioapics[IOAPICS_MAX];
static unsigned int nr_ioapics;
static struct mptable mptable; /* empty if the MADT is used */

static uint32_t ioapic_read(const struct ioapic *io, uint32_t reg)
{
	io->regs[IOREGSEL] = reg;
	return io->regs[IOWIN];
}

static void ioapic_write(const struct ioapic *io, uint32_t reg, uint32_t value)
{
	io->regs[IOREGSEL] = reg;
	io->regs[IOWIN] = value;
}

/* Without a device all bits read the same. */
static bool is_ioapic(uint32_t version)
{
	unsigned int lines = (version >> 16 & 0xff) + 1;

	return version && version != UINT32_MAX && lines <= LINES_MAX;
}

static void add_ioapic(uint64_t address, uint32_t first_gsi, uint8_t id)
{
	struct ioapic *io = &ioapics[nr_ioapics];
	uint32_t version;

	if (nr_ioapics == IOAPICS_MAX)
		return;
	io->regs = ioremap(address, PAGE_SIZE);
	if (!io->regs)
		panic("no memory to map the IO-APIC");
	version = ioapic_read(io, IOAPIC_VERSION);
	if (!is_ioapic(version)) {
		pr_debug("no IO-APIC at %#lx", (unsigned long)address);
		return;
	}
	io->first_gsi = first_gsi;
	io->id = id;
	io->nr_lines = (version >> 16 & 0xff) + 1;
	for (unsigned int i = 0; i < io->nr_lines; i++)
		ioapic_write(io, IOAPIC_REDIRECTION + 2 * i, REDIRECT_MASKED);
	nr_ioapics++;
}

static bool add_by_acpi(void)
{
	uint64_t address;
	uint32_t first_gsi;
	size_t pos = 0;

	while (acpi_next_ioapic(&pos, &address, &first_gsi))
		add_ioapic(address, first_gsi, 0);
	return nr_ioapics;
}

static bool is_mp_pointer(const void *p)
{
	return mptable_pointer(p);
}

/* MPS has no numbers across IO-APICs: each begins after the one before. */
static bool add_by_mptable(void)
{
	const void *pointer = firmware_search("_MP_", is_mp_pointer);
	const void *table = NULL;
	uint32_t first_gsi = 0;
	size_t len = 0;

	if (!pointer)
		return false;
	table = firmware_map(mptable_pointer(pointer), MP_HEADER_SIZE);
	if (table)
		len = mptable_length(table);
	table = firmware_map(mptable_pointer(pointer), len);
	if (!table || !mptable_parse(table, len, &mptable)) {
		pr_warn("the MP table is damaged");
		return false;
	}
	for (unsigned int i = 0; i < mptable.nr_apics; i++) {
		unsigned int before = nr_ioapics;

		add_ioapic(mptable.apics[i].address, first_gsi,
			   mptable.apics[i].id);
		if (nr_ioapics > before)
			first_gsi += ioapics[before].nr_lines;
	}
	return nr_ioapics;
}

void ioapic_init(void)
{
	if (add_by_acpi() || add_by_mptable())
		return;
	mptable.nr_lines = 0;
	add_ioapic(DEFAULT_ADDRESS, 0, 0);
	if (!nr_ioapics)
		pr_notice("no IO-APIC: no interrupt lines");
}

/* The IO-APIC that serves an interrupt, and the line's registers there. */
static const struct ioapic *find_line(uint32_t gsi, uint32_t *reg)
{
	for (unsigned int i = 0; i < nr_ioapics; i++) {
		const struct ioapic *io = &ioapics[i];

		if (gsi < io->first_gsi || gsi - io->first_gsi >= io->nr_lines)
			continue;
		*reg = IOAPIC_REDIRECTION + 2 * (gsi - io->first_gsi);
		return io;
	}
	return NULL;
}

int ioapic_route(uint32_t gsi, bool active_low, bool level, uint8_t vector)
{
	uint32_t reg;
	const struct ioapic *io = find_line(gsi, &reg);

	if (!io)
		return -ENODEV;
	ioapic_write(io, reg + 1, apic_id() << REDIRECT_DESTINATION_SHIFT);
	ioapic_write(io, reg,
		     vector | (active_low ? REDIRECT_ACTIVE_LOW : 0) |
			     (level ? REDIRECT_LEVEL : 0));
	return 0;
}

void ioapic_mask(uint32_t gsi)
{
	uint32_t reg;
	const struct ioapic *io = find_line(gsi, &reg);

	if (io)
		ioapic_write(io, reg, REDIRECT_MASKED);
}

/* The MP table's line for a PC's interrupt. */
static bool line_by_mptable(unsigned int irq, struct irq_line *line)
{
	for (unsigned int i = 0; i < mptable.nr_lines; i++) {
		const struct mp_line *mp = &mptable.lines[i];

		if (mp->irq != irq)
			continue;
		for (unsigned int k = 0; k < nr_ioapics; k++) {
			if (ioapics[k].id != mp->apic_id &&
			    mp->apic_id != MP_ALL_APICS)
				continue;
			line->gsi = ioapics[k].first_gsi + mp->pin;
			line->active_low = mp->active_low;
			line->level = mp->level;
			return true;
		}
	}
	return false;
}

struct irq_line irq_legacy_line(unsigned int irq)
{
	struct irq_line line = { .gsi = irq };

	if (line_by_mptable(irq, &line))
		return line;
	if (irq < ISA_LINES)
		line.gsi = acpi_isa_gsi(irq, &line.active_low, &line.level);
	return line;
}
