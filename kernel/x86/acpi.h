/* SPDX-License-Identifier: MIT */
/*
 * The firmware's ACPI tables. AML is read (kernel/x86/aml.h), but not executed.
 * Tables are checked (bounds, length, checksum) when they are found, and stay
 * mapped.
 */
#ifndef KERNEL_X86_ACPI_H
#define KERNEL_X86_ACPI_H

#include "kernel/base.h"
#include "kernel/x86/aml.h"

/* The header of every table (ACPI 6.5, 5.2.6). */
struct acpi_header {
	char signature[4];
	uint32_t length; /* of the whole table */
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	uint32_t creator_id;
	uint32_t creator_revision;
} __attribute__((packed));

/*
 * rsdp: its physical address, 0: search where a PC's BIOS puts it. Finds the
 * root table; a machine without ACPI is no error. Needs ioremap().
 */
void acpi_init(uint64_t rsdp);

/* The first valid table with this signature, its length in *len, or NULL. */
const void *acpi_find(const char sig[4], size_t *len);

/* The terms of the DSDT; false: there is none. */
bool acpi_dsdt(struct aml *terms);
/* The object of a Name in the root of the DSDT, or of an SSDT. */
bool acpi_find_name(const char name[4], struct aml *object);
/*
 * Calls fn for each device with this id in the DSDT, then in the SSDTs, as
 * aml_for_each_device() does.
 */
void acpi_for_each_device(const char *id,
			  void (*fn)(struct aml device, void *ctx), void *ctx);

/*
 * The MADT's next IO-APIC, and the first interrupt that it serves: *pos is 0
 * before the first call. False at the end.
 */
bool acpi_next_ioapic(size_t *pos, uint64_t *addr, uint32_t *gsi_base);

/* The global system interrupt of an ISA line (0-15), and how it signals. */
uint32_t acpi_isa_gsi(unsigned int line, bool *active_low, bool *level);
/* The same for the FADT's SCI_INT, by default level, active low. */
uint32_t acpi_sci_gsi(unsigned int line, bool *active_low, bool *level);

#endif
