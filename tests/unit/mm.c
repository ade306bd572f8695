/* SPDX-License-Identifier: MIT */
/*
 * unit: kernel/mm/mm.c kernel/mm/vma.c kernel/mm/mmap.c kernel/mm/mremap.c
 * unit: kernel/mm/pte_range.c kernel/lib/rbtree.c
 */
/* Address spaces: page faults, areas that split and join, what it all costs. */
#include <linux/mman.h>

#include "kernel/mm/mmap.h"
#include "kernel/mm/mremap.h"
#include "lib/address_space.h"
#include "lib/tap.h"

static void test_demand_zero(void)
{
	struct mm *mm = begin();
	size_t before = live_pages;
	uint64_t value;

	is(mm_mmap(mm, BASE, 5 * PAGE_SIZE - 1, RW, FIXED, NULL), BASE,
	   "mmap: a fixed address is what comes out");
	is(live_pages, before, "mmap: takes no page");
	is(mm->reserved, 5 * PAGE_SIZE, "mmap: the length is rounded up");
	is(peek(mm, BASE + 24), 0, "fault: a new page is zero");
	is(cpu_write(mm, BASE + 24, 7), 0, "fault: it can be written");
	is(peek(mm, BASE + 24), 7, "fault: and keeps what was written");
	is(mm->resident, 1, "fault: one page is present");
	is(cpu_read(mm, BASE + 5 * PAGE_SIZE, &value), -EFAULT,
	   "fault: behind the area there is nothing");
	is(cpu_read(mm, BASE - 8, &value), -EFAULT, "fault: nor before it");
	is(mm_fault(mm, USER_MAX, 0), -EFAULT, "fault: nor above user space");
	is(mm_fault(mm, ~0UL, 0), -EFAULT, "fault: nor at the very top");
	end(mm, "demand zero");
}

/* The kernel's own page, which an area shows and does not own. */
static void test_kernel_page(void)
{
	struct mm *mm = begin();
	struct page *page = alloc_page(ALLOC_ZERO);
	uint64_t *word = page_address(page);
	struct vma_backing backing = { .data = page_address(page),
				       .len = PAGE_SIZE };
	uint64_t value;

	is(mm_map_fixed(mm, BASE, PAGE_SIZE, PROT_READ,
			VMA_KERNEL | VMA_FILE | VMA_NOWRITE, &backing, false),
	   0, "kernel page: mapped");
	is(peek(mm, BASE), 0, "kernel page: is read");
	*word = 77;
	is(peek(mm, BASE), 77, "kernel page: what the kernel writes is seen");
	is(cpu_write(mm, BASE, 1), -EFAULT, "kernel page: not written");
	is(mm_protect(mm, BASE, PAGE_SIZE, RW), -EACCES,
	   "kernel page: nor made writable");
	is(mm_mremap(mm, BASE, PAGE_SIZE, PAGE_SIZE,
		     MREMAP_MAYMOVE | MREMAP_FIXED, BASE + MiB),
	   BASE + MiB, "kernel page: moves");
	is(mm_madvise(mm, BASE + MiB, PAGE_SIZE, MADV_DONTNEED), 0,
	   "kernel page: is dropped");
	*word = 78;
	is(peek(mm, BASE + MiB), 78, "kernel page: and comes back the same");
	is(mm_mremap(mm, BASE + MiB, PAGE_SIZE, 2 * PAGE_SIZE, 0, 0),
	   BASE + MiB, "kernel page: the area grows");
	is(cpu_read(mm, BASE + MiB + PAGE_SIZE, &value), -ENXIO,
	   "kernel page: nothing of the kernel's comes behind it");
	is(mm_unmap(mm, BASE + MiB, 2 * PAGE_SIZE), 0, "kernel page: unmapped");
	is(page->refs, 1, "kernel page: and still the kernel's");
	put_page(page);
	end(mm, "kernel page");
}

