/* SPDX-License-Identifier: MIT */
/*
 * Firmware's tables. Owns the mappings, which are never unmapped; ACPI and the
 * MP table are read through them, also when the machine ends.
 */
#include "kernel/x86/firmware.h"

#include <string.h>

#include "kernel/mm/vmap.h"

/* In the BIOS data area: the segment of the extended one. */
#define EBDA_POINTER 0x40e
#define EBDA_SEARCH KiB
#define LOW_END (640 * KiB)
#define BIOS_START 0xe0000
#define BIOS_END 0x100000

#define PARAGRAPH 16
#define ROOM 64

#define WINDOWS_MAX 32

struct window {
	uint64_t phys;
	size_t len;
	const uint8_t *va;
};

static struct window windows[WINDOWS_MAX];
static unsigned int nr_windows;

const void *firmware_map(uint64_t phys, size_t len)
{
	struct window *w;
	uint64_t start = ALIGN_DOWN(phys, PAGE_SIZE);
	size_t size;

	for (w = windows; w < windows + nr_windows; w++)
		if (phys >= w->phys && phys - w->phys < w->len &&
		    len <= w->len - (phys - w->phys))
			return w->va + (phys - w->phys);
	if (!phys || !len || nr_windows == WINDOWS_MAX)
		return NULL;
	size = ALIGN_UP(phys - start + len, PAGE_SIZE);
	w = &windows[nr_windows];
	w->va = ioremap(start, size);
	if (!w->va)
		return NULL;
	w->phys = start;
	w->len = size;
	nr_windows++;
	return w->va + (phys - start);
}

static const void *search(uint64_t phys, size_t len, const char letters[4],
			  bool (*valid)(const void *))
{
	const uint8_t *p = firmware_map(phys, len);
	uint32_t want;

	memcpy(&want, letters, sizeof(want));
	if (!p)
		return NULL;
	for (size_t i = 0; i + ROOM <= len; i += PARAGRAPH)
		if (*(const uint32_t *)(p + i) == want && valid(p + i))
			return p + i;
	return NULL;
}

const void *firmware_search(const char letters[4], bool (*valid)(const void *))
{
	const uint16_t *ebda = firmware_map(EBDA_POINTER, sizeof(*ebda));
	const void *found = NULL;

	if (ebda && *ebda)
		found = search((uint64_t)*ebda << 4, EBDA_SEARCH, letters,
			       valid);
	if (!found)
		found = search(LOW_END - KiB, KiB, letters, valid);
	if (!found)
		found = search(BIOS_START, BIOS_END - BIOS_START, letters,
			       valid);
	return found;
}
