/* SPDX-License-Identifier: MIT */
/*
 * unit: kernel/mm/mm.c kernel/mm/vma.c kernel/mm/mmap.c kernel/mm/mremap.c
 * unit: kernel/mm/pte_range.c kernel/lib/rbtree.c
 */
/*
 * Threads that change the same addresses: at each point of a long call where
 * others run, other random calls and accesses come in between. Nothing is
 * said of what the application then has, but areas, tables, pages and the
 * TLB agree when all calls are done, and no access goes round for ever.
 */
#include <linux/mman.h>

#include "kernel/mm/mmap.h"
#include "kernel/mm/mremap.h"
#include "kernel/mm/vma.h"
#include "lib/check.h"
#include "lib/fake_mmu.h"
#include "lib/tap.h"

#define SLOTS 40
#define SLOT (512 * KiB) /* so a range has several page tables */
#define BASE 0x7f0000000000UL
#define STEPS 20000
#define DEPTH 3 /* threads that are in a long call at once */

static struct mm *mm;
static int depth;
static uint64_t file[1024];
static size_t nr_nested;

static uintptr_t some_address(void)
{
	return BASE + random_below(SLOTS) * SLOT + random_below(3) * PAGE_SIZE;
}

static size_t some_length(void)
{
	return random_below(3) ? random_below(SLOTS) * SLOT :
				 (1 + random_below(4)) * PAGE_SIZE;
}

static void do_mmap(void)
{
	const struct vma_backing backing = { (uint8_t *)file, 0, sizeof(file),
					     "/file" };
	uint32_t flags = MAP_PRIVATE | (random_below(3) ? MAP_FIXED : 0);
	bool zero = random_below(4);

	flags |= zero ? MAP_ANONYMOUS : 0;
	mm_mmap(mm, some_address(), some_length(), random_below(8), flags,
		zero ? NULL : &backing);
}

static void do_munmap(void)
{
	mm_unmap(mm, some_address(), some_length());
}

static void do_mprotect(void)
{
	mm_protect(mm, some_address(), some_length(), random_below(8));
}

static void do_madvise(void)
{
	static const int advice[] = { MADV_DONTNEED, MADV_FREE,
				      MADV_POPULATE_READ };

	int what = advice[random_below(ARRAY_SIZE(advice))];

	mm_madvise(mm, some_address(),
		   what == MADV_POPULATE_READ ? PAGE_SIZE * 8 : some_length(),
		   what);
}

static void do_mremap(void)
{
	uint32_t flags = MREMAP_MAYMOVE;
	size_t len = some_length();

	if (random_below(2))
		flags |= MREMAP_FIXED;
	if (random_below(4) == 0) {
		flags |= MREMAP_DONTUNMAP;
		mm_mremap(mm, some_address(), len, len, flags, some_address());
		return;
	}
	mm_mremap(mm, some_address(), len, some_length(), flags,
		  some_address());
}

static void do_mincore(void)
{
	bool present;

	mm_presence(mm, some_address(), 1 + random_below(4096), &present);
	mm_is_mapped(mm, some_address(), some_length());
}

/* cpu_read() and cpu_write() fail when a fault does not help. */
static void do_touch(void)
{
	uint64_t value = 1;

	if (random_below(2))
		cpu_read(mm, some_address(), &value);
	else
		cpu_write(mm, some_address(), value);
}

static void one_call(void)
{
	static void (*const calls[])(void) = {
		do_mmap,    do_mmap,   do_munmap,  do_mprotect, do_mprotect,
		do_madvise, do_mremap, do_mincore, do_touch,	do_touch,
		do_touch,   do_touch,  do_touch,   do_touch,	do_touch,
	};

	calls[random_below(ARRAY_SIZE(calls))]();
}

static void others(void)
{
	if (depth >= DEPTH || random_below(4))
		return;
	depth++;
	nr_nested++;
	meanwhile = others;
	one_call();
	depth--;
}

int main(void)
{
	bool fresh = true;

	random_seed();
	fake_ram_init();
	mm = mm_create();
	mm_activate(mm);
	for (size_t i = 0; i < STEPS && fresh; i++) {
		/* Memory is short now and then. */
		alloc_budget = random_below(8) ? -1 : (long)random_below(12);
		meanwhile = others;
		one_call();
		meanwhile = NULL;
		alloc_budget = -1;
		must_hold(mm_check(mm));
		fresh = tlb_is_fresh();
	}
	ok(fresh, "mm: the TLB never holds anything stale");
	ok(nr_nested > STEPS / 10,
	   "mm: %zu calls came into the middle of others", nr_nested);
	mm_activate(NULL);
	mm_destroy(mm);
	is(live_pages + live_objects, 0, "mm: all memory is back");
	return done_testing();
}