static void test_reservation(void)
{
	struct mm *mm = begin();
	size_t before = live_pages;
	long addr = mm_mmap(mm, 0, 1024 * GiB, PROT_NONE, ANON, NULL);
	uint64_t value;

	ok(addr > 0 && live_pages == before,
	   "reservation: a terabyte of PROT_NONE costs no page");
	is(cpu_read(mm, addr, &value), -EFAULT, "reservation: unreadable");
	is(mm_protect(mm, addr + 512 * GiB, 2 * PAGE_SIZE, RW), 0,
	   "reservation: part of it is made usable");
	is(cpu_write(mm, addr + 512 * GiB, 5), 0, "reservation: and used");
	is(mm->nr_vmas, 3, "reservation: in three areas");
	is(mm_unmap(mm, addr, 1024 * GiB), 0, "reservation: unmapped whole");
	is(mm->reserved + mm->resident + mm->nr_vmas, 0,
	   "reservation: nothing is left");
	end(mm, "reservation");
}

static void test_tables(void)
{
	struct mm *mm = begin();
	size_t empty = live_pages, one;

	map(mm, 0, 1, RW);
	cpu_write(mm, BASE, 1);
	one = live_pages;
	is(one, empty + 4, "tables: three for the first page");
	map(mm, 2, 1, RW);
	cpu_write(mm, BASE + 2 * PAGE_SIZE, 1);
	map(mm, 1000, 1, RW);
	cpu_write(mm, BASE + 1000 * PAGE_SIZE, 1);
	is(live_pages, one + 3, "tables: one more for another 2 MiB");
	mm_unmap(mm, BASE + PAGE_SIZE, 100 * PAGE_SIZE);
	is(live_pages, one + 2, "tables: a neighbour keeps them");
	mm_unmap(mm, BASE + 1000 * PAGE_SIZE, PAGE_SIZE);
	is(live_pages, one, "tables: the last in 2 MiB gives its one back");
	is(peek(mm, BASE), 1, "tables: the neighbour's are there");
	mm_unmap(mm, BASE, PAGE_SIZE);
	is(live_pages + live_objects, empty + 1, "tables: none is left");
	mm_mmap(mm, BASE, 1024 * GiB, RW, FIXED, NULL);
	cpu_write(mm, BASE, 1);
	cpu_write(mm, BASE + 700 * GiB, 1);
	cpu_write(mm, BASE + 1023 * GiB, 1);
	is(mm_unmap(mm, BASE, 1024 * GiB), 0, "tables: of a terabyte");
	is(live_pages, empty, "tables: none is left");
	map(mm, 0, 1, RW);
	is(cpu_write(mm, BASE, 2), 0, "tables: made again when needed");
	end(mm, "tables");
}

static void test_protection(void)
{
	static const struct {
		uint32_t prot;
		int read, write, exec;
	} want[] = {
		{ PROT_NONE, -EFAULT, -EFAULT, -EFAULT },
		{ PROT_READ, 0, -EFAULT, -EFAULT },
		{ PROT_WRITE, 0, 0, -EFAULT },
		{ PROT_EXEC, 0, -EFAULT, 0 },
		{ PROT_READ | PROT_EXEC, 0, -EFAULT, 0 },
		{ RW, 0, 0, -EFAULT },
		{ RW | PROT_EXEC, 0, 0, 0 },
	};
	struct mm *mm = begin();
	int read, write, exec;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(want); i++) {
		map(mm, 2 * i, 1, want[i].prot);
		read = write = exec = 0;
		cpu_access(mm, BASE + 2 * i * PAGE_SIZE, 0, &read);
		cpu_access(mm, BASE + 2 * i * PAGE_SIZE, FAULT_WRITE, &write);
		cpu_access(mm, BASE + 2 * i * PAGE_SIZE, FAULT_EXEC, &exec);
		ok(read == want[i].read && write == want[i].write &&
			   exec == want[i].exec,
		   "protection: PROT %u reads %d, writes %d, executes %d",
		   want[i].prot, read, write, exec);
	}
	end(mm, "protection");
}

