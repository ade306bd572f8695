/* SPDX-License-Identifier: MIT */
/* unit: net/link/dns_name.c */
/*
 * Domain names of DHCP: what becomes text, and what does not.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "net/link/dns_name.h"

/* In memory of the exact size, so that a read behind it is found. */
static bool parse(bool (*fn)(const uint8_t *, size_t, char *), const char *data,
		  size_t len, char *text)
{
	uint8_t *copy = malloc(len ? len : 1);
	bool good;

	memcpy(copy, data, len);
	good = fn(copy, len, text);
	free(copy);
	return good;
}

typedef bool (*parser)(const uint8_t *data, size_t len, char *text);

static void good(parser fn, const char *data, size_t len, const char *want,
		 const char *title)
{
	char text[DOMAIN_TEXT_MAX];

	ok(parse(fn, data, len, text), "%s", title);
	is_str(text, want, "%s: the text", title);
}

static void bad(parser fn, const char *data, size_t len, const char *title)
{
	char text[DOMAIN_TEXT_MAX];

	ok(!parse(fn, data, len, text), "%s is refused", title);
	is_str(text, "", "%s leaves nothing", title);
}

#define BYTES(text) text, sizeof(text) - 1
#define GOOD(fn, bytes, want, title) good(fn, BYTES(bytes), want, title)
#define BAD(fn, bytes, title) bad(fn, BYTES(bytes), title)

static void test_text(void)
{
	char text[DOMAIN_TEXT_MAX], big[400];

	GOOD(domain_from_text, "example.com", "example.com", "a name");
	GOOD(domain_from_text, "lan", "lan", "a name of one label");
	GOOD(domain_from_text, "a-b_c.X9", "a-b_c.X9", "all kinds of bytes");
	GOOD(domain_from_text, "example.com.", "example.com", "a dot behind");
	GOOD(domain_from_text, "example.com\0\0", "example.com", "NULs behind");
	BAD(domain_from_text, "", "nothing");
	BAD(domain_from_text, ".", "a dot");
	BAD(domain_from_text, "\0", "a NUL");
	BAD(domain_from_text, "a..b", "an empty label");
	BAD(domain_from_text, ".a", "a dot in front");
	BAD(domain_from_text, "a b", "a space");
	BAD(domain_from_text, "a\nnameserver 6.6.6.6", "a second line");
	BAD(domain_from_text, "a\0b", "a NUL within");
	BAD(domain_from_text, "\xff", "not ASCII");
	memset(big, 'a', sizeof(big));
	ok(!parse(domain_from_text, big, 64, text), "a label of 64");
	ok(parse(domain_from_text, big, 63, text), "a label of 63");
	for (int i = 63; i < 400; i += 64)
		big[i] = '.';
	ok(parse(domain_from_text, big, 255, text), "a name of 255");
	ok(!parse(domain_from_text, big, 300, text), "a name of 300");
}

static void test_list(void)
{
	char text[DOMAIN_TEXT_MAX], big[400];

	GOOD(domain_from_list, "\3eng\5apple\3com\0", "eng.apple.com", "one");
	GOOD(domain_from_list, "\1a\0\1b\0", "a b", "two");
	/* RFC 3397's own example. */
	GOOD(domain_from_list, "\3eng\5apple\3com\0\11marketing\xc0\4",
	     "eng.apple.com marketing.apple.com", "the end of another name");
	GOOD(domain_from_list, "\1a\0\xc0\0", "a a", "all of another name");
	BAD(domain_from_list, "", "nothing");
	BAD(domain_from_list, "\0", "the root");
	BAD(domain_from_list, "\1a", "no end");
	BAD(domain_from_list, "\5a\0", "a label beyond the end");
	BAD(domain_from_list, "\1a\xc0", "half a pointer");
	BAD(domain_from_list, "\xc0\0", "a pointer to itself");
	BAD(domain_from_list, "\1a\xc0\5\1b\0", "a pointer forwards");
	BAD(domain_from_list, "\1a\xc0\0", "a pointer round");
	BAD(domain_from_list, "\1 \0", "a space");
	BAD(domain_from_list, "\1a\0\1\n\0", "the second is none");
	BAD(domain_from_list,
	    "\x40"
	    "a\0",
	    "a label of a kind unknown");
	memset(big, 'a', sizeof(big));
	for (int i = 0; i < 320; i += 64)
		big[i] = 63;
	big[64 * 3] = 0;
	ok(parse(domain_from_list, big, 193, text), "a long name");
	is(strlen(text), 191, "all of it");
	big[64 * 3] = 63;
	big[64 * 4] = 0;
	ok(parse(domain_from_list, big, 257, text), "of 255 bytes");
	big[64 * 4] = 1;
	big[64 * 4 + 2] = 0;
	ok(!parse(domain_from_list, big, 259, text), "of more");
}

static void test_random(void)
{
	char text[DOMAIN_TEXT_MAX];
	char data[64];
	int wrong = 0;

	srandom(tap_seed(12345));
	for (int i = 0; i < 200000; i++) {
		size_t len = random() % sizeof(data);

		for (size_t k = 0; k < len; k++)
			data[k] = random() % 4 ? random() % 5 : random();
		if (!parse(domain_from_list, data, len, text))
			wrong += text[0] != '\0';
		wrong += strlen(text) >= DOMAIN_TEXT_MAX;
		wrong += strcspn(text, "\n\r\t") != strlen(text);
	}
	is(wrong, 0, "random lists make nothing but names");
}

int main(void)
{
	test_text();
	test_list();
	test_random();
	return done_testing();
}
