/* SPDX-License-Identifier: MIT */
/*
 * RAM for tests of the page allocator: host memory whose "physical" addresses
 * are such that the direct map leads back to it.
 */
#ifndef TESTS_UNIT_LIB_RAM_H
#define TESTS_UNIT_LIB_RAM_H

#include <stdlib.h>
#include <string.h>

#include "kernel/boot_info.h"
#include "kernel/mm/page.h"

/* Never zero: what the kernel relies on it has to write. */
#define RAM_JUNK 0xa5

struct ram {
	uint8_t *host; /* aligned to the largest block */
	uint64_t phys; /* of host */
	size_t size;
};

static inline struct ram ram_create(size_t size)
{
	struct ram ram = { .size = size };

	ram.host = aligned_alloc(PAGE_SIZE << MAX_ORDER,
				 ALIGN_UP(size, PAGE_SIZE << MAX_ORDER));
	memset(ram.host, RAM_JUNK, size);
	ram.phys = (uintptr_t)ram.host - direct_map_base;
	return ram;
}

static inline void ram_destroy(struct ram *ram)
{
	free(ram->host);
}

static inline void ram_add(struct boot_info *bi, const struct ram *ram,
			   size_t start, size_t end)
{
	bi->mem[bi->nr_mem++] = (struct boot_mem){
		.start = ram->phys + start,
		.end = ram->phys + end,
		.type = BOOT_MEM_RAM,
	};
}

/* The page allocator over all of it. */
static inline struct ram ram_boot(size_t size)
{
	struct ram ram = ram_create(size);
	struct boot_info bi = { .nr_mem = 0 };

	ram_add(&bi, &ram, 0, size);
	page_alloc_init(&bi);
	return ram;
}

#endif /* TESTS_UNIT_LIB_RAM_H */
