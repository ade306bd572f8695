/* SPDX-License-Identifier: MIT */
/* unit: boot/efi/memory_map.c */
/*
 * The firmware's memory map against a model with an entry a page. Descriptors
 * are longer than the structure, as the specification allows.
 */
#include "boot/efi/memory_map.h"

#include <stdlib.h>
#include <string.h>

#include "lib/check.h"

#define STRIDE 48
#define MAX_DESCRIPTORS 400
#define NR_PAGES 600 /* of the model */
#define FIRST_PAGE 256 /* 1 MiB */
#define ROUNDS 2000

static char descriptors[MAX_DESCRIPTORS * STRIDE] __attribute__((aligned(8)));
static struct memory_map map = { descriptors, 0, STRIDE, 0 };
static struct boot_info bi;
static bool model[NR_PAGES]; /* usable */

static void reset(void)
{
	memset(descriptors, 0xa5, sizeof(descriptors));
	map.size = 0;
	memset(&bi, 0, sizeof(bi));
	memset(model, 0, sizeof(model));
}

static void add(uint32_t type, uint64_t page, uint64_t pages, uint64_t attr)
{
	EFI_MEMORY_DESCRIPTOR d = { .Type = type,
				    .PhysicalStart = page * PAGE_SIZE,
				    .NumberOfPages = pages,
				    .Attribute = attr };

	memcpy(descriptors + map.size, &d, sizeof(d));
	map.size += STRIDE;
}

static void add_ram(uint64_t page, uint64_t pages)
{
	add(EfiConventionalMemory, page, pages, EFI_MEMORY_WB);
}

static bool is_sorted(void)
{
	for (unsigned int i = 0; i < bi.nr_mem; i++) {
		const struct boot_mem *m = &bi.mem[i];

		if (m->start >= m->end || m->type != BOOT_MEM_RAM)
			return false;
		if (i && m[-1].end >= m->start)
			return false;
	}
	return bi.nr_mem <= BOOT_MEM_MAX;
}

static bool has(uint64_t page)
{
	for (unsigned int i = 0; i < bi.nr_mem; i++)
		if (page * PAGE_SIZE >= bi.mem[i].start &&
		    page * PAGE_SIZE < bi.mem[i].end)
			return true;
	return false;
}

static uint64_t total(void)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < bi.nr_mem; i++)
		sum += bi.mem[i].end - bi.mem[i].start;
	return sum;
}

static bool usable_type(uint32_t type)
{
	return type == EfiLoaderCode || type == EfiLoaderData ||
	       type == EfiBootServicesCode || type == EfiBootServicesData ||
	       type == EfiConventionalMemory;
}

/* Random neighbours without overlaps, in random order. */
static void make_random(unsigned int most)
{
	uint64_t page = 0;

	while (page < NR_PAGES && map.size < most * STRIDE) {
		uint64_t n = 1 + random_below(8);
		uint32_t type = random_below(16);
		bool cached = random_below(10);

		n = MIN(n, NR_PAGES - page);
		if (random_below(4))
			add(type, page, n, cached ? 0xf : 0x1);
		else
			cached = false; /* a hole */
		for (uint64_t p = page; p < page + n; p++)
			model[p] = cached && usable_type(type) &&
				   p >= FIRST_PAGE;
		page += n;
	}
	for (size_t i = map.size / STRIDE; i > 1; i--) {
		char *a = descriptors + (i - 1) * STRIDE, tmp[STRIDE];
		char *b = descriptors + random_below(i) * STRIDE;

		memcpy(tmp, a, STRIDE);
		memcpy(a, b, STRIDE);
		memcpy(b, tmp, STRIDE);
	}
}

static void test_random(void)
{
	bool sorted = true, same = true, counted = true;

	for (int round = 0; round < ROUNDS; round++) {
		uint64_t from, to, lost, wanted = 0;

		reset();
		make_random(MAX_DESCRIPTORS);
		from = random_below(NR_PAGES);
		to = from + random_below(20);
		for (uint64_t p = from; p < to && p < NR_PAGES; p++)
			model[p] = false;
		lost = memory_map_reduce(&map, from * PAGE_SIZE, to * PAGE_SIZE,
					 &bi);
		sorted &= is_sorted();
		for (uint64_t p = 0; p < NR_PAGES; p++) {
			same &= !has(p) || model[p];
			same &= has(p) == model[p] || lost;
			wanted += model[p] ? PAGE_SIZE : 0;
		}
		counted &= total() + lost == wanted;
	}
	ok(sorted, "map: sorted, disjoint, joined");
	ok(same, "map: what is RAM by type and caching, without the image");
	ok(counted, "map: every byte is in a range or counted as lost");
}

