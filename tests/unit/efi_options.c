/* SPDX-License-Identifier: MIT */
/* unit: boot/efi/options.c */
/*
 * The command line as boot managers, shells and files give it. What is read
 * lies on the heap, exactly as long as the firmware says, and not aligned.
 */
#include "boot/efi/options.h"

#include <stdlib.h>
#include <string.h>
#include <uchar.h>

#include "lib/check.h"

#define PROGRAM u"\\EFI\\BOOT\\BOOTX64.EFI"
#define NO_FILE u""

static struct boot_info bi;

static bool take(const void *options, size_t size, const char16_t *file,
		 enum options_name name)
{
	char *block = malloc(size + 1);
	bool is_text;

	memcpy(block + 1, options, size);
	memset(bi.cmdline, 'x', sizeof(bi.cmdline));
	is_text = options_take(&bi, block + 1, size, file, name);
	free(block);
	return is_text;
}

static bool take_file(const void *text, size_t size)
{
	char *block = malloc(size + 1);
	bool is_text;

	memcpy(block + 1, text, size);
	memset(bi.cmdline, 'x', sizeof(bi.cmdline));
	is_text = options_take_file(&bi, block + 1, size);
	free(block);
	return is_text;
}

/* literal: UCS-2, with its zero. */
#define line(literal, file, name, want, what)                           \
	ok(take(literal, sizeof(literal), file, OPTIONS_NAME_##name) && \
		   !strcmp(bi.cmdline, want) && !bi.cmdline_cut,        \
	   "options: %s", what)

static void test_boot_manager(void)
{
	line(u"ip=dhcp -- a", PROGRAM, MAYBE, "ip=dhcp -- a", "text as it is");
	line(u"  ip=dhcp\t\r\n", PROGRAM, MAYBE, "ip=dhcp",
	     "white space around is cut");
	line(u"a=1\0b=2", PROGRAM, MAYBE, "a=1", "a zero ends the text");
	line(u"", PROGRAM, MAYBE, "", "nothing but a zero");
	line(u"x", PROGRAM, MAYBE, "x", "a single character");
	ok(take(u"loglevel=7", 20, PROGRAM, OPTIONS_NAME_MAYBE) &&
		   !strcmp(bi.cmdline, "loglevel=7"),
	   "options: text without a zero");
	ok(take(u"loglevel=7", 19, PROGRAM, OPTIONS_NAME_MAYBE) &&
		   !strcmp(bi.cmdline, "loglevel="),
	   "options: half a character at the end is none");
	ok(take("", 0, PROGRAM, OPTIONS_NAME_MAYBE) && !bi.cmdline[0],
	   "options: none at all");
}

static void test_ascii(void)
{
	ok(take("ip=dhcp -- a", 12, PROGRAM, OPTIONS_NAME_MAYBE) &&
		   !strcmp(bi.cmdline, "ip=dhcp -- a"),
	   "options: ASCII of even length");
	ok(take("ip=dhcp", 8, PROGRAM, OPTIONS_NAME_MAYBE) &&
		   !strcmp(bi.cmdline, "ip=dhcp"),
	   "options: ASCII with its zero");
	ok(take("q", 1, PROGRAM, OPTIONS_NAME_MAYBE) &&
		   !strcmp(bi.cmdline, "q"),
	   "options: a single ASCII character");
	ok(take("bootx64.efi a=1", 15, PROGRAM, OPTIONS_NAME_MAYBE) &&
		   !strcmp(bi.cmdline, "a=1"),
	   "options: ASCII behind the program's name");
}

static void test_name(void)
{
	line(u"FS0:\\EFI\\BOOT\\BOOTX64.EFI ip=dhcp", PROGRAM, FIRST, "ip=dhcp",
	     "a shell's first word is the program");
	line(u"bootx64 ip=dhcp", PROGRAM, FIRST, "ip=dhcp",
	     "and without .efi too");
	line(u"\"fs0:\\my folder\\x.efi\" -- \"a b\"", PROGRAM, FIRST,
	     "-- \"a b\"", "and in quotes");
	line(u"BOOTX64.EFI", PROGRAM, FIRST, "", "the name alone is nothing");
	line(u"bootx64.efi ip=dhcp", PROGRAM, MAYBE, "ip=dhcp",
	     "the file's name is recognised");
	line(u"fs1:/bootx64.EFI ip=dhcp", PROGRAM, MAYBE, "ip=dhcp",
	     "behind any path");
	line(u"\"fs1:\\a b\\bootx64.EFI\" ip=dhcp", PROGRAM, MAYBE, "ip=dhcp",
	     "in quotes");
	line(u"kernel ip=dhcp", u"kernel", MAYBE, "ip=dhcp",
	     "a file of another name");
	line(u"bootx64.efix ip=dhcp", PROGRAM, MAYBE, "bootx64.efix ip=dhcp",
	     "another word stays");
	line(u"ip=dhcp bootx64.efi", PROGRAM, MAYBE, "ip=dhcp bootx64.efi",
	     "the name stays where it is not first");
	line(u"\\ a", NO_FILE, MAYBE, "\\ a",
	     "a program without a file has no name");
}

static void test_binary(void)
{
	static const uint8_t guid[] = { 0x4e, 0xac, 0x08, 0x81, 0x11, 0x9f,
					0x59, 0x4d, 0x85, 0x0e, 0xe2, 0x1a,
					0x52, 0x2c, 0x59, 0xb2 };
	static const uint8_t number[] = { 1, 0, 0, 0, 'A', 0, 'B', 0 };

	ok(!take(number, sizeof(number), PROGRAM, OPTIONS_NAME_MAYBE) &&
		   !bi.cmdline[0],
	   "options: a number is not text");
	ok(!take(guid, sizeof(guid), PROGRAM, OPTIONS_NAME_MAYBE) &&
		   !bi.cmdline[0],
	   "options: nor is a GUID, with which EDK2 marks its own entries");
}

static void test_unicode(void)
{
	line(u"n=\u00e9\u20ac\U0001f600", PROGRAM, MAYBE,
	     "n=\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
	     "UTF-8 of one to four bytes");
	line(((char16_t[]){ 'a', 0xd800, 'b', 0xdc00, 0xdbff, 0 }), PROGRAM,
	     MAYBE,
	     "a\xef\xbf\xbd"
	     "b\xef\xbf\xbd\xef\xbf\xbd",
	     "half a surrogate pair is replaced");
}

static void test_long(void)
{
	static char16_t wide[BOOT_CMDLINE_MAX + 10];
	static char bytes[BOOT_CMDLINE_MAX + 10];

	for (size_t i = 0; i < BOOT_CMDLINE_MAX + 10; i++)
		wide[i] = (char16_t)('a' + i % 26);
	ok(take(wide, 2 * (BOOT_CMDLINE_MAX - 1), NO_FILE,
		OPTIONS_NAME_MAYBE) &&
		   strlen(bi.cmdline) == BOOT_CMDLINE_MAX - 1 &&
		   !bi.cmdline_cut,
	   "options: the longest line");
	ok(take(wide, 2 * BOOT_CMDLINE_MAX, NO_FILE, OPTIONS_NAME_MAYBE) &&
		   strlen(bi.cmdline) == BOOT_CMDLINE_MAX - 1 && bi.cmdline_cut,
	   "options: one character more is cut, and that is told");
	wide[BOOT_CMDLINE_MAX - 2] = u'\u20ac';
	take(wide, sizeof(wide), NO_FILE, OPTIONS_NAME_MAYBE);
	ok(strlen(bi.cmdline) == BOOT_CMDLINE_MAX - 2 && bi.cmdline_cut,
	   "options: no part of a character stays");
	memset(bytes, 'b', sizeof(bytes));
	ok(take_file(bytes, BOOT_CMDLINE_MAX - 1) && !bi.cmdline_cut &&
		   strlen(bi.cmdline) == BOOT_CMDLINE_MAX - 1,
	   "file: the longest line");
	ok(take_file(bytes, BOOT_CMDLINE_MAX) && bi.cmdline_cut,
	   "file: one more is cut");
	memcpy(bytes + BOOT_CMDLINE_MAX - 2, "\xe2\x82\xac", 3);
	ok(take_file(bytes, sizeof(bytes)) && bi.cmdline_cut &&
		   strlen(bi.cmdline) == BOOT_CMDLINE_MAX - 2,
	   "file: no part of a character stays");
}

#define file(literal, want, what)                                \
	ok(take_file(literal, sizeof(literal) - 1) &&            \
		   !strcmp(bi.cmdline, want) && !bi.cmdline_cut, \
	   "file: %s", what)

static void test_file(void)
{
	static const char16_t shell[] = u"\ufeffip=dhcp -- \u00e9\r\n";

	file("ip=dhcp\n", "ip=dhcp", "a newline at the end is cut");
	file("ip=dhcp\r\n\r\n", "ip=dhcp", "so are more, and those of DOS");
	file("ip=dhcp\n-- a\n", "ip=dhcp\n-- a", "lines inside stay apart");
	file("a=\xc3\xa9", "a=\xc3\xa9", "UTF-8 stays as it is");
	file("\xef\xbb\xbf"
	     "a=1",
	     "a=1", "a mark of UTF-8 is cut");
	file("\xef\xbb\xbf", "", "a mark alone is nothing");
	file("", "", "an empty file");
	file("\n", "", "an empty line");
	file("a", "a", "one character");
	file("ab", "ab", "two");
	ok(take_file(shell, sizeof(shell) - sizeof(shell[0])) &&
		   !strcmp(bi.cmdline, "ip=dhcp -- \xc3\xa9"),
	   "file: UTF-16 behind a byte order mark");
	ok(!take_file("\x7f"
		      "ELF\2",
		      5) &&
		   !bi.cmdline[0],
	   "file: not text");
}

/* Whatever the bytes are, the result is a string within its bounds. */
static void test_random(void)
{
	bool good = true;

	for (int round = 0; round < 20000; round++) {
		uint8_t bytes[64];
		size_t size = random_below(sizeof(bytes));

		for (size_t i = 0; i < size; i++)
			bytes[i] = (uint8_t)random_below(
				random_below(2) ? 256 : 0x60);
		take(bytes, size, PROGRAM, random_below(2));
		good &= strnlen(bi.cmdline, BOOT_CMDLINE_MAX) <
			BOOT_CMDLINE_MAX;
		take_file(bytes, size);
		good &= strnlen(bi.cmdline, BOOT_CMDLINE_MAX) <
			BOOT_CMDLINE_MAX;
	}
	ok(good, "options: random bytes");
}

int main(void)
{
	random_seed();
	test_boot_manager();
	test_ascii();
	test_name();
	test_binary();
	test_unicode();
	test_long();
	test_file();
	test_random();
	return done_testing();
}
