/* SPDX-License-Identifier: MIT */
/*
 * In place of the kernel's: its instructions for ports are functions here, which
 * the fuzz target has.
 */
#ifndef KERNEL_X86_CPU_H
#define KERNEL_X86_CPU_H

#include "kernel/base.h"

static struct {
	uint32_t irqs;
} cpu0 __attribute__((unused));

uint8_t inb(uint16_t port);
uint16_t inw(uint16_t port);
uint32_t inl(uint16_t port);
void outb(uint16_t port, uint8_t value);
void outw(uint16_t port, uint16_t value);
void outl(uint16_t port, uint32_t value);

#endif
