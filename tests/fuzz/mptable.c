/* SPDX-License-Identifier: MIT */
/* fuzz: kernel/x86/mptable.c */
/*
 * The MP table: its pointer, and entries of any kind, with a right sum unless
 * the input says otherwise.
 */
#include "kernel/x86/mptable.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz/lib/fuzz.h"
#include "kernel/base.h"

#define TABLE_MAX 2048

static uint8_t sum(const uint8_t *p, size_t n)
{
	uint8_t s = 0;

	while (n--)
		s += *p++;
	return s;
}

/* The paragraph that leads to a table. */
static void pointer(struct input *in)
{
	uint8_t bytes[MP_POINTER_SIZE] = {
		'_', 'M', 'P', '_', 0, 0, 0x10, 0, 1
	};
	uint8_t *exact, where = take8(in) % MP_POINTER_SIZE;

	bytes[where] = take8(in);
	bytes[10] -= take8(in) & 1 ? 0 : sum(bytes, sizeof(bytes));
	exact = malloc(sizeof(bytes));
	memcpy(exact, bytes, sizeof(bytes));
	must(!mptable_pointer(exact) || !sum(exact, sizeof(bytes)),
	     "mptable: a pointer's sum");
	free(exact);
}

static size_t entries(struct input *in, uint8_t *table)
{
	size_t len = MP_HEADER_SIZE;

	while (in->left && len + 20 <= TABLE_MAX) {
		unsigned int type = take_below(in, 7);

		table[len] = type < 6 ? type : take8(in);
		take_bytes(in, table + len + 1, type ? 7 : 19);
		if (type == 1 && take8(in) & 1)
			memcpy(table + len + 2, "ISA   ", 6);
		len += type ? 8 : 20;
	}
	return len;
}

static bool has_isa_bus(const uint8_t *table, size_t len)
{
	for (size_t at = MP_HEADER_SIZE; at + 8 <= len;
	     at += table[at] ? 8 : 20)
		if (table[at] == 1 && !memcmp(table + at + 2, "ISA", 3))
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t room[TABLE_MAX] = "PCMP", *table, shape;
	struct mptable mp;
	size_t len, said;

	pointer(&in);
	shape = take8(&in);
	said = shape & 1 ? take16(&in) : 0;
	len = entries(&in, room);
	said = shape & 1 ? said : len;
	room[4] = (uint8_t)said;
	room[5] = (uint8_t)(said >> 8);
	room[7] -= shape & 2 ? 0 : sum(room, len);
	table = malloc(len);
	memcpy(table, room, len);
	said = mptable_length(table);
	if (mptable_parse(table, len, &mp)) {
		must_equal(said, len, "mptable: its length");
		must(mp.nr_apics <= MP_APICS_MAX, "mptable: IO-APICs");
		must(mp.nr_lines <= MP_LINES_MAX, "mptable: lines");
		must(!mp.nr_lines || has_isa_bus(table, len),
		     "mptable: lines are an ISA bus's");
	}
	free(table);
	return 0;
}
