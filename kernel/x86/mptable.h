/* SPDX-License-Identifier: MIT */
/*
 * Intel's MultiProcessor Specification 1.4, chapter 4: on a machine without
 * ACPI, the IO-APICs and the pin of each ISA interrupt.
 */
#ifndef KERNEL_X86_MPTABLE_H
#define KERNEL_X86_MPTABLE_H

#include "kernel/base.h"
#include "kernel/x86/apic.h"

#define MP_APICS_MAX 8
#define MP_LINES_MAX 64
#define MP_ALL_APICS 0xff /* instead of an IO-APIC's id: all of them */

/* The floating pointer's paragraph, and the table's head. */
#define MP_POINTER_SIZE 16
#define MP_HEADER_SIZE 44

struct mp_apic {
	uint8_t id;
	uint32_t address;
};

/* An interrupt of the ISA bus. */
struct mp_line {
	uint8_t irq;
	uint8_t apic_id;
	uint8_t pin;
	bool active_low, level;
};

struct mptable {
	unsigned int nr_apics, nr_lines;
	struct mp_apic apics[MP_APICS_MAX];
	struct mp_line lines[MP_LINES_MAX];
};

/*
 * p: MP_POINTER_SIZE bytes. The address of its table, 0: p is no valid pointer,
 * or names a default configuration instead of a table.
 */
uint32_t mptable_pointer(const void *p);

/* The table's length, from its header; 0: it is no table. */
size_t mptable_length(const void *header);

/* False: the table is damaged. Entries beyond the arrays are left out. */
bool mptable_parse(const void *table, size_t len, struct mptable *mp);

#endif