static void test_full(void)
{
	uint64_t lost;

	reset();
	for (unsigned int i = 0; i < BOOT_MEM_MAX + 3; i++)
		add_ram(FIRST_PAGE + 100 * i, 1 + i % 50);
	lost = memory_map_reduce(&map, 0, 0, &bi);
	is(bi.nr_mem, BOOT_MEM_MAX, "map: as many ranges as fit");
	is(lost, 4 * PAGE_SIZE, "map: the smallest are given up, and counted");
	ok(!has(FIRST_PAGE) && !has(FIRST_PAGE + 5000) && has(FIRST_PAGE + 200),
	   "map: and no other");
	ok(is_sorted(), "map: still sorted");
}

static void test_edges(void)
{
	reset();
	add_ram(0, 160);
	add_ram(250, 10);
	memory_map_reduce(&map, 0, 0, &bi);
	ok(bi.nr_mem == 1 && bi.mem[0].start == MiB &&
		   bi.mem[0].end == 260 * PAGE_SIZE,
	   "map: nothing below 1 MiB");

	reset();
	add(EfiConventionalMemory, 300, 10, 0x40000 | EFI_MEMORY_WB);
	add(EfiConventionalMemory, 400, 0, EFI_MEMORY_WB);
	add(EfiReservedMemoryType, 600, UINT64_MAX, EFI_MEMORY_WB);
	add_ram(500, UINT64_MAX / 2);
	is(memory_map_reduce(&map, 0, 0, &bi), 0, "map: odd sizes");
	ok(bi.nr_mem == 1 && bi.mem[0].start == 500 * PAGE_SIZE &&
		   bi.mem[0].end == 600 * PAGE_SIZE,
	   "map: no memory for a special purpose, none that wraps");

	reset();
	add_ram(300, 100);
	add(EfiACPIReclaimMemory, 300, 10, EFI_MEMORY_WB);
	add(EfiRuntimeServicesData, 350, 10, EFI_MEMORY_WB);
	memory_map_reduce(&map, 0, 0, &bi);
	ok(has(310) && has(349) && has(360) && has(399) && !has(305) &&
		   !has(355) && !has(299) && !has(400),
	   "map: what two ranges claim is reserved");
}

static void test_valid(void)
{
	struct memory_map m = { descriptors, 4 * 48, 48, 0 };

	ok(memory_map_valid(&m, 1), "map: the version there is");
	ok(!memory_map_valid(&m, 2), "map: an unknown version is refused");
	m.stride = 32;
	ok(!memory_map_valid(&m, 1), "map: so are short descriptors");
	m.stride = 44;
	m.size = 88;
	ok(!memory_map_valid(&m, 1), "map: and those not aligned");
	m.stride = 48;
	ok(!memory_map_valid(&m, 1), "map: and half a descriptor");
}

static void test_place(void)
{
	const uint64_t step = 2 * MiB, off = MiB, limit = GiB;

	reset();
	is(memory_map_place(&map, MiB, off, step, limit), 0,
	   "place: none in an empty map");
	add_ram(FIRST_PAGE, 256);
	is(memory_map_place(&map, MiB, off, step, limit), MiB,
	   "place: exactly fitting");
	is(memory_map_place(&map, MiB + PAGE_SIZE, off, step, limit), 0,
	   "place: a page too long");
	is(memory_map_place(&map, MiB, 0, step, limit), 0,
	   "place: none at that offset");
	add(EfiBootServicesData, 512, 1024, EFI_MEMORY_WB);
	add(EfiConventionalMemory, 2048, 1024, EFI_MEMORY_UC);
	is(memory_map_place(&map, MiB, off, step, limit), MiB,
	   "place: not in memory in use, nor where nothing is cached");
	add_ram(4096, 1 << 20);
	is(memory_map_place(&map, MiB, off, step, limit), GiB - MiB,
	   "place: the highest below the limit");
	is(memory_map_place(&map, 64 * KiB, off, step, limit), GiB - MiB,
	   "place: with nothing but the offset");
	is(memory_map_place(&map, GiB - 20 * MiB, off, step, limit), 19 * MiB,
	   "place: a large one");
	is(memory_map_place(&map, GiB, 0, step, limit), 0,
	   "place: one larger than all");
	reset();
	add_ram(0, 200);
	is(memory_map_place(&map, 64 * KiB, 0, 64 * KiB, limit), 0,
	   "place: not below 1 MiB");
}

int main(void)
{
	random_seed();
	test_random();
	test_full();
	test_edges();
	test_valid();
	test_place();
	return done_testing();
}
