/* SPDX-License-Identifier: MIT */
/*
 * What the tests of address spaces begin and end with. Included once in a
 * program, by the test itself.
 */
#ifndef TESTS_UNIT_LIB_ADDRESS_SPACE_H
#define TESTS_UNIT_LIB_ADDRESS_SPACE_H

#include <linux/mman.h>

#include "kernel/mm/mmap.h"
#include "kernel/mm/vma.h"
#include "lib/check.h"
#include "lib/fake_mmu.h"
#include "lib/tap.h"

#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define FIXED (ANON | MAP_FIXED)
#define BASE 0x10000000UL
#define TOP 0x7ffffffff000UL
#define STACK_MAX (8 * MiB)
#define GUARD_GAP (MiB)

static inline struct mm *begin(void)
{
	struct mm *mm = mm_create();

	mm_activate(mm);
	return mm;
}

/* Everything must be consistent before, and back afterwards. */
static inline void end(struct mm *mm, const char *what)
{
	must_hold(mm_check(mm));
	ok(tlb_is_fresh(), "%s: the TLB knows nothing stale", what);
	mm_activate(NULL);
	mm_destroy(mm);
	is(live_pages + live_objects, 0, "%s: all memory is back", what);
}

static inline void map(struct mm *mm, size_t page, size_t n, uint32_t prot)
{
	mm_mmap(mm, BASE + page * PAGE_SIZE, n * PAGE_SIZE, prot, FIXED, NULL);
}

static inline uint64_t peek(struct mm *mm, uintptr_t va)
{
	uint64_t value = ~0ULL;

	cpu_read(mm, va, &value);
	return value;
}

/* TOP is the stack's end; it may grow to STACK_MAX below. */
static inline void map_stack(struct mm *mm)
{
	mm->stack_limit = TOP - STACK_MAX;
	mm->stack_max = STACK_MAX;
	mm_map_fixed(mm, TOP - 2 * PAGE_SIZE, 2 * PAGE_SIZE, RW, VMA_STACK,
		     NULL, false);
}

#endif /* TESTS_UNIT_LIB_ADDRESS_SPACE_H */
