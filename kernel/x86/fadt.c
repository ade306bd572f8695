/* SPDX-License-Identifier: MIT */
/*
 * Reads the FADT and accesses the registers that it names, which are ports or
 * memory (ACPI 6.5, 5.2.9). Read and mapped at boot, used in any context.
 */
#include "kernel/x86/fadt.h"

#include <string.h>

#include "kernel/mm/vmap.h"
#include "kernel/x86/cpu.h"

bool fadt_read(struct fadt *fadt)
{
	size_t len;
	const void *table = acpi_find("FACP", &len);

	memset(fadt, 0, sizeof(*fadt));
	if (!table)
		return false;
	memcpy(fadt, table, MIN(len, sizeof(*fadt)));
	return true;
}

void acpi_reg_map(struct acpi_reg *reg, const struct acpi_gas *gas,
		  unsigned int offset, uint8_t size)
{
	uint64_t address = gas->address + offset;

	memset(reg, 0, sizeof(*reg));
	if (!gas->address || address < offset)
		return;
	if (gas->space == ACPI_SPACE_IO && address <= UINT16_MAX) {
		reg->port = (uint16_t)address;
		reg->size = size;
	} else if (gas->space == ACPI_SPACE_MEMORY &&
		   IS_ALIGNED(address, size)) {
		reg->memory = ioremap(address, size);
		reg->size = reg->memory ? size : 0;
	}
}

static uint32_t read_memory(const struct acpi_reg *reg)
{
	switch (reg->size) {
	case 1:
		return *(volatile uint8_t *)reg->memory;
	case 2:
		return *(volatile uint16_t *)reg->memory;
	default:
		return *(volatile uint32_t *)reg->memory;
	}
}

static uint32_t read_port(const struct acpi_reg *reg)
{
	switch (reg->size) {
	case 1:
		return inb(reg->port);
	case 2:
		return inw(reg->port);
	default:
		return inl(reg->port);
	}
}

uint32_t acpi_reg_read(const struct acpi_reg *reg)
{
	if (!reg->size)
		return 0;
	return reg->memory ? read_memory(reg) : read_port(reg);
}

static void write_memory(const struct acpi_reg *reg, uint32_t value)
{
	switch (reg->size) {
	case 1:
		*(volatile uint8_t *)reg->memory = (uint8_t)value;
		break;
	case 2:
		*(volatile uint16_t *)reg->memory = (uint16_t)value;
		break;
	default:
		*(volatile uint32_t *)reg->memory = value;
	}
}

static void write_port(const struct acpi_reg *reg, uint32_t value)
{
	switch (reg->size) {
	case 1:
		outb(reg->port, (uint8_t)value);
		break;
	case 2:
		outw(reg->port, (uint16_t)value);
		break;
	default:
		outl(reg->port, value);
	}
}

void acpi_reg_write(const struct acpi_reg *reg, uint32_t value)
{
	if (!reg->size)
		return;
	if (reg->memory)
		write_memory(reg, value);
	else
		write_port(reg, value);
}
