/* SPDX-License-Identifier: MIT */
/* unit: boot/efi/device_path.c */
/* Device paths, byte by byte as firmware packs them. */
#include "boot/efi/device_path.h"

#include <stdlib.h>
#include <string.h>
#include <uchar.h>

#include "lib/check.h"

#define END_ALL 0x7f, 0xff, 4, 0
#define END_ONE 0x7f, 0x01, 4, 0
#define ROOT 0x02, 0x01, 12, 0, 0xd0, 0x41, 0x03, 0x0a, 0, 0, 0, 0
#define PCI(device) 0x01, 0x01, 6, 0, 0, device
#define SERIAL(uid) 0x02, 0x01, 12, 0, 0xd0, 0x41, 0x01, 0x05, uid, 0, 0, 0
#define UART 0x03, 0x0e, 19, 0, 0, 0, 0, 0, 0, 0xc2, 1, 0, 0, 0, 0, 0, 8, 1, 1

static bool has_com1(const uint8_t *path, size_t size)
{
	uint8_t *copy = malloc(size + 1); /* at an odd address, exactly long */
	bool result;

	memcpy(copy + 1, path, size);
	result = device_path_has_com1(copy + 1, size);
	free(copy);
	return result;
}

#define PATH(...)                           \
	((const uint8_t[]){ __VA_ARGS__ }), \
		sizeof((const uint8_t[]){ __VA_ARGS__ })

static void test_console(void)
{
	ok(has_com1(PATH(ROOT, PCI(31), SERIAL(0), UART, END_ALL)),
	   "console: the first serial port");
	ok(has_com1(PATH(ROOT, PCI(2), END_ONE, ROOT, PCI(31), SERIAL(0), UART,
			 END_ALL)),
	   "console: as the second of two paths");
	ok(!has_com1(PATH(ROOT, PCI(2), END_ALL)), "console: a screen is not");
	ok(!has_com1(PATH(ROOT, PCI(31), SERIAL(1), UART, END_ALL)),
	   "console: nor the second port");
	ok(!has_com1(PATH(ROOT, END_ALL, SERIAL(0), END_ALL)),
	   "console: nothing counts behind the end");
	ok(!has_com1(PATH(0)), "console: no path");
	ok(!has_com1(PATH(ROOT, 0x02, 0x01, 12, 0, 0xd0, 0x41)),
	   "console: a node that is cut");
	ok(!has_com1(PATH(0x02, 0x01, 3, 0, SERIAL(0), END_ALL)) &&
		   !has_com1(PATH(0, 0, 0, 0, SERIAL(0), END_ALL)),
	   "console: a length that leads nowhere");
	ok(!has_com1(PATH(0x02, 0x01, 8, 0, 0xd0, 0x41, 0x01, 0x05, END_ALL)),
	   "console: an ACPI node without a number");
}

static char16_t file[32];

static const char16_t *file_of(const uint8_t *path, size_t size, size_t max)
{
	uint8_t *copy = malloc(size + 1);

	memcpy(copy + 1, path, size);
	memset(file, 'x', sizeof(file));
	device_path_file(copy + 1, file, max);
	free(copy);
	return file;
}

static bool same(const char16_t *a, const char16_t *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

#define NAME_A 0x04, 0x04, 10, 0, '\\', 0, 'a', 0, 0, 0
#define NAME_B 0x04, 0x04, 8, 0, 'b', 0, 0, 0
#define NO_ZERO 0x04, 0x04, 6, 0, 'c', 0

static void test_file(void)
{
	ok(same(file_of(PATH(NAME_A, END_ALL), 32), u"\\a"), "file: one node");
	ok(same(file_of(PATH(ROOT, PCI(4), NAME_A, END_ALL), 32), u"\\a"),
	   "file: behind a device");
	ok(same(file_of(PATH(NAME_A, NAME_B, END_ALL), 32), u"\\a\\b"),
	   "file: two nodes get a separator");
	ok(same(file_of(PATH(NAME_A, NAME_A, END_ALL), 32), u"\\a\\a"),
	   "file: and never two");
	ok(same(file_of(PATH(NO_ZERO, NO_ZERO, END_ALL), 32), u"c\\c"),
	   "file: names without a zero");
	ok(same(file_of(PATH(ROOT, END_ALL), 32), u""), "file: none");
	ok(same(file_of(PATH(0x04, 0x04, 0, 0), 32), u""),
	   "file: a length that leads nowhere");
	ok(same(file_of(PATH(NAME_A, NAME_B, END_ALL), 5), u"\\a\\b"),
	   "file: exactly as long as there is room");
	ok(same(file_of(PATH(NAME_A, NAME_B, END_ALL), 4), u"") &&
		   same(file_of(PATH(NAME_A, NAME_B, END_ALL), 3), u""),
	   "file: too long is none");
}

int main(void)
{
	test_console();
	test_file();
	return done_testing();
}
