/* SPDX-License-Identifier: MIT */
/*
 * Text for the command line. The specification (UEFI 2.10 9.1.1) leaves load
 * options to the program, and who starts it decides:
 *
 *  - a boot manager, or QEMU's -append, passes the options alone; efibootmgr
 *    writes them in ASCII by default;
 *  - a shell puts the program's name, as typed, before them;
 *  - iPXE, and OVMF when a shim is the first program, put the file's name there.
 *
 * No state, no firmware calls: compiles on the host for the unit tests.
 */
#include "boot/efi/options.h"

#include <ctype.h>
#include <string.h>

#include "kernel/base.h"

#define UTF8_MAX 4 /* bytes a character */
#define REPLACEMENT 0xfffd /* for half of a surrogate pair */
#define BYTE_ORDER_MARK 0xfeff
#define UTF8_MARK "\xef\xbb\xbf" /* the same, as some editors write it */

/* Units of one size, up to the first zero. */
struct text {
	const uint8_t *at;
	size_t len; /* units */
	bool wide; /* UCS-2, little endian, at any address */
};

static uint16_t unit(const struct text *t, size_t i)
{
	return t->wide ? (uint16_t)(t->at[2 * i] | t->at[2 * i + 1] << 8) :
			 t->at[i];
}

static bool is_space(uint16_t c)
{
	return c < 0x80 && isspace(c);
}

static void text_set(struct text *t, const void *at, size_t size, bool wide)
{
	size_t max = wide ? size / 2 : size;

	*t = (struct text){ at, 0, wide };
	while (t->len < max && unit(t, t->len))
		t->len++;
}

static void text_skip(struct text *t, size_t n)
{
	t->at += t->wide ? 2 * n : n;
	t->len -= n;
}

static void text_trim(struct text *t)
{
	while (t->len && is_space(unit(t, 0)))
		text_skip(t, 1);
	while (t->len && is_space(unit(t, t->len - 1)))
		t->len--;
}

/*
 * Binary data, which some boot managers pass, has other control characters, or
 * does not start like a word of the kernel's.
 */
static bool text_is_plain(const struct text *t)
{
	if (t->len && unit(t, 0) >= 0x80)
		return false;
	for (size_t i = 0; i < t->len; i++)
		if (unit(t, i) == 0x7f ||
		    (unit(t, i) < 0x20 && !is_space(unit(t, i))))
			return false;
	return true;
}

/* Ordinary text in UCS-2 has a zero in its first two bytes. */
static bool looks_like_ascii(const uint8_t *bytes, size_t size)
{
	size_t len = strnlen((const char *)bytes, size);

	if (len < 2)
		return size == 1;
	for (size_t i = 0; i < len; i++)
		if (bytes[i] >= 0x7f)
			return false;
	return true;
}

/* A character from *i on; surrogate pairs are one (Unicode 3.9, D91). */
static uint32_t next_char(const struct text *t, size_t *i)
{
	uint16_t high = unit(t, (*i)++), low;

	if (high < 0xd800 || high > 0xdfff)
		return high;
	if (high > 0xdbff || *i == t->len)
		return REPLACEMENT;
	low = unit(t, *i);
	if (low < 0xdc00 || low > 0xdfff)
		return REPLACEMENT;
	(*i)++;
	return 0x10000 + ((high & 0x3ffU) << 10 | (low & 0x3ff));
}

/* Unicode 3.9, D92; the number of bytes. */
static size_t utf8_encode(uint32_t c, char out[UTF8_MAX])
{
	static const uint8_t marks[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(marks[n == 1 ? 0 : n] | c);
	return n;
}

static void put_wide(struct boot_info *bi, const struct text *t)
{
	char bytes[UTF8_MAX];
	size_t len = 0, n;

	for (size_t i = 0; i < t->len;) {
		n = utf8_encode(next_char(t, &i), bytes);
		if (len + n >= BOOT_CMDLINE_MAX) {
			bi->cmdline_cut = true;
			break;
		}
		memcpy(bi->cmdline + len, bytes, n);
		len += n;
	}
	bi->cmdline[len] = '\0';
}

static void put_bytes(struct boot_info *bi, const struct text *t)
{
	size_t len = MIN(t->len, (size_t)BOOT_CMDLINE_MAX - 1);

	bi->cmdline_cut = len < t->len;
	/* Not in the middle of a character: its other bytes are 10xxxxxx. */
	while (bi->cmdline_cut && len && (t->at[len] & 0xc0) == 0x80)
		len--;
	memcpy(bi->cmdline, t->at, len);
	bi->cmdline[len] = '\0';
}

static bool put(struct boot_info *bi, struct text *t)
{
	text_trim(t);
	bi->cmdline[0] = '\0';
	bi->cmdline_cut = false;
	if (!text_is_plain(t))
		return false;
	if (t->wide)
		put_wide(bi, t);
	else
		put_bytes(bi, t);
	return true;
}

/* Units of the first word; quotes keep it together, as in a shell. */
static size_t first_word(const struct text *t)
{
	bool quoted = false;
	size_t len = 0;

	for (; len < t->len && (quoted || !is_space(unit(t, len))); len++)
		if (unit(t, len) == '"')
			quoted = !quoted;
	return len;
}

static uint16_t fold(uint16_t c)
{
	return c < 0x80 ? (uint16_t)toupper(c) : c;
}

/* Keeps the part after the last separator, without quotes around it. */
static void base_name(struct text *t)
{
	while (t->len && unit(t, t->len - 1) == '"')
		t->len--;
	for (size_t i = t->len; i-- > 0;)
		if (unit(t, i) == '\\' || unit(t, i) == '/' ||
		    unit(t, i) == ':' || unit(t, i) == '"') {
			text_skip(t, i + 1);
			break;
		}
}

/* Whether word names the file, with any path and drive before the name. */
static bool names_file(struct text word, const uint16_t *file)
{
	struct text name;

	text_set(&name, file, SIZE_MAX, true);
	base_name(&name);
	base_name(&word);
	if (!name.len || word.len != name.len)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (fold(unit(&word, i)) != fold(unit(&name, i)))
			return false;
	return true;
}

bool options_take(struct boot_info *bi, const void *options, size_t size,
		  const uint16_t *file, enum options_name name)
{
	struct text t, word;

	text_set(&t, options, size, !looks_like_ascii(options, size));
	text_trim(&t);
	word = t;
	word.len = first_word(&t);
	if (name == OPTIONS_NAME_FIRST || names_file(word, file))
		text_skip(&t, word.len);
	return put(bi, &t);
}

bool options_take_file(struct boot_info *bi, const void *text, size_t size)
{
	size_t mark = sizeof(UTF8_MARK) - 1;
	struct text t;

	text_set(&t, text, size, true);
	if (t.len && unit(&t, 0) == BYTE_ORDER_MARK) {
		text_skip(&t, 1);
		return put(bi, &t);
	}
	text_set(&t, text, size, false);
	if (t.len >= mark && !memcmp(t.at, UTF8_MARK, mark))
		text_skip(&t, mark);
	return put(bi, &t);
}
