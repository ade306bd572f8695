/* SPDX-License-Identifier: MIT */
/*
 * unit: kernel/mm/mm.c kernel/mm/vma.c kernel/mm/mmap.c kernel/mm/mremap.c
 * unit: kernel/mm/pte_range.c kernel/lib/rbtree.c
 */
/* mmap, brk, mremap and madvise: what they return, and where things land. */
#include <linux/mman.h>

#include "kernel/mm/mmap.h"
#include "kernel/mm/mremap.h"
#include "lib/address_space.h"
#include "lib/tap.h"

static void test_mmap_errors(void)
{
	static uint8_t file[1];
	struct vma_backing far = { file, ~0UL << 12, 1, NULL };
	struct mm *mm = begin();
	static const struct {
		uintptr_t addr;
		size_t len;
		uint32_t flags;
		long want;
		const char *what;
	} calls[] = {
		{ BASE, 0, FIXED, -EINVAL, "no length" },
		{ BASE, ~0UL, FIXED, -ENOMEM, "a length that wraps" },
		{ BASE, USER_MAX + 4096, ANON, -ENOMEM, "a length too large" },
		{ BASE + 5, 1, FIXED, -EINVAL, "an unaligned fixed address" },
		{ USER_MAX, 1, FIXED, -ENOMEM, "beyond user space" },
		{ 0, 1, FIXED, -EPERM, "page zero" },
		{ USER_MIN - PAGE_SIZE, 1, FIXED, -EPERM, "below USER_MIN" },
		{ BASE, 1, MAP_ANONYMOUS, -EINVAL, "neither kind" },
		{ BASE, 1, ANON | MAP_FIXED_NOREPLACE, -EEXIST, "NOREPLACE" },
		{ 0, 1, ANON | MAP_HUGETLB, -ENOMEM, "huge pages" },
	};
	size_t i;

	map(mm, 0, 1, RW);
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		is(mm_mmap(mm, calls[i].addr, calls[i].len, RW, calls[i].flags,
			   NULL),
		   calls[i].want, "mmap: %s", calls[i].what);
	is(mm_mmap(mm, 0, 1, RW, MAP_PRIVATE, &far), -EOVERFLOW,
	   "mmap: the end of the file offset wraps");
	is(mm->nr_vmas, 1, "mmap: nothing was mapped by these");
	is(mm_map_fixed(mm, BASE, PAGE_SIZE, RW, 0, NULL, false), -EEXIST,
	   "map_fixed: is refused where something is");
	end(mm, "mmap errors");
}

static void test_placement(void)
{
	struct mm *mm = begin();
	uintptr_t top = TOP - STACK_MAX - GUARD_GAP;
	long a, b, c;

	is(mm_find_gap(mm, PAGE_SIZE), USER_MAX - PAGE_SIZE,
	   "placement: an empty space is filled from the top");
	map_stack(mm);
	a = mm_mmap(mm, 0, 4 * PAGE_SIZE, RW, ANON, NULL);
	is(a, top - 4 * PAGE_SIZE, "placement: below stack and guard gap");
	b = mm_mmap(mm, 0, 4 * PAGE_SIZE, PROT_READ, ANON, NULL);
	is(b, a - 4 * PAGE_SIZE, "placement: each below the last");
	c = mm_mmap(mm, 0, 4 * PAGE_SIZE, RW, ANON, NULL);
	mm_unmap(mm, b, 4 * PAGE_SIZE);
	is(mm_find_gap(mm, 4 * PAGE_SIZE), b, "placement: a hole that fits");
	is(mm_find_gap(mm, 5 * PAGE_SIZE), c - 5 * PAGE_SIZE,
	   "placement: a hole that does not");
	is(mm_mmap(mm, BASE + 77, PAGE_SIZE, RW, ANON, NULL), BASE,
	   "placement: a hint is rounded down and honoured");
	is(mm_mmap(mm, BASE, PAGE_SIZE, RW, ANON, NULL), b + 3 * PAGE_SIZE,
	   "placement: but not where something is");
	is(mm_mmap(mm, PAGE_SIZE + 5, PAGE_SIZE, PROT_READ, ANON, NULL),
	   USER_MIN, "placement: a hint too low is raised");
	ok((uintptr_t)mm_mmap(mm, 0, PAGE_SIZE, RW, ANON | MAP_32BIT, NULL) <
		   0x80000000UL,
	   "placement: MAP_32BIT stays below 2 GiB");
	is(mm_find_gap(mm, USER_MAX), 0, "placement: 0 when nothing fits");
	mm->mmap_base = BASE;
	is(mm_find_gap(mm, PAGE_SIZE), BASE - PAGE_SIZE,
	   "placement: below the base for mappings");
	mm->mmap_base = USER_MIN + PAGE_SIZE;
	is(mm_find_gap(mm, 5 * PAGE_SIZE), c - 5 * PAGE_SIZE,
	   "placement: above it when there is no room below");
	is(mm_mmap(mm, 0, USER_MAX - BASE, RW, ANON, NULL), -ENOMEM,
	   "placement: ENOMEM in mmap");
	end(mm, "placement");
}