static void test_backing(void)
{
	static uint8_t file[3 * 4096 + 100];
	struct vma_backing backing = { file, 0, sizeof(file), "/file" };
	struct mm *mm = begin();
	uint64_t value, want;
	size_t i;

	for (i = 0; i < sizeof(file); i++)
		file[i] = i * 7 + (i >> 8);
	is(mm_mmap(mm, BASE, 5 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_FIXED,
		   &backing),
	   BASE, "backing: a file is mapped");
	memcpy(&want, file + 8000, 8);
	ok(peek(mm, BASE + 8000) == want, "backing: its bytes appear");
	value = peek(mm, BASE + 3 * PAGE_SIZE + 96);
	ok((uint32_t)value == *(uint32_t *)(file + 3 * 4096 + 96) &&
		   value >> 32 == 0,
	   "backing: behind its end there are zeros");
	is(cpu_read(mm, BASE + 4 * PAGE_SIZE, &value), -ENXIO,
	   "backing: but no page wholly behind it");
	cpu_write(mm, BASE + 8000, 1);
	ok(!memcmp(&want, file + 8000, 8), "backing: writing is private");
	is(mm_madvise(mm, BASE, 5 * PAGE_SIZE, MADV_DONTNEED), 0,
	   "backing: dropped");
	ok(peek(mm, BASE + 8000) == want, "backing: the file is back");

	/* A segment whose file offset is no multiple of a page. */
	backing.offset = 5000;
	backing.len = 5000 + 4096 + 10;
	is(mm_map_fixed(mm, BASE + 16 * PAGE_SIZE, 3 * PAGE_SIZE, RW, 0,
			&backing, false),
	   0, "backing: any byte offset");
	memcpy(&want, file + 5008, 8);
	ok(peek(mm, BASE + 16 * PAGE_SIZE + 8) == want,
	   "backing: starts there");
	is(peek(mm, BASE + 17 * PAGE_SIZE + 16), 0, "backing: ends at len");
	mm_unmap(mm, BASE, PAGE_SIZE);
	memcpy(&want, file + 4096, 8);
	ok(peek(mm, BASE + PAGE_SIZE) == want,
	   "backing: the offset follows when the start is unmapped");
	end(mm, "backing");
}

static void test_shared_file(void)
{
	static uint8_t file[4096];
	struct vma_backing backing = { file, 0, sizeof(file), "/file" };
	struct mm *mm = begin();

	is(mm_mmap(mm, BASE, 4096, RW, MAP_SHARED | MAP_FIXED, &backing),
	   -EACCES, "shared: a file that cannot be written is not writable");
	is(mm_mmap(mm, BASE, 4096, PROT_READ, MAP_SHARED | MAP_FIXED, &backing),
	   BASE, "shared: readable it is");
	is(mm_protect(mm, BASE, 4096, RW), -EACCES,
	   "shared: and cannot be made writable");
	is(mm_protect(mm, BASE, 4096, PROT_NONE), 0, "shared: but less");
	is(mm_mmap(mm, 0, 4096, RW, MAP_SHARED | MAP_ANONYMOUS, NULL) > 0, 1,
	   "shared: anonymous memory is writable");
	is(mm_mmap(mm, 0, 4096, RW, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, NULL),
	   -EINVAL, "shared: MAP_SHARED_VALIDATE needs a file");
	end(mm, "shared");
}

