/* SPDX-License-Identifier: MIT */
/* unit: kernel/x86/aml.c kernel/x86/aml_resource.c */
/*
 * The reader of AML: tables assembled here, whole and damaged, in memory of
 * exactly their length.
 */
#include "kernel/x86/aml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"

#define MUTATIONS 100000

/* ---- The assembler ------------------------------------------------------- */

static uint8_t code[65536];
static size_t len;
static size_t open_at[32]; /* where the open packages' lengths belong */
static unsigned int nr_open;

static void put(const void *bytes, size_t n)
{
	memcpy(code + len, bytes, n);
	len += n;
}

static void put8(uint8_t byte)
{
	code[len++] = byte;
}

static void put32(uint32_t value)
{
	put(&value, sizeof(value));
}

static void put_string(const char *text)
{
	put8(0x0d);
	put(text, strlen(text) + 1);
}

/* A length of two bytes, filled in when the package is closed. */
static void begin(const char *op)
{
	put(op, strlen(op));
	open_at[nr_open++] = len;
	len += 2;
}

static void end(void)
{
	size_t at = open_at[--nr_open], n = len - at;

	code[at] = 0x40 | (n & 0x0f);
	code[at + 1] = n >> 4;
}

static void name(const char *path)
{
	put8(0x08);
	put(path, strlen(path));
}

static void begin_device(const char *path, const char *hid)
{
	begin("\x5b\x82");
	put(path, strlen(path));
	name("_HID");
	put_string(hid);
}

static void put_memory32(uint32_t base, uint32_t size)
{
	put("\x86\x09\0\1", 4);
	put32(base);
	put32(size);
}

static void put_irq(uint8_t flags, uint32_t first, uint32_t second)
{
	put8(0x89);
	put8(second ? 10 : 6);
	put8(0);
	put8(flags);
	put8(second ? 2 : 1);
	put32(first);
	if (second)
		put32(second);
}

/* Name (_CRS, Buffer () { ... }) up to the descriptors. */
static void begin_crs(void)
{
	name("_CRS");
	begin("\x11");
	put8(0x0b);
	put("\0\1", 2); /* its size: a word, more than there is */
}

static void end_crs(void)
{
	put("\x79\0", 2);
	end();
}

static void put_virtio(const char *path, uint32_t base, uint32_t irq)
{
	begin_device(path, "LNRO0005");
	name("_UID");
	put8(0x00);
	name("_CCA");
	put8(0x01);
	begin_crs();
	put_memory32(base, 0x200);
	put_irq(0x01, irq, 0);
	end_crs();
	end();
}

static void put_ged(void)
{
	begin_device("\\._SB_GED_", "ACPI0013");
	begin_crs();
	put_irq(0x03, 9, 0);
	end_crs();
	put("\x5b\x80"
	    "EREG",
	    6);
	put8(0x00);
	put8(0x0c);
	put32(0xfea00000);
	put("\x0a\x04", 2);
	begin("\x5b\x81");
	put("EREG\3ESEL\x20", 10);
	end();
	begin("\x14");
	put("_EVT\x09\xa0\x05\x68\x70\x60\x61", 11);
	end();
	end();
}

static void put_s5(void)
{
	begin("\x10");
	put("\\\0", 2);
	name("_S5_");
	put("\x12\x07\x04\x0a\x05\x00\x00\x00", 8);
	end();
}

/* Devices in scopes, in devices, and each kind of term between them. */
static void build(void)
{
	len = 0;
	put("\x15\\.AAAABBBB\x08\x02", 13); /* External */
	put("\x06"
	    "ALI1ALI2",
	    9);
	put("\x5b\x01MUTX\0", 7);
	put("\x5b\x02"
	    "EVNT",
	    6);
	put("\x8a"
	    "BUF0\x0a\x04"
	    "FLD0",
	    11);
	put("\xa3", 1);
	begin("\x10");
	put("_SB_", 4);
	put_virtio("VR00", 0xfeb00000, 24);
	begin_device("PCI0", "PNP0A08");
	put_virtio("^VR01", 0xfeb00200, 25);
	begin_device("OFF_", "LNRO0005");
	name("_STA");
	put8(0x00);
	end();
	begin_device("WORK", "LNRO0005");
	name("_STA");
	put("\x0a\x08", 2);
	end();
	end();
	begin("\xa0");
	put("\x93\x60\x61", 3);
	begin_device("COND", "LNRO0005");
	end();
	end();
	begin("\x5b\x82");
	put("COM1", 4);
	name("_HID");
	put8(0x0c);
	put32(0x0105d041);
	begin_crs();
	put("\x47\1\xf8\3\xf8\3\0\x08", 8);
	put("\x22\x10\x00", 3);
	end_crs();
	end();
	end();
	put_ged();
	put_s5();
}