static void test_brk(void)
{
	struct mm *mm = begin();

	is(mm_brk(mm, BASE), 0, "brk: none before the program is loaded");
	mm->brk_start = BASE + 10;
	mm->brk = BASE + 10;
	is(mm_brk(mm, 0), BASE + 10, "brk: 0 asks");
	is(mm_brk(mm, BASE + 3 * PAGE_SIZE + 1), BASE + 3 * PAGE_SIZE + 1,
	   "brk: to any byte");
	is(mm->reserved, 3 * PAGE_SIZE, "brk: pages behind the first");
	is(cpu_write(mm, BASE + 3 * PAGE_SIZE, 9), 0, "brk: usable");
	is(mm_brk(mm, BASE + 9 * PAGE_SIZE), BASE + 9 * PAGE_SIZE, "brk: more");
	is(mm->nr_vmas, 1, "brk: is one area");
	is(mm_brk(mm, BASE + PAGE_SIZE), BASE + PAGE_SIZE, "brk: less");
	is(mm->resident, 0, "brk: the pages are freed");
	mm_brk(mm, BASE + 4 * PAGE_SIZE);
	is(peek(mm, BASE + 3 * PAGE_SIZE), 0, "brk: new ones are zero");
	map(mm, 10, 1, RW);
	is(mm_brk(mm, BASE + 10 * PAGE_SIZE), BASE + 4 * PAGE_SIZE,
	   "brk: not up to another mapping");
	is(mm_brk(mm, BASE + 9 * PAGE_SIZE), BASE + 9 * PAGE_SIZE,
	   "brk: but to a page before it");
	is(mm_brk(mm, BASE), BASE + 9 * PAGE_SIZE, "brk: not below its start");
	is(mm_brk(mm, USER_MAX + 1), BASE + 9 * PAGE_SIZE, "brk: not too far");
	end(mm, "brk");
}

static void test_mremap(void)
{
	struct mm *mm = begin();
	uintptr_t to = BASE + 64 * PAGE_SIZE;
	size_t before;
	long moved;

	map(mm, 0, 4, RW);
	cpu_write(mm, BASE, 1);
	cpu_write(mm, BASE + 3 * PAGE_SIZE, 4);
	before = live_pages;
	is(mm_mremap(mm, BASE, 4 * PAGE_SIZE, 8 * PAGE_SIZE, 0, 0), BASE,
	   "mremap: grows where there is room");
	is(mm->nr_vmas, 1, "mremap: as one area");
	is(mm_mremap(mm, BASE, 8 * PAGE_SIZE, 4 * PAGE_SIZE, 0, 0), BASE,
	   "mremap: shrinks");
	map(mm, 4, 1, PROT_READ);
	is(mm_mremap(mm, BASE, 4 * PAGE_SIZE, 5 * PAGE_SIZE, 0, 0), -ENOMEM,
	   "mremap: cannot grow into a neighbour");
	moved = mm_mremap(mm, BASE, 4 * PAGE_SIZE, 5 * PAGE_SIZE,
			  MREMAP_MAYMOVE, 0);
	ok(moved > 0 && peek(mm, moved) == 1 &&
		   peek(mm, moved + 3 * PAGE_SIZE) == 4 &&
		   peek(mm, moved + 4 * PAGE_SIZE) == 0,
	   "mremap: moves with its contents");
	is(cpu_write(mm, BASE, 1), -EFAULT, "mremap: the old place is empty");
	is(mm->resident, 3, "mremap: no page was copied or lost");
	ok(live_pages <= before + 4, "mremap: only tables were added");
	map(mm, 64, 3, RW);
	cpu_write(mm, to + PAGE_SIZE, 99);
	is(mm_mremap(mm, moved + 3 * PAGE_SIZE, PAGE_SIZE, 2 * PAGE_SIZE,
		     MREMAP_MAYMOVE | MREMAP_FIXED, to),
	   to, "mremap: to a fixed place");
	ok(peek(mm, to) == 4 && peek(mm, to + PAGE_SIZE) == 0,
	   "mremap: which it replaces");
	is(mm_mremap(mm, moved, PAGE_SIZE, PAGE_SIZE,
		     MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0) > 0,
	   1, "mremap: may leave the old area");
	is(peek(mm, moved), 0, "mremap: but not its pages");
	end(mm, "mremap");
}