static void test_mprotect(void)
{
	struct mm *mm = begin();

	map(mm, 0, 10, RW);
	cpu_write(mm, BASE + 4 * PAGE_SIZE, 44);
	cpu_write(mm, BASE + 5 * PAGE_SIZE, 55);
	is(mm_protect(mm, BASE + 4 * PAGE_SIZE, PAGE_SIZE, PROT_NONE), 0,
	   "mprotect: the middle");
	is(mm->nr_vmas, 3, "mprotect: makes three areas");
	ok(tlb_is_fresh(), "mprotect: the TLB forgot the page");
	is(cpu_write(mm, BASE + 4 * PAGE_SIZE, 1), -EFAULT,
	   "mprotect: no access");
	is(mm->resident, 2, "mprotect: the page is kept");
	is(mm_protect(mm, BASE + 4 * PAGE_SIZE, 1, PROT_READ), 0,
	   "mprotect: readable again, length rounded up");
	is(peek(mm, BASE + 4 * PAGE_SIZE), 44, "mprotect: contents stayed");
	is(cpu_write(mm, BASE + 4 * PAGE_SIZE, 1), -EFAULT,
	   "mprotect: still not writable");
	is(mm_protect(mm, BASE + 4 * PAGE_SIZE, PAGE_SIZE, RW), 0,
	   "mprotect: as it was");
	is(mm->nr_vmas, 1, "mprotect: the three areas are one again");
	is(cpu_write(mm, BASE + 4 * PAGE_SIZE, 45), 0, "mprotect: writable");

	mm_unmap(mm, BASE + 7 * PAGE_SIZE, PAGE_SIZE);
	is(mm_protect(mm, BASE + 5 * PAGE_SIZE, 5 * PAGE_SIZE, PROT_READ),
	   -ENOMEM, "mprotect: a hole is reported");
	is(cpu_write(mm, BASE + 5 * PAGE_SIZE, 1), -EFAULT,
	   "mprotect: below the hole it took effect");
	is(cpu_write(mm, BASE + 8 * PAGE_SIZE, 1), 0,
	   "mprotect: above it did not");
	is(mm_protect(mm, BASE + 1, 1, RW), -EINVAL, "mprotect: unaligned");
	is(mm_protect(mm, BASE, 0, RW), 0, "mprotect: no length, no error");
	is(mm_protect(mm, BASE, ~0UL - 4096, RW), -ENOMEM, "mprotect: wraps");
	is(mm_protect(mm, BASE, 1, 0x100), -EINVAL, "mprotect: unknown bits");
	end(mm, "mprotect");
}

static void test_munmap(void)
{
	struct mm *mm = begin();
	size_t before;
	int i;

	map(mm, 0, 10, RW);
	for (i = 0; i < 10; i++)
		cpu_write(mm, BASE + i * PAGE_SIZE, i);
	before = live_pages;
	is(mm_unmap(mm, BASE + 3 * PAGE_SIZE, 2 * PAGE_SIZE), 0,
	   "munmap: the middle");
	is(before - live_pages, 2, "munmap: frees its pages");
	is(mm->nr_vmas, 2, "munmap: leaves two areas");
	is(cpu_write(mm, BASE + 3 * PAGE_SIZE, 1), -EFAULT, "munmap: is gone");
	is(peek(mm, BASE + 5 * PAGE_SIZE), 5, "munmap: the rest stays");
	map(mm, 3, 2, RW);
	is(mm->nr_vmas, 1, "munmap: filling the hole joins the areas");
	is(peek(mm, BASE + 3 * PAGE_SIZE), 0, "munmap: with a new page");
	is(mm_unmap(mm, BASE + 64 * PAGE_SIZE, PAGE_SIZE), 0,
	   "munmap: nothing there is no error");
	is(mm_unmap(mm, BASE + 1, PAGE_SIZE), -EINVAL, "munmap: unaligned");
	is(mm_unmap(mm, BASE, 0), -EINVAL, "munmap: no length");
	is(mm_unmap(mm, BASE, USER_MAX), -EINVAL, "munmap: out of user space");
	is(mm_unmap(mm, USER_MAX + PAGE_SIZE, PAGE_SIZE), -EINVAL,
	   "munmap: above user space");
	is(mm_unmap(mm, 0, USER_MAX), 0, "munmap: everything");
	is(mm->nr_vmas + mm->resident, 0, "munmap: nothing is left");
	end(mm, "munmap");
}

static void test_stack(void)
{
	struct mm *mm = begin();
	uintptr_t at = TOP - 100 * PAGE_SIZE;

	map_stack(mm);
	is(cpu_write(mm, at, 1), 0, "stack: grows to where it is touched");
	is(mm->reserved, 100 * PAGE_SIZE, "stack: and all between is its own");
	is(mm->resident, 1, "stack: with no page but the one");
	is(cpu_write(mm, TOP - STACK_MAX, 1), 0, "stack: down to its limit");
	is(cpu_write(mm, TOP - STACK_MAX - 8, 1), -EFAULT, "stack: no further");
	mm_destroy(mm);

	mm = begin();
	map_stack(mm);
	mm_mmap(mm, at - 4 * PAGE_SIZE, PAGE_SIZE, RW, FIXED, NULL);
	is(cpu_write(mm, at, 1), -EFAULT, "stack: not near another mapping");
	is(cpu_write(mm, at + GUARD_GAP, 1), -EFAULT,
	   "stack: which is the guard gap");
	mm_protect(mm, at - 4 * PAGE_SIZE, PAGE_SIZE, PROT_NONE);
	is(cpu_write(mm, at, 1), 0, "stack: unless that has no access");
	end(mm, "stack");
}