/* ---- The tests ----------------------------------------------------------- */

static unsigned int nr;
static struct aml last;
static char bases[256];

static void take(struct aml device, void *ctx)
{
	struct aml_resources it = aml_resources(device);
	struct aml_resource r;

	nr++;
	last = device;
	while (aml_next_resource(&it, &r))
		snprintf(bases + strlen(bases), sizeof(bases) - strlen(bases),
			 "%c%lx%s%s ", "mpi"[r.type], (unsigned long)r.base,
			 r.active_low ? "l" : "", r.level ? "v" : "");
}

/* The table as it is, copied so that the sanitizer sees its end. */
static struct aml table(void)
{
	static uint8_t *copy;

	free(copy);
	copy = malloc(len);
	memcpy(copy, code, len);
	return (struct aml){ copy, copy + len };
}

static unsigned int find(const char *hid)
{
	nr = 0;
	bases[0] = '\0';
	aml_for_each_device(table(), hid, take, NULL);
	return nr;
}

static void test_devices(void)
{
	build();
	is(find("LNRO0005"), 3, "devices by their id, in scopes and devices");
	is_str(bases, "mfeb00000 i18v mfeb00200 i19v ",
	       "their memory and interrupts; none that is off or conditional");
	is(find("PNP0A08"), 1, "a device that holds others");
	is(find("PNP0501"), 1, "an id that is written as a number");
	is_str(bases, "p3f8 i4 ", "its ports, and its line of the ISA bus");
	is(find("PNP0500"), 0, "not another number");
	is(find("LNRO000"), 0, "not the beginning of an id");
	is(find("LNRO00055"), 0, "nor a longer one");
	is(find(""), 0, "nor none");
}

static void test_compatible(void)
{
	len = 0;
	begin_device("VGEN", "QEMUVGID");
	name("_CID");
	put_string("VM_Gen_Counter");
	end();
	begin_device("MANY", "TEST0002");
	name("_CID");
	begin("\x12");
	put8(2);
	put8(0x0c);
	put32(0x0105d041);
	put_string("TEST0003");
	end();
	end();
	is(find("QEMUVGID"), 1, "a device by its own id");
	is(find("VM_Gen_Counter"), 1, "and by one that it is compatible with");
	is(find("PNP0501"), 1, "by the first of many");
	is(find("TEST0003"), 1, "and the last");
	is(find("VM_Gen_Counte"), 0, "not by the beginning of one");
}

static void test_ged(void)
{
	struct aml_region region = { 0 };
	struct aml object;
	uint64_t value;

	build();
	is(find("ACPI0013"), 1, "a device behind a path");
	is_str(bases, "i9 ", "interrupts by an edge");
	ok(aml_find_region(last, "EREG", &region), "its region");
	is(region.space, AML_SPACE_MEMORY, "is memory");
	is(region.offset, 0xfea00000, "at an address");
	is(region.length, 4, "of a length");
	ok(!aml_find_region(last, "EREH", &region), "no other region");
	ok(!aml_find_name(last, "EREG", &object), "a region is no name");
	ok(!aml_find_name(last, "ESEL", &object), "nor is a field");
	ok(aml_find_name(last, "_HID", &object) && !aml_integer(object, &value),
	   "a text is no number");
}