static void test_mremap_errors(void)
{
	enum {
		MOVE = MREMAP_MAYMOVE,
		FIX = MREMAP_MAYMOVE | MREMAP_FIXED
	};
	static const struct {
		uintptr_t old;
		size_t old_len, new_len;
		uint32_t flags;
		uintptr_t to;
		long want;
		const char *what;
	} calls[] = {
		{ 0, 1, 1, 8, 0, -EINVAL, "unknown flags" },
		{ 0, 1, 1, MREMAP_FIXED, 0, -EINVAL, "FIXED without MAYMOVE" },
		{ 0, 1, 4097, MOVE | MREMAP_DONTUNMAP, 0, -EINVAL,
		  "DONTUNMAP with another length" },
		{ 1, 1, 1, 0, 0, -EINVAL, "unaligned" },
		{ 0, 1, 0, 0, 0, -EINVAL, "no new length" },
		{ 0, 0, 1, MOVE, 0, -EINVAL, "no old length" },
		{ 64 << 12, 1, 2, MOVE, 0, -EFAULT, "nothing there" },
		{ 0, 8 << 12, 9 << 12, MOVE, 0, -EFAULT, "across a hole" },
		{ 0, 1, 1, FIX, 5, -EINVAL, "an unaligned target" },
		{ 0, 8192, 8192, FIX, BASE - 4096, -EINVAL, "overlap" },
		{ 0, 8192, 8192, FIX, BASE + 4096, -EINVAL, "overlap" },
		{ 0, 1, 1, FIX, USER_MAX, -EINVAL, "a target too high" },
		{ 0, 1, 1, FIX, 4096, -EPERM, "a target too low" },
		{ 0, 1, USER_MAX - 4096, MOVE, 0, -ENOMEM, "too much" },
	};
	struct mm *mm = begin();
	size_t i;

	map(mm, 0, 4, RW);
	map(mm, 6, 4, RW);
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		is(mm_mremap(mm, BASE + calls[i].old, calls[i].old_len,
			     calls[i].new_len, calls[i].flags, calls[i].to),
		   calls[i].want, "mremap: %s", calls[i].what);
	is(mm->nr_vmas, 2, "mremap: nothing moved by these");
	end(mm, "mremap errors");
}

/* RAM is less than a GiB here, so that is the bound. */
static void test_too_much(void)
{
	struct mm *mm = begin();
	uintptr_t brk;

	is(mm_mmap(mm, 0, GiB + 1, RW, ANON, NULL), -ENOMEM,
	   "mmap: more than could ever be there");
	ok(mm_mmap(mm, 0, 4 * GiB, RW, ANON | MAP_NORESERVE, NULL) > 0,
	   "mmap: as much as one likes when nothing is promised");
	ok(mm_mmap(mm, 0, 4 * GiB, PROT_NONE, ANON, NULL) > 0,
	   "mmap: or when it cannot be written");
	map(mm, 0, 1, RW);
	is(mm_mremap(mm, BASE, PAGE_SIZE, 2 * GiB, MREMAP_MAYMOVE, 0), -ENOMEM,
	   "mremap: more than could ever be there");
	mm->brk = mm->brk_start = BASE + 16 * PAGE_SIZE;
	brk = mm->brk;
	is(mm_brk(mm, brk + 2 * GiB), brk,
	   "brk: more than could ever be there");
	end(mm, "too much");
}

