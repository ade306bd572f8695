/* SPDX-License-Identifier: MIT */
/*
 * Checks names from the network: they are shown in a file that programs parse,
 * so nothing but valid names may pass.
 */
#include "net/link/dns_name.h"

#include <string.h>

#define LABEL_MAX 63 /* RFC 1035 2.3.4 */
#define POINTER 0xc0

static bool is_name_byte(uint8_t c)
{
	uint8_t lower = c | 0x20;

	return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

static bool is_label(const uint8_t *label, size_t len)
{
	if (!len || len > LABEL_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_name_byte(label[i]))
			return false;
	}
	return true;
}

/* Labels with a dot between two, none at the end. */
static bool is_name(const uint8_t *data, size_t len)
{
	size_t start = 0;

	for (size_t i = 0; i <= len; i++) {
		if (i < len && data[i] != '.')
			continue;
		if (!is_label(data + start, i - start))
			return false;
		start = i + 1;
	}
	return true;
}

bool domain_from_text(const uint8_t *data, size_t len,
		      char text[DOMAIN_TEXT_MAX])
{
	text[0] = '\0';
	while (len && !data[len - 1])
		len--;
	if (len && data[len - 1] == '.')
		len--;
	if (len >= DOMAIN_TEXT_MAX || !is_name(data, len))
		return false;
	memcpy(text, data, len);
	text[len] = '\0';
	return true;
}

/* Reads the name at *at and moves *at behind it: its length, 0: malformed. */
static size_t read_name(const uint8_t *data, size_t len, size_t *at,
			char name[DOMAIN_TEXT_MAX])
{
	size_t p = *at, end = 0, n = 0;

	while (p < len && data[p]) {
		size_t label = data[p];

		if ((label & POINTER) == POINTER) {
			size_t to;

			if (p + 1 >= len)
				return 0;
			to = (label & ~(size_t)POINTER) << 8 | data[p + 1];
			if (!end)
				end = p + 2;
			if (to >= p)
				return 0; /* backwards only: no loops */
			p = to;
			continue;
		}
		if (p + 1 + label > len || !is_label(data + p + 1, label) ||
		    n + label + 2 > DOMAIN_TEXT_MAX)
			return 0;
		if (n)
			name[n++] = '.';
		memcpy(name + n, data + p + 1, label);
		n += label;
		p += 1 + label;
	}
	if (p >= len)
		return 0;
	*at = end ? end : p + 1;
	return n;
}

bool domain_from_list(const uint8_t *data, size_t len,
		      char text[DOMAIN_TEXT_MAX])
{
	char name[DOMAIN_TEXT_MAX];
	size_t at = 0, used = 0, n;

	text[0] = '\0';
	while (at < len) {
		n = read_name(data, len, &at, name);
		if (!n) {
			text[0] = '\0';
			return false;
		}
		if (used + (used != 0) + n >= DOMAIN_TEXT_MAX)
			break;
		if (used)
			text[used++] = ' ';
		memcpy(text + used, name, n);
		used += n;
		text[used] = '\0';
	}
	return used != 0;
}
