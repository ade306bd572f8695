/* SPDX-License-Identifier: MIT */
/*
 * Registers of a device in memory, each access one instruction of its width.
 */
#ifndef DRIVERS_MMIO_H
#define DRIVERS_MMIO_H

#include <stdint.h>

uint8_t mmio_read8(const volatile void *reg);
uint16_t mmio_read16(const volatile void *reg);
uint32_t mmio_read32(const volatile void *reg);
void mmio_write32(volatile void *reg, uint32_t value);

#endif
