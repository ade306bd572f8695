/* SPDX-License-Identifier: MIT */
/*
 * unit: kernel/mm/mm.c kernel/mm/vma.c kernel/mm/mmap.c kernel/mm/mremap.c
 * unit: kernel/mm/pte_range.c kernel/lib/rbtree.c
 */
/*
 * An address space under random calls, beside a model that keeps for every
 * page of a window what it should be: its protection, where its bytes come
 * from, and the word that was written to it.
 */
#include <linux/mman.h>

#include "kernel/mm/mmap.h"
#include "kernel/mm/mremap.h"
#include "kernel/mm/vma.h"
#include "lib/check.h"
#include "lib/fake_mmu.h"
#include "lib/tap.h"

#define WINDOW 48 /* pages */
#define BASE 0x7f0000000000UL
#define FILE_PAGES 16
#define STEPS 30000

/* Bytes come from: zeros, or the file from this page on. */
#define SOURCE_ZERO (-1)

struct model_page {
	bool mapped;
	uint32_t prot;
	int source; /* SOURCE_ZERO or a page number, maybe behind the end */
	bool written;
	uint64_t value; /* when written */
};

static struct model_page model[WINDOW];
static uint64_t file[FILE_PAGES * 512];

static uintptr_t va(size_t page)
{
	return BASE + page * PAGE_SIZE;
}

static uint64_t model_value(const struct model_page *page)
{
	if (page->written)
		return page->value;
	if (page->source == SOURCE_ZERO)
		return 0;
	return file[page->source * 512];
}

/* Some part of the window. */
static void random_range(size_t *first, size_t *n)
{
	*first = random_below(WINDOW);
	*n = 1 + random_below(MIN(WINDOW - *first, (size_t)12));
}

static bool do_mmap(struct mm *mm)
{
	struct vma_backing backing = { (uint8_t *)file, 0, sizeof(file),
				       "/file" };
	bool zero = random_below(2), replace = random_below(3);
	uint32_t prot = random_below(8);
	uint32_t flags = MAP_PRIVATE;
	size_t first, n, i, source = random_below(FILE_PAGES + 2);
	bool busy = false;
	long got;

	random_range(&first, &n);
	flags |= replace ? MAP_FIXED : MAP_FIXED_NOREPLACE;
	flags |= zero ? MAP_ANONYMOUS : 0;
	backing.offset = source * PAGE_SIZE;
	got = mm_mmap(mm, va(first), n * PAGE_SIZE, prot, flags,
		      zero ? NULL : &backing);
	for (i = first; i < first + n; i++)
		busy |= model[i].mapped;
	if (busy && !replace)
		return got == -EEXIST;
	for (i = first; i < first + n; i++)
		model[i] = (struct model_page){
			.mapped = true,
			.prot = prot,
			.source = zero ? SOURCE_ZERO :
					 (int)(source + i - first),
		};
	return got == (long)va(first);
}

static bool do_munmap(struct mm *mm)
{
	size_t first, n, i;

	random_range(&first, &n);
	for (i = first; i < first + n; i++)
		model[i].mapped = false;
	return mm_unmap(mm, va(first), n * PAGE_SIZE) == 0;
}

static bool do_mprotect(struct mm *mm)
{
	uint32_t prot = random_below(8);
	size_t first, n, i;

	random_range(&first, &n);
	for (i = first; i < first + n && model[i].mapped; i++)
		model[i].prot = prot;
	return mm_protect(mm, va(first), n * PAGE_SIZE, prot) ==
	       (i < first + n ? -ENOMEM : 0);
}

static bool do_madvise(struct mm *mm)
{
	bool hole = false;
	size_t first, n, i;

	random_range(&first, &n);
	for (i = first; i < first + n; i++) {
		hole |= !model[i].mapped;
		model[i].written = false;
	}
	return mm_madvise(mm, va(first), n * PAGE_SIZE, MADV_DONTNEED) ==
	       (hole ? -ENOMEM : 0);
}

/* Whether two neighbours belong to one area. */
static bool same_area(const struct model_page *low,
		      const struct model_page *high)
{
	if (!low->mapped || !high->mapped || low->prot != high->prot)
		return false;
	if (low->source == SOURCE_ZERO)
		return high->source == SOURCE_ZERO;
	return high->source == low->source + 1;
}