static void test_s5(void)
{
	struct aml package, element;
	uint64_t value = 0;

	build();
	ok(aml_find_name(table(), "_S5_", &package), "a name of the root");
	ok(aml_element(package, 0, &element) && aml_integer(element, &value),
	   "the first element of its package");
	is(value, 5, "is a byte");
	ok(aml_element(package, 3, &element) && aml_integer(element, &value) &&
		   !value,
	   "the last is zero");
	ok(!aml_element(package, 4, &element), "there is no fifth");
	ok(!aml_find_name(table(), "_HID", &package),
	   "what devices declare is not the root's");
	len = 0;
	name("\\_S5_");
	put("\x12\x03\x01\xff", 4);
	ok(aml_find_name(table(), "_S5_", &package) &&
		   aml_element(package, 0, &element) &&
		   aml_integer(element, &value) && value == UINT64_MAX,
	   "a name that says it is the root's");
}

static void test_resources(void)
{
	len = 0;
	begin_device("DEV0", "TEST0001");
	begin_crs();
	put("\x8a\x2b\0\0\0\0", 6); /* QWord memory */
	put("\0\0\0\0\0\0\0\0\0\0\0\0\x80\0\0\0", 16);
	put("\xff\xff\xff\x0f\x80\0\0\0\0\0\0\0\0\0\0\0", 16);
	put("\0\0\0\x10\0\0\0\0", 8);
	put("\x87\x17\0\1\0\0\0\0\0\0", 10); /* DWord I/O */
	put("\0\x10\0\0\xff\x1f\0\0\0\0\0\0\0\x10\0\0", 16);
	put("\x2a\x28\0", 3); /* a DMA channel */
	put("\x23\x28\x00\x18", 4); /* lines 3 and 5, level, low */
	put("\x4b\x78\x03\x08", 4); /* fixed ports */
	put_irq(0x07, 40, 41);
	put("\x81\x09\0\1\0\x0c\0\x0c\0\0\x02\0", 12); /* 24 bits of memory */
	end_crs();
	end();
	is(find("TEST0001"), 1, "a device with many resources");
	is_str(bases, "m8000000000 p1000 i3lv i5lv p378 i28l i29l mc0000 ",
	       "all that are known, each interrupt by itself");
}

static void test_unknown(void)
{
	build();
	memmove(code + 1, code, len++);
	code[0] = 0x70; /* Store: an expression */
	is(find("LNRO0005"), 0, "what stands behind an expression is not seen");
	len = 0;
	begin("\x10");
	put("_SB_\x70\x60\x61", 7);
	end();
	put_virtio("VR00", 0x1000, 5);
	is(find("LNRO0005"), 1, "but behind the scope that it stands in");
}

static void test_deep(void)
{
	len = 0;
	for (unsigned int i = 0; i < 1000; i++)
		put("\x10\xc3\xff\xff"
		    "AAAA",
		    8);
	is(find("LNRO0005"), 0, "lengths beyond the end");
	len = 0;
	for (unsigned int i = 0; i < 15; i++)
		begin("\x10"), put("AAAA", 4);
	put_virtio("VR00", 0x1000, 5);
	while (nr_open)
		end();
	is(find("LNRO0005"), 1, "scopes in scopes");
}

static void look_everywhere(void)
{
	struct aml_region region;
	struct aml object, element;
	uint64_t value;

	find("LNRO0005");
	find("PNP0501");
	if (aml_find_name(table(), "_S5_", &object))
		for (unsigned int i = 0; i < 5; i++)
			if (aml_element(object, i, &element))
				aml_integer(element, &value);
	if (find("ACPI0013"))
		aml_find_region(last, "EREG", &region);
}

static void test_mutations(void)
{
	srand(1);
	for (unsigned int i = 0; i < MUTATIONS; i++) {
		build();
		for (int n = rand() % 6; n >= 0; n--)
			code[rand() % len] = rand() % 3 ? rand() :
							  code[rand() % len];
		if (rand() % 2)
			len = 1 + rand() % len;
		look_everywhere();
	}
	ok(true, "%u damaged tables are read within their bounds", MUTATIONS);
}

/* Of a table in a file: which ids it has, for looking at real ones. */
static int show(const char *path, const char *hid)
{
	FILE *file = fopen(path, "rb");

	if (!file)
		return 1;
	len = fread(code, 1, sizeof(code), file);
	fclose(file);
	find(hid);
	printf("%u: %s\n", nr, bases);
	look_everywhere();
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3)
		return show(argv[1], argv[2]);
	test_devices();
	test_compatible();
	test_ged();
	test_s5();
	test_resources();
	test_unknown();
	test_deep();
	test_mutations();
	return done_testing();
}
