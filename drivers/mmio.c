/* SPDX-License-Identifier: MIT */
/*
 * Device registers. Functions, so that a test can be the device.
 */
#include "drivers/mmio.h"

uint8_t mmio_read8(const volatile void *reg)
{
	return *(const volatile uint8_t *)reg;
}

uint16_t mmio_read16(const volatile void *reg)
{
	return *(const volatile uint16_t *)reg;
}

uint32_t mmio_read32(const volatile void *reg)
{
	return *(const volatile uint32_t *)reg;
}

void mmio_write32(volatile void *reg, uint32_t value)
{
	*(volatile uint32_t *)reg = value;
}
