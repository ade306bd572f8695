/* SPDX-License-Identifier: MIT */
/*
 * The MP configuration table, read into struct mptable. Every entry is checked
 * against the table's length; the count of entries in the header is not used
 * (qboot leaves it 0). Portable, no state.
 */
#include "kernel/x86/mptable.h"

#include <string.h>

#include "kernel/x86/apic.h"

/* 4.1: the floating pointer structure. */
#define POINTER_ADDRESS 4
#define POINTER_LENGTH 8 /* in paragraphs of 16 bytes */
#define POINTER_FEATURE1 11 /* not 0: one of the default configurations */

/* 4.2: the header. */
#define HEADER_LENGTH 4

/* 4.3: entries, by type; a processor's is longer than all others. */
enum {
	ENTRY_PROCESSOR = 0,
	ENTRY_BUS = 1,
	ENTRY_IO_APIC = 2,
	ENTRY_INTERRUPT = 3,
	ENTRY_LOCAL_INTERRUPT = 4,
};
#define PROCESSOR_SIZE 20
#define ENTRY_SIZE 8

#define IO_APIC_ENABLED BIT(0)
#define INTERRUPT_INT 0 /* vectored: the IO-APIC gives the vector */

/* 4.3.4: polarity and trigger mode; 0 is what the bus does. */
#define POLARITY 0x3
#define POLARITY_LOW 0x3
#define TRIGGER 0xc
#define TRIGGER_LEVEL 0xc

static bool sum_is_zero(const uint8_t *p, size_t len)
{
	uint8_t sum = 0;

	while (len--)
		sum += *p++;
	return !sum;
}

static uint32_t read32(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

uint32_t mptable_pointer(const void *p)
{
	const uint8_t *pointer = p;

	if (memcmp(pointer, "_MP_", 4) || pointer[POINTER_LENGTH] != 1 ||
	    !sum_is_zero(pointer, MP_POINTER_SIZE) || pointer[POINTER_FEATURE1])
		return 0;
	return read32(pointer + POINTER_ADDRESS);
}

size_t mptable_length(const void *header)
{
	const uint8_t *table = header;
	size_t len = table[HEADER_LENGTH] | table[HEADER_LENGTH + 1] << 8;

	return memcmp(table, "PCMP", 4) || len < MP_HEADER_SIZE ? 0 : len;
}

static size_t entry_size(uint8_t type)
{
	return type == ENTRY_PROCESSOR ? PROCESSOR_SIZE : ENTRY_SIZE;
}

static void add_apic(struct mptable *mp, const uint8_t *entry)
{
	if (!(entry[3] & IO_APIC_ENABLED) || mp->nr_apics == MP_APICS_MAX)
		return;
	mp->apics[mp->nr_apics++] = (struct mp_apic){
		.id = entry[1],
		.address = read32(entry + 4),
	};
}

static void add_line(struct mptable *mp, const uint8_t *entry)
{
	if (entry[1] != INTERRUPT_INT || mp->nr_lines == MP_LINES_MAX)
		return;
	mp->lines[mp->nr_lines++] = (struct mp_line){
		.irq = entry[5],
		.apic_id = entry[6],
		.pin = entry[7],
		.active_low = (entry[2] & POLARITY) == POLARITY_LOW,
		.level = (entry[2] & TRIGGER) == TRIGGER_LEVEL,
	};
}

/* fn: for each entry that lies in the table. False: one does not. */
static bool for_each(const uint8_t *table, size_t len,
		     void (*fn)(const uint8_t *entry, void *ctx), void *ctx)
{
	size_t at = MP_HEADER_SIZE;

	while (at < len) {
		if (table[at] > ENTRY_LOCAL_INTERRUPT ||
		    entry_size(table[at]) > len - at)
			return false;
		fn(table + at, ctx);
		at += entry_size(table[at]);
	}
	return true;
}

struct parse {
	struct mptable *mp;
	bool isa[256]; /* by bus number */
};

/* Buses come before the interrupts that refer to them (4.3). */
static void take_entry(const uint8_t *entry, void *ctx)
{
	struct parse *parse = ctx;

	switch (entry[0]) {
	case ENTRY_BUS:
		parse->isa[entry[1]] = !memcmp(entry + 2, "ISA", 3);
		break;
	case ENTRY_IO_APIC:
		add_apic(parse->mp, entry);
		break;
	case ENTRY_INTERRUPT:
		if (parse->isa[entry[4]])
			add_line(parse->mp, entry);
		break;
	}
}

bool mptable_parse(const void *table, size_t len, struct mptable *mp)
{
	struct parse parse = { .mp = mp };

	memset(mp, 0, sizeof(*mp));
	if (len < MP_HEADER_SIZE || mptable_length(table) != len ||
	    !sum_is_zero(table, len))
		return false;
	return for_each(table, len, take_entry, &parse);
}