static bool is_one_area(size_t first, size_t n)
{
	size_t i;

	if (!model[first].mapped)
		return false;
	for (i = first; i + 1 < first + n; i++)
		if (!same_area(&model[i], &model[i + 1]))
			return false;
	return true;
}

static bool do_mremap(struct mm *mm)
{
	struct model_page moved[WINDOW];
	size_t first, n, to, to_n, i;
	long got;

	random_range(&first, &n);
	random_range(&to, &to_n);
	if (to < first + n && first < to + to_n)
		return true; /* overlap is tested by name */
	got = mm_mremap(mm, va(first), n * PAGE_SIZE, to_n * PAGE_SIZE,
			MREMAP_MAYMOVE | MREMAP_FIXED, va(to));
	if (!is_one_area(first, MIN(n, to_n)))
		return got == -EFAULT;
	for (i = 0; i < to_n; i++) {
		moved[i] = model[first + MIN(i, n - 1)];
		if (i < n)
			continue;
		moved[i].written = false;
		if (moved[i].source != SOURCE_ZERO)
			moved[i].source += i - (n - 1);
	}
	for (i = first; i < first + n; i++)
		model[i].mapped = false;
	memcpy(model + to, moved, to_n * sizeof(*moved));
	return got == (long)va(to);
}

/* What an access to page gives that needs some of these rights. */
static int model_access(const struct model_page *page, uint32_t rights)
{
	if (!page->mapped || !(page->prot & rights))
		return -EFAULT;
	return page->source < FILE_PAGES ? 0 : -ENXIO;
}

static bool do_touch(struct mm *mm)
{
	size_t i = random_below(WINDOW);
	struct model_page *page = &model[i];
	uint64_t value = random_below(1UL << 40);
	int err, want;

	if (random_below(2)) {
		want = model_access(page, ~0U);
		err = cpu_read(mm, va(i), &value);
		return err == want && (err || value == model_value(page));
	}
	want = model_access(page, PROT_WRITE);
	err = cpu_write(mm, va(i), value);
	if (err || want)
		return err == want;
	page->written = true;
	page->value = value;
	return !err;
}

/* As few areas as the window's pages can be described by. */
static size_t model_areas(void)
{
	size_t i, n = model[0].mapped;

	for (i = 1; i < WINDOW; i++)
		n += model[i].mapped && !same_area(&model[i - 1], &model[i]);
	return n;
}

/* Makes every page readable, which must not change what it holds. */
static bool contents_match(struct mm *mm)
{
	uint64_t value;
	size_t i;

	for (i = 0; i < WINDOW; i++) {
		if (!model[i].mapped || model[i].source >= FILE_PAGES)
			continue;
		mm_protect(mm, va(i), PAGE_SIZE, PROT_READ);
		if (cpu_read(mm, va(i), &value) ||
		    value != model_value(&model[i]))
			return false;
		mm_protect(mm, va(i), PAGE_SIZE, model[i].prot);
	}
	return true;
}

static bool step(struct mm *mm)
{
	static bool (*const calls[])(struct mm *) = {
		do_mmap,  do_munmap, do_mprotect, do_madvise, do_mremap,
		do_touch, do_touch,  do_touch,	  do_touch,   do_mprotect,
	};

	return calls[random_below(ARRAY_SIZE(calls))](mm);
}

int main(void)
{
	struct mm *mm;
	bool good = true, fresh = true, minimal = true;
	size_t i;

	random_seed();
	fake_ram_init();
	for (i = 0; i < ARRAY_SIZE(file); i++)
		file[i] = i * 0x9e3779b97f4a7c15ULL;
	mm = mm_create();
	mm_activate(mm);
	for (i = 0; i < STEPS && good && fresh && minimal; i++) {
		good = step(mm);
		fresh = tlb_is_fresh();
		minimal = mm->nr_vmas == model_areas();
		must_hold(mm_check(mm));
		if (i % 64 == 0)
			good &= contents_match(mm);
	}
	ok(good, "mm: %d random calls do what the model says", STEPS);
	ok(fresh, "mm: the TLB never holds anything stale");
	ok(minimal, "mm: areas that can be one are one");
	if (!good || !fresh || !minimal)
		diag("at step %zu: %zu areas, should be %zu", i, mm->nr_vmas,
		     model_areas());
	mm_activate(NULL);
	mm_destroy(mm);
	is(live_pages + live_objects, 0, "mm: all memory is back");
	return done_testing();
}
