/* SPDX-License-Identifier: MIT */
/*
 * The interrupt descriptor table: 256 gates to the 16-byte entry points in
 * entry.S. All are interrupt gates, so C always starts with interrupts off.
 * Entered once at boot.
 */
#include "kernel/x86/idt.h"

#include "kernel/x86/cpu.h"
#include "kernel/x86/gdt.h"
#include "kernel/x86/regs.h"

#define NR_VECTORS 256
#define VECTOR_STRIDE 16 /* of trap_vectors */

/* SDM vol 3 figure 6-8. */
struct gate {
	uint16_t offset_low;
	uint16_t selector;
	uint8_t ist;
	uint8_t type;
	uint16_t offset_mid;
	uint32_t offset_high;
	uint32_t reserved;
};
_Static_assert(sizeof(struct gate) == 16, "SDM vol 3 6.14.1");

#define GATE_INTERRUPT 0x8e /* present, DPL 0 */
#define GATE_DPL3 0x60

extern const uint8_t trap_vectors[NR_VECTORS][VECTOR_STRIDE];

static struct gate idt[NR_VECTORS] __ro_after_init;

static void set_gate(unsigned int vector, enum ist ist, uint8_t dpl)
{
	uintptr_t entry = (uintptr_t)trap_vectors[vector];

	idt[vector] = (struct gate){
		.offset_low = (uint16_t)entry,
		.selector = KERNEL_CS,
		.ist = (uint8_t)ist,
		.type = GATE_INTERRUPT | dpl,
		.offset_mid = (uint16_t)(entry >> 16),
		.offset_high = (uint32_t)(entry >> 32),
	};
}

void idt_init(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) idtr = { sizeof(idt) - 1, (uintptr_t)idt };

	for (unsigned int v = 0; v < NR_VECTORS; v++)
		set_gate(v, IST_NONE, 0);
	set_gate(1, IST_DEBUG, 0);
	set_gate(2, IST_NMI, 0);
	set_gate(3, IST_NONE, GATE_DPL3); /* ring 3 may execute INT3 */
	set_gate(8, IST_DOUBLE_FAULT, 0);
	set_gate(18, IST_MACHINE_CHECK, 0);
	__asm__ volatile("lidt %0" : : "m"(idtr));
}
