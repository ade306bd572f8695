/* SPDX-License-Identifier: MIT */
/* unit: boot/memmap.c */
/* The boot memory map against one with an entry a page. */
#include "boot/memmap.h"

#include <string.h>

#include "kernel/base.h"
#include "lib/check.h"
#include "lib/tap.h"

#define NR_PAGES 400
#define ROUNDS 2000

#define NOTHING 2 /* beside BOOT_MEM_RAM and BOOT_MEM_RESERVED */

static struct boot_info bi;
static uint8_t model[NR_PAGES];

static bool is_sorted(void)
{
	for (unsigned int i = 0; i < bi.nr_mem; i++) {
		const struct boot_mem *m = &bi.mem[i];

		if (m->start >= m->end || !IS_ALIGNED(m->start, PAGE_SIZE) ||
		    !IS_ALIGNED(m->end, PAGE_SIZE))
			return false;
		if (i && (m[-1].end > m->start ||
			  (m[-1].end == m->start && m[-1].type == m->type)))
			return false;
	}
	return bi.nr_mem <= BOOT_MEM_MAX;
}

static int type_of(uint64_t addr)
{
	for (unsigned int i = 0; i < bi.nr_mem; i++)
		if (addr >= bi.mem[i].start && addr < bi.mem[i].end)
			return bi.mem[i].type;
	return NOTHING;
}

static void set(uint64_t start, uint64_t end, enum boot_mem_type type)
{
	uint64_t first = start / PAGE_SIZE, last = end / PAGE_SIZE;

	if (type == BOOT_MEM_RAM)
		first = ALIGN_UP(start, PAGE_SIZE) / PAGE_SIZE;
	else
		last = ALIGN_UP(end, PAGE_SIZE) / PAGE_SIZE;
	for (uint64_t page = first; start < end && page < last; page++)
		model[page] = type;
	boot_mem_set(&bi, start, end, type);
}

static void reset(void)
{
	memset(&bi, 0, sizeof(bi));
	memset(model, NOTHING, sizeof(model));
}

static bool matches(void)
{
	for (uint64_t page = 0; page < NR_PAGES; page++)
		if (type_of(page * PAGE_SIZE) != model[page])
			return false;
	return true;
}

static void test_random(void)
{
	bool sorted = true, same = true;

	for (int round = 0; round < ROUNDS; round++) {
		reset();
		for (int i = 0; i < 20; i++) {
			uint64_t a = random_below(NR_PAGES * PAGE_SIZE);
			uint64_t b = random_below(NR_PAGES * PAGE_SIZE);

			set(MIN(a, b), MAX(a, b), random_below(2));
			sorted &= is_sorted();
		}
		same &= matches();
	}
	ok(sorted, "memmap: stays sorted, disjoint, joined, page aligned");
	ok(same, "memmap: the last word on each page counts");
}

/* More ranges than fit: memory is lost, nothing reserved becomes RAM. */
static void test_full(void)
{
	bool safe = true;

	reset();
	set(0, NR_PAGES * PAGE_SIZE, BOOT_MEM_RAM);
	for (uint64_t page = 1; page < NR_PAGES; page += 2)
		set(page * PAGE_SIZE, (page + 1) * PAGE_SIZE,
		    BOOT_MEM_RESERVED);
	for (uint64_t page = 0; page < NR_PAGES; page++)
		if (type_of(page * PAGE_SIZE) == BOOT_MEM_RAM)
			safe &= model[page] == BOOT_MEM_RAM;
	ok(is_sorted() && bi.nr_mem == BOOT_MEM_MAX, "memmap: a full table");
	ok(safe, "memmap: a full table never calls reserved pages RAM");
}

static void test_edges(void)
{
	reset();
	boot_mem_set(&bi, UINT64_MAX - 100, UINT64_MAX, BOOT_MEM_RAM);
	is(bi.nr_mem, 0, "memmap: RAM that holds no whole page is none");
	boot_mem_set(&bi, 0, UINT64_MAX, BOOT_MEM_RESERVED);
	is(bi.nr_mem, 1, "memmap: all of the address space");
	boot_mem_set(&bi, 5, 5, BOOT_MEM_RAM);
	boot_mem_set(&bi, 9000, 5000, BOOT_MEM_RAM);
	is(bi.nr_mem, 1, "memmap: empty and inverted ranges change nothing");
}

int main(void)
{
	random_seed();
	test_random();
	test_full();
	test_edges();
	return done_testing();
}