static void test_reserve(void)
{
	struct mm *mm = begin();
	size_t left;

	mm_mmap(mm, BASE, FAKE_PAGES * PAGE_SIZE, RW, FIXED, NULL);
	is(mm_populate(mm, BASE, FAKE_PAGES * PAGE_SIZE), -ENOMEM,
	   "reserve: the application cannot have all pages");
	left = nr_free_pages();
	ok(left >= FAKE_PAGES / 64 - 4 && left < FAKE_PAGES / 32,
	   "reserve: %zu of %d are left to the kernel", left, FAKE_PAGES);
	end(mm, "reserve");
}

static void test_flush_cost(void)
{
	struct mm *mm = begin();
	size_t pages, loads;

	mm_mmap(mm, BASE, 200 * PAGE_SIZE, RW, FIXED | MAP_POPULATE, NULL);
	pages = nr_invlpg;
	loads = nr_cr3_loads;
	mm_protect(mm, BASE, 32 * PAGE_SIZE, PROT_READ);
	is(nr_invlpg - pages, 32, "flush: few pages go one by one");
	is(nr_cr3_loads, loads, "flush: without loading CR3");
	mm_protect(mm, BASE + 32 * PAGE_SIZE, 168 * PAGE_SIZE, PROT_READ);
	is(nr_cr3_loads - loads, 1, "flush: many go at once");
	pages = nr_invlpg;
	mm_mmap(mm, BASE + 300 * PAGE_SIZE, 16 * PAGE_SIZE, RW, FIXED, NULL);
	cpu_write(mm, BASE + 300 * PAGE_SIZE, 1);
	is(nr_invlpg - pages, 0, "flush: a new page needs none");
	end(mm, "flush");
}

static void test_map_count(void)
{
	struct mm *mm = begin();
	size_t n = 0;
	long err;

	do {
		err = mm_mmap(mm, BASE + n * PAGE_SIZE, PAGE_SIZE,
			      n & 1 ? PROT_READ : PROT_NONE, FIXED, NULL);
	} while (err > 0 && ++n < 70000);
	is(err, -ENOMEM, "map count: there is a limit");
	is(n, 65530, "map count: and it is Linux's");
	is(mm_unmap(mm, BASE, PAGE_SIZE), 0, "map count: unmapping works");
	is(mm_mmap(mm, BASE - 8 * PAGE_SIZE, 3 * PAGE_SIZE, RW, FIXED, NULL),
	   BASE - 8 * PAGE_SIZE, "map count: and makes room for one more");
	is(mm_unmap(mm, BASE - 7 * PAGE_SIZE, PAGE_SIZE), -ENOMEM,
	   "map count: unmapping must not split at the limit");
	is(mm_protect(mm, BASE - 7 * PAGE_SIZE, PAGE_SIZE, PROT_READ), -ENOMEM,
	   "map count: nor protecting");
	end(mm, "map count");
}