static void test_madvise(void)
{
	struct mm *mm = begin();

	map(mm, 0, 4, RW);
	cpu_write(mm, BASE, 1);
	cpu_write(mm, BASE + PAGE_SIZE, 2);
	is(mm_madvise(mm, BASE, PAGE_SIZE, MADV_DONTNEED), 0, "madvise: drop");
	is(mm->resident, 1, "madvise: the page is freed");
	ok(tlb_is_fresh(), "madvise: and forgotten");
	is(peek(mm, BASE), 0, "madvise: and zero when touched again");
	is(peek(mm, BASE + PAGE_SIZE), 2, "madvise: its neighbour stays");
	is(mm_madvise(mm, BASE, 4 * PAGE_SIZE, MADV_FREE), 0, "madvise: free");
	is(mm->resident, 0, "madvise: frees at once");
	is(mm_madvise(mm, BASE, 4096, 77), -EINVAL, "madvise: unknown advice");
	is(mm_madvise(mm, BASE, 4096, -1), -EINVAL, "madvise: negative advice");
	is(mm_madvise(mm, BASE + 1, 1, MADV_NORMAL), -EINVAL,
	   "madvise: unaligned");
	is(mm_madvise(mm, BASE, 0, MADV_DONTNEED), 0, "madvise: no length");
	is(mm_madvise(mm, BASE, ~0UL, MADV_DONTNEED), -EINVAL,
	   "madvise: a length that wraps");
	cpu_write(mm, BASE + 3 * PAGE_SIZE, 2);
	mm_unmap(mm, BASE + PAGE_SIZE, PAGE_SIZE);
	is(mm_madvise(mm, BASE, 4 * PAGE_SIZE, MADV_DONTNEED), -ENOMEM,
	   "madvise: a hole is reported");
	is(mm->resident, 0, "madvise: but does not stop it");
	is(mm_madvise(mm, BASE + 64 * PAGE_SIZE, PAGE_SIZE, MADV_HUGEPAGE),
	   -ENOMEM, "madvise: nothing there");
	is(mm_madvise(mm, BASE, PAGE_SIZE, MADV_HUGEPAGE), 0,
	   "madvise: hints are taken");
	is(mm_madvise(mm, BASE, PAGE_SIZE, MADV_POPULATE_WRITE), 0,
	   "madvise: populate");
	is(mm->resident, 1, "madvise: makes pages present");
	end(mm, "madvise");
}

static size_t run_of(struct mm *mm, size_t page, size_t n, bool *present)
{
	return mm_presence(mm, BASE + page * PAGE_SIZE, n, present);
}

static void test_populate(void)
{
	struct mm *mm = begin();
	bool present = false;

	mm_mmap(mm, BASE, 10 * PAGE_SIZE, RW, FIXED | MAP_POPULATE, NULL);
	is(mm->resident, 10, "populate: all pages are present");
	map(mm, 3, 1, PROT_NONE);
	is(mm_lock(mm, BASE + 1, PAGE_SIZE, true), 0, "mlock: present pages");
	is(mm_lock(mm, BASE + 3 * PAGE_SIZE, 1, true), -ENOMEM,
	   "mlock: PROT_NONE cannot be made present");
	is(mm_lock(mm, BASE, 11 * PAGE_SIZE, false), -ENOMEM,
	   "munlock: what is not mapped");
	is(mm_lock(mm, BASE, 10 * PAGE_SIZE, false), 0, "munlock: what is");
	is(mm_lock(mm, BASE, ~0UL - BASE, true), -EINVAL, "mlock: wraps");
	is(mm_sync(mm, BASE, 10 * PAGE_SIZE, MS_SYNC), 0, "msync: mapped");
	is(mm_sync(mm, BASE, 11 * PAGE_SIZE, MS_SYNC), -ENOMEM, "msync: hole");
	is(mm_sync(mm, BASE, 1, MS_SYNC | MS_ASYNC), -EINVAL, "msync: both");
	is(run_of(mm, 0, 20, &present), 3, "mincore: a run of pages");
	ok(present, "mincore: of present ones");
	map(mm, 3, 4, RW);
	is(run_of(mm, 3, 20, &present), 4, "mincore: a run");
	ok(!present, "mincore: of absent ones");
	is(run_of(mm, 10, 20, &present), 0, "mincore: where nothing is");
	end(mm, "populate");
}

int main(void)
{
	fake_ram_init();
	test_mmap_errors();
	test_placement();
	test_brk();
	test_mremap();
	test_mremap_errors();
	test_too_much();
	test_madvise();
	test_populate();
	return done_testing();
}
