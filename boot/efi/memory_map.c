/* SPDX-License-Identifier: MIT */
/*
 * Works on the firmware's memory map, which may have hundreds of descriptors in
 * any order; ranges that overlap or wrap would be the firmware's bug and only
 * cost memory here. No state, no firmware calls: compiles on
 * the host for the unit tests.
 */
#include "boot/efi/memory_map.h"

#include <string.h>

#include "boot/memmap.h"
#include "kernel/base.h"

/* UEFI 2.9 7.2.3; GNU-EFI's headers end before it. */
#define MEMORY_SPECIFIC_PURPOSE 0x40000

static size_t map_count(const struct memory_map *map)
{
	return map->size / map->stride;
}

static EFI_MEMORY_DESCRIPTOR *map_at(const struct memory_map *map, size_t i)
{
	return (EFI_MEMORY_DESCRIPTOR *)((char *)map->data + i * map->stride);
}

static uint64_t range_end(const EFI_MEMORY_DESCRIPTOR *d)
{
	if (d->NumberOfPages > (UINT64_MAX - d->PhysicalStart) >> PAGE_SHIFT)
		return UINT64_MAX;
	return d->PhysicalStart + (d->NumberOfPages << PAGE_SHIFT);
}

/* Memory that an operating system may use after the boot services. */
static bool is_ram(const EFI_MEMORY_DESCRIPTOR *d)
{
	if (!(d->Attribute & EFI_MEMORY_WB) ||
	    d->Attribute & MEMORY_SPECIFIC_PURPOSE)
		return false;
	switch (d->Type) {
	case EfiLoaderCode:
	case EfiLoaderData:
	case EfiBootServicesCode:
	case EfiBootServicesData:
	case EfiConventionalMemory:
		return true;
	default:
		return false;
	}
}

bool memory_map_valid(const struct memory_map *map, UINT32 version)
{
	return version == EFI_MEMORY_DESCRIPTOR_VERSION &&
	       map->stride >= sizeof(EFI_MEMORY_DESCRIPTOR) &&
	       map->stride % _Alignof(EFI_MEMORY_DESCRIPTOR) == 0 &&
	       map->size % map->stride == 0;
}

uint64_t memory_map_place(const struct memory_map *map, uint64_t size,
			  uint64_t offset, uint64_t step, uint64_t limit)
{
	uint64_t best = 0;

	for (size_t i = 0; i < map_count(map); i++) {
		const EFI_MEMORY_DESCRIPTOR *d = map_at(map, i);
		uint64_t start = MAX(d->PhysicalStart, LOW_MEMORY_END);
		uint64_t end = MIN(range_end(d), limit);
		uint64_t place;

		if (d->Type != EfiConventionalMemory || !is_ram(d) ||
		    end < size + offset)
			continue;
		place = ALIGN_DOWN(end - size - offset, step) + offset;
		if (place >= start)
			best = MAX(best, place);
	}
	return best;
}

/* Insertion sort by address: firmware's maps are sorted, or nearly. */
static void sort(struct memory_map *map)
{
	for (size_t i = 1; i < map_count(map); i++) {
		EFI_MEMORY_DESCRIPTOR moved = *map_at(map, i);
		size_t j = i;

		for (; j &&
		       map_at(map, j - 1)->PhysicalStart > moved.PhysicalStart;
		     j--)
			*map_at(map, j) = *map_at(map, j - 1);
		*map_at(map, j) = moved;
	}
}

static unsigned int smallest(const struct boot_info *bi)
{
	unsigned int min = 0;

	for (unsigned int i = 1; i < bi->nr_mem; i++)
		if (bi->mem[i].end - bi->mem[i].start <
		    bi->mem[min].end - bi->mem[min].start)
			min = i;
	return min;
}

/* Ranges come in ascending order. Returns the bytes given up. */
static uint64_t add(struct boot_info *bi, uint64_t start, uint64_t end)
{
	struct boot_mem *last = bi->nr_mem ? &bi->mem[bi->nr_mem - 1] : NULL;
	uint64_t lost = 0;
	unsigned int min;

	end = ALIGN_DOWN(end, PAGE_SIZE);
	if (start >= end)
		return 0;
	start = ALIGN_UP(start, PAGE_SIZE); /* cannot wrap: it is below end */
	if (start == end)
		return 0;
	if (last && last->end == start) {
		last->end = end;
		return 0;
	}
	if (bi->nr_mem == BOOT_MEM_MAX) {
		min = smallest(bi);
		lost = bi->mem[min].end - bi->mem[min].start;
		if (lost >= end - start)
			return end - start;
		bi->nr_mem--;
		memmove(&bi->mem[min], &bi->mem[min + 1],
			(bi->nr_mem - min) * sizeof(bi->mem[0]));
	}
	bi->mem[bi->nr_mem++] = (struct boot_mem){ start, end, BOOT_MEM_RAM };
	return lost;
}

/* Adds [from, to) without the kernel's image [start, end). */
static uint64_t add_around(struct boot_info *bi, uint64_t from, uint64_t to,
			   uint64_t start, uint64_t end)
{
	uint64_t lost = 0;

	if (from < end && to > start) {
		lost = add(bi, from, MIN(to, start));
		from = end;
	}
	return lost + add(bi, from, to);
}

uint64_t memory_map_reduce(struct memory_map *map, uint64_t start, uint64_t end,
			   struct boot_info *bi)
{
	uint64_t next = LOW_MEMORY_END; /* everything below is done */
	uint64_t lost = 0;

	sort(map);
	bi->nr_mem = 0;
	for (size_t i = 0; i < map_count(map); i++) {
		uint64_t to = range_end(map_at(map, i));

		if (!is_ram(map_at(map, i)))
			continue;
		next = MAX(next, map_at(map, i)->PhysicalStart);
		for (size_t j = 0; j < map_count(map); j++) {
			const EFI_MEMORY_DESCRIPTOR *d = map_at(map, j);

			if (is_ram(d) || d->PhysicalStart >= to ||
			    range_end(d) <= next)
				continue;
			lost += add_around(bi, next, d->PhysicalStart, start,
					   end);
			next = range_end(d);
		}
		lost += add_around(bi, next, to, start, end);
		next = MAX(next, to);
	}
	return lost;
}
