/* SPDX-License-Identifier: MIT */
/*
 * Walks device paths: nodes of a type, a subtype and a length, packed, so that
 * everything lies at any address. No state, no firmware calls: compiles on the
 * host for the unit tests.
 */
#include "boot/efi/device_path.h"

#include <string.h>

#define NODE_HEADER 4

/* UEFI 2.10 10.3.1 to 10.3.5. */
#define TYPE_ACPI 2
#define SUBTYPE_ACPI 1
#define SUBTYPE_ACPI_EXPANDED 2
#define TYPE_MEDIA 4
#define SUBTYPE_FILE 4
#define TYPE_END 0x7f
#define SUBTYPE_END_ALL 0xff

/* _HID and _UID of COM1: PNP0501 in EISA's five bits a letter. */
#define ACPI_HID 4
#define ACPI_UID 8
#define ACPI_NODE 12
#define PNP0501 0x050141d0
#define UID_COM1 0

static uint32_t read32(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static size_t node_length(const uint8_t *node)
{
	return (size_t)node[2] | (size_t)node[3] << 8;
}

static bool is_last(const uint8_t *node)
{
	return node[0] == TYPE_END && node[1] == SUBTYPE_END_ALL;
}

bool device_path_has_com1(const void *paths, size_t size)
{
	const uint8_t *node = paths;

	while (size >= NODE_HEADER) {
		size_t len = node_length(node);

		if (len < NODE_HEADER || len > size || is_last(node))
			return false;
		if (node[0] == TYPE_ACPI && len >= ACPI_NODE &&
		    (node[1] == SUBTYPE_ACPI ||
		     node[1] == SUBTYPE_ACPI_EXPANDED) &&
		    read32(node + ACPI_HID) == PNP0501 &&
		    read32(node + ACPI_UID) == UID_COM1)
			return true;
		node += len;
		size -= len;
	}
	return false;
}

/* Appends a node's name without its zero. The new length, or max. */
static size_t append(const uint8_t *node, uint16_t *file, size_t len,
		     size_t max)
{
	size_t units = (node_length(node) - NODE_HEADER) / sizeof(*file);
	uint16_t unit;

	if (len && len < max && file[len - 1] != '\\')
		file[len++] = '\\';
	for (size_t i = 0; i < units; i++) {
		memcpy(&unit, node + NODE_HEADER + i * sizeof(unit),
		       sizeof(unit));
		if (!unit)
			return len;
		if (unit == '\\' && len && file[len - 1] == '\\')
			continue;
		if (len == max)
			return max;
		file[len++] = unit;
	}
	return len;
}

void device_path_file(const void *path, uint16_t *file, size_t max)
{
	const uint8_t *node = path;
	size_t len = 0;

	for (; node[0] != TYPE_END && node_length(node) >= NODE_HEADER;
	     node += node_length(node))
		if (node[0] == TYPE_MEDIA && node[1] == SUBTYPE_FILE)
			len = append(node, file, len, max);
	file[len < max ? len : 0] = 0;
}
