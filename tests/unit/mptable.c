/* SPDX-License-Identifier: MIT */
/* unit: kernel/x86/mptable.c */
/*
 * The MP table: one as qboot and Firecracker write it, and damaged ones.
 */
#include "kernel/x86/mptable.h"

#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"

#define MUTATIONS 200000

static uint8_t table[1024];
static size_t len;

static void put(const void *bytes, size_t n)
{
	memcpy(table + len, bytes, n);
	len += n;
}

static void put_bus(uint8_t id, const char *name)
{
	uint8_t entry[8] = { 1, id };

	memcpy(entry + 2, name, 6);
	put(entry, sizeof(entry));
}

static void put_apic(uint8_t id, uint8_t flags, uint32_t address)
{
	uint8_t entry[8] = { 2, id, 0x11, flags };

	memcpy(entry + 4, &address, 4);
	put(entry, sizeof(entry));
}

static void put_line(uint8_t type, uint8_t flags, uint8_t bus, uint8_t irq,
		     uint8_t apic, uint8_t pin)
{
	uint8_t entry[8] = { 3, type, flags, 0, bus, irq, apic, pin };

	put(entry, sizeof(entry));
}

static uint8_t sum(const uint8_t *p, size_t n)
{
	uint8_t s = 0;

	while (n--)
		s += *p++;
	return s;
}

static void begin(void)
{
	static const uint8_t processor[20] = { 0, 0, 0x14, 3 };

	memset(table, 0, sizeof(table));
	memcpy(table, "PCMP", 4);
	len = MP_HEADER_SIZE;
	put(processor, sizeof(processor));
}

static void end(void)
{
	table[4] = (uint8_t)len;
	table[5] = (uint8_t)(len >> 8);
	table[7] = 0;
	table[7] = -sum(table, len);
}

/* In memory of exactly its length. */
static bool parse(struct mptable *mp)
{
	uint8_t *copy = malloc(len);
	bool good;

	memcpy(copy, table, len);
	good = mptable_parse(copy, len, mp);
	free(copy);
	return good;
}

static void build(void)
{
	begin();
	put_bus(0, "PCI   ");
	put_bus(1, "ISA   ");
	put_apic(2, 1, 0xfec00000);
	put_apic(3, 0, 0xfec01000);
	put_apic(4, 1, 0xfec10000);
	put_line(3, 0, 1, 0, 2, 0); /* the PIC's own */
	put_line(0, 0, 1, 0, 2, 2);
	put_line(0, 0xf, 1, 9, 2, 9);
	put_line(0, 0, 0, 16, 2, 16);
	put_line(0, 0x5, 1, 5, 4, 1);
	end();
}

static void test_table(void)
{
	struct mptable mp;

	build();
	ok(parse(&mp), "a table");
	is(mp.nr_apics, 2, "its IO-APICs, but not one that is off");
	is(mp.apics[0].address, 0xfec00000, "the first one's address");
	is(mp.apics[1].id, 4, "the second one's id");
	is(mp.nr_lines, 3, "the ISA bus' vectored interrupts");
	ok(mp.lines[0].irq == 0 && mp.lines[0].pin == 2 &&
		   !mp.lines[0].active_low && !mp.lines[0].level,
	   "the timer's, by an edge");
	ok(mp.lines[1].irq == 9 && mp.lines[1].active_low && mp.lines[1].level,
	   "one by a low level");
	ok(mp.lines[2].apic_id == 4 && !mp.lines[2].active_low &&
		   !mp.lines[2].level,
	   "one that says edge and high, at the second");
}

static void test_many(void)
{
	struct mptable mp;

	begin();
	put_bus(0, "ISA   ");
	for (unsigned int i = 0; i < MP_APICS_MAX + 1; i++)
		put_apic(i, 1, 0xfec00000 + (i << 12));
	for (unsigned int i = 0; i < MP_LINES_MAX + 10; i++)
		put_line(0, 0, 0, i, 0, i);
	end();
	ok(parse(&mp) && mp.nr_apics == MP_APICS_MAX &&
		   mp.nr_lines == MP_LINES_MAX,
	   "what is too much is left out");
}

static void test_damage(void)
{
	struct mptable mp;

	build();
	table[50]++;
	ok(!parse(&mp), "a wrong sum");
	build();
	table[MP_HEADER_SIZE] = 5;
	end();
	ok(!parse(&mp), "an entry of an unknown type");
	build();
	len -= 4;
	end();
	ok(!parse(&mp), "half an entry at the end");
	build();
	table[0] = 'Q';
	ok(!mptable_length(table), "no table");
	begin();
	len = MP_HEADER_SIZE - 1;
	end();
	ok(!mptable_length(table), "shorter than its header");
}

static void test_mutations(void)
{
	struct mptable mp;
	unsigned int good = 0;

	srand(1);
	for (unsigned int i = 0; i < MUTATIONS; i++) {
		build();
		for (int n = rand() % 4; n >= 0; n--)
			table[MP_HEADER_SIZE + rand() % (len - MP_HEADER_SIZE)] =
				rand();
		if (rand() % 2)
			len = MP_HEADER_SIZE + rand() % (len - MP_HEADER_SIZE);
		end();
		good += parse(&mp);
	}
	ok(good && good < MUTATIONS, "%u of %u damaged tables are refused",
	   MUTATIONS - good, MUTATIONS);
}

static void test_pointer(void)
{
	uint8_t p[MP_POINTER_SIZE] = "_MP_\x10\xfc\x09\0\1\4";

	p[10] = -sum(p, sizeof(p));
	is(mptable_pointer(p), 0x9fc10, "the pointer leads to the table");
	p[10]++;
	is(mptable_pointer(p), 0, "not with a wrong sum");
	p[11] = 5;
	p[10] -= 6;
	is(mptable_pointer(p), 0, "not to a default configuration");
	p[11] = 0;
	p[8] = 2;
	p[10] = 0;
	p[10] = -sum(p, sizeof(p));
	is(mptable_pointer(p), 0, "not when it is longer");
}

int main(void)
{
	test_table();
	test_many();
	test_damage();
	test_mutations();
	test_pointer();
	return done_testing();
}
