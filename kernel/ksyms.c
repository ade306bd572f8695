/* SPDX-License-Identifier: MIT */
/*
 * The symbol table that the build puts into .rodata.ksyms: offsets from _text
 * in ascending order, and for each an offset into the names.
 */
#include "kernel/ksyms.h"

#include "kernel/base.h"

extern const uint32_t ksym_count;
extern const uint32_t ksym_addrs[];
extern const uint32_t ksym_names[];
extern const char ksym_strings[];

extern const char _text[], _etext[];

const char *ksym_lookup(uintptr_t addr, uintptr_t *offset)
{
	uintptr_t text = (uintptr_t)_text;
	uint32_t low = 0, high = ksym_count;

	if (addr < text || addr >= (uintptr_t)_etext)
		return NULL;
	/* Symbols below low start at or before addr, from high on after. */
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (text + ksym_addrs[middle] <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	*offset = addr - text - ksym_addrs[low - 1];
	return &ksym_strings[ksym_names[low - 1]];
}