/* Every kind of call once; what each returns is looked at by the caller. */
static int script(struct mm *mm)
{
	static uint8_t file[2 * 4096];
	struct vma_backing backing = { file, 0, sizeof(file), "/file" };
	int short_of = 0;
	uint64_t value;
	long got[11];
	size_t i;

	got[0] = mm_mmap(mm, BASE, 40 * PAGE_SIZE, RW, FIXED, NULL);
	got[1] = cpu_write(mm, BASE, 1);
	got[2] = mm_mmap(mm, BASE + 4 * PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ,
			 MAP_PRIVATE | MAP_FIXED, &backing);
	got[3] = cpu_read(mm, BASE + 4 * PAGE_SIZE, &value);
	got[4] = mm_protect(mm, BASE + 10 * PAGE_SIZE, PAGE_SIZE, PROT_READ);
	got[5] = mm_unmap(mm, BASE + 20 * PAGE_SIZE, PAGE_SIZE);
	got[6] = cpu_write(mm, BASE + 30 * PAGE_SIZE, 1);
	got[7] = mm_mremap(mm, BASE + 30 * PAGE_SIZE, 2 * PAGE_SIZE,
			   4 * PAGE_SIZE, MREMAP_MAYMOVE, 0);
	got[8] = mm_mremap(mm, BASE, PAGE_SIZE, PAGE_SIZE,
			   MREMAP_MAYMOVE | MREMAP_FIXED, BASE + 2 * GiB);
	got[9] = mm_populate(mm, BASE + 32 * PAGE_SIZE, 3 * PAGE_SIZE);
	mm->brk_start = mm->brk = BASE + GiB;
	got[10] = mm_brk(mm, BASE + GiB + 5 * PAGE_SIZE) == BASE + GiB ?
			  -ENOMEM :
			  0;
	for (i = 0; i < ARRAY_SIZE(got); i++) {
		must_hold(mm_check(mm));
		short_of += got[i] == -ENOMEM;
	}
	return short_of;
}

static void test_short_of_memory(void)
{
	bool told = true, fresh = true;
	int failed = 1;
	struct mm *mm;
	long n;

	for (n = 0; failed; n++) {
		alloc_budget = n;
		failed = 1;
		mm = mm_create();
		if (mm) {
			mm_activate(mm);
			failed = script(mm);
			fresh &= tlb_is_fresh();
			mm_activate(NULL);
			mm_destroy(mm);
		}
		told &= failed || alloc_budget >= 0;
		if (live_pages + live_objects)
			break;
	}
	alloc_budget = -1;
	ok(told && fresh && n > 15,
	   "short of memory: each of %ld allocations failed in turn", n - 1);
	is(live_pages + live_objects, 0, "short of memory: nothing is lost");
}

/* One allocation fails, those behind it do not: nothing may be half done. */
static void test_failures_change_nothing(void)
{
	struct mm *mm = begin();
	size_t areas;

	map(mm, 0, 10, RW);
	cpu_write(mm, BASE + 5 * PAGE_SIZE, 55);
	areas = mm->nr_vmas;
	for (alloc_budget = 0; alloc_budget < 2; alloc_budget++) {
		long budget = alloc_budget;

		is(mm_mmap(mm, BASE + 5 * PAGE_SIZE, PAGE_SIZE, PROT_READ,
			   FIXED, NULL),
		   -ENOMEM, "short of memory: mmap over a page, %ld", budget);
		alloc_budget = budget;
		is(mm_protect(mm, BASE + 5 * PAGE_SIZE, PAGE_SIZE, PROT_READ),
		   -ENOMEM, "short of memory: mprotect, %ld", budget);
		alloc_budget = budget;
		is(mm_mremap(mm, BASE + 5 * PAGE_SIZE, PAGE_SIZE, PAGE_SIZE,
			     MREMAP_MAYMOVE | MREMAP_FIXED, BASE + GiB),
		   -ENOMEM, "short of memory: mremap, %ld", budget);
		alloc_budget = budget;
		is(mm->nr_vmas, areas, "short of memory: areas as before");
		is(peek(mm, BASE + 5 * PAGE_SIZE), 55,
		   "short of memory: contents as before");
		must_hold(mm_check(mm));
	}
	alloc_budget = -1;
	end(mm, "failures");
}

int main(void)
{
	fake_ram_init();
	test_short_of_memory();
	test_failures_change_nothing();
	test_demand_zero();
	test_kernel_page();
	test_reservation();
	test_tables();
	test_protection();
	test_backing();
	test_shared_file();
	test_mprotect();
	test_munmap();
	test_stack();
	test_reserve();
	test_flush_cost();
	test_map_count();
	return done_testing();
}
